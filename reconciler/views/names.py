"""How a person is written: a Host ID, with the name only where names were asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from reconciler import pseudonyms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOBODY: Mapping[str, str] = {}


_WORD = re.compile(r"[^\s,;]+")


def names_of(people: pl.DataFrame, *, show_names: bool) -> Mapping[str, str]:
    """Host ID -> name from PLAN_PEOPLE; nobody at all where names are not to be shown."""
    if not show_names:
        return NOBODY
    name = pl.concat_str("first_name", "last_name", separator=" ").str.strip_chars()
    return dict(people.select("host_id", name).iter_rows())


def without_addresses(text: str, names: Mapping[str, str]) -> str:
    """The text, its e-mail addresses left out where names are: Host IDs of accounts of old may be some."""
    return pseudonyms.without_addresses(text) if names is NOBODY else text


def who(host_id: str, names: Mapping[str, str]) -> str:
    """`S12`, or `S12 Ada Byron` where her name is at hand."""
    return f"{host_id} {names[host_id]}" if names.get(host_id) else without_addresses(host_id, names)


def tell(host_id: str, detail: str, others: Sequence[str], names: Mapping[str, str]) -> str:
    """What a finding about `host_id` says, and those it clashes with where it does not name them itself."""
    about = {host_id, *others}
    told = {host_id, *_WORD.findall(detail)}
    rest = ", ".join(who(other, names) for other in others if other not in told)
    if names:
        # A number may be a year or a count: it is somebody's Host ID only where the finding says so.
        detail = _WORD.sub(
            lambda word: word[0] if word[0].isdecimal() and word[0] not in about else who(word[0], names),
            detail,
        )
    detail = without_addresses(detail, names)
    return "; ".join(filter(None, (detail, rest and f"with {rest}")))
