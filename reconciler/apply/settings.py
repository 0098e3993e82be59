"""How a school's effective settings differ from those that a plan was made under, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 5
"""How many differences are named one by one."""


def describe_differences(planned: Mapping[str, Any], present: Mapping[str, Any]) -> str:
    """`groups.names: keep -> enforce, leavers: not set -> keep`, by their places; '' for none."""
    changes = [f"{place}: {before} -> {after}" for place, before, after in list_differences(planned, present)]
    more = len(changes) - MOST
    return ", ".join(changes[:MOST]) + (f" and {more} more" if more > 0 else "")


def list_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """`place, value in one, value in the other`, by place; a side that has nothing there says `not set`."""
    if one == other or _plain(one) == _plain(other):
        return []
    from deepdiff import DeepDiff  # noqa: PLC0415 - up to a second, and rarely wanted

    # A plan on disk has been through JSON, where a tuple is a list.
    tree = DeepDiff(_plain(one), _plain(other), view="tree", verbose_level=2)
    return sorted(
        (_place(item.path(output_format="list")), _value(item.t1), _value(item.t2))
        for items in tree.values()
        for item in items
    )


def _plain(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return json.loads(json.dumps(settings, default=list))


def _place(path: list[str | int]) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return place.removeprefix(".")


def _value(value: object) -> str:
    if type(value).__name__ == "NotPresent":  # deepdiff's word for a side that has nothing there
        return "not set"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
