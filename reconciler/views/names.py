"""How a person is written: a Host ID, with the name only where names were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

NOBODY: Mapping[str, str] = {}


def names_of(people: pl.DataFrame, *, show_names: bool) -> Mapping[str, str]:
    """Host ID -> name from PLAN_PEOPLE; nobody at all where names are not to be shown."""
    if not show_names:
        return NOBODY
    name = pl.concat_str("first_name", "last_name", separator=" ").str.strip_chars()
    return dict(people.select("host_id", name).iter_rows())


def who(host_id: str, names: Mapping[str, str]) -> str:
    """`S12`, or `S12 Ada Byron` where her name is at hand."""
    return f"{host_id} {names[host_id]}" if names.get(host_id) else host_id
