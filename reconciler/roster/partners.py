"""Members of staff and parents who are one person with somebody on the exclude list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import folded
from reconciler.keys import listed, one_of
from reconciler.roster.emails import EMAIL_KEYS, assign_emails
from reconciler.roster.merge import pair_staff_parents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import School, Tables

ONE_PERSON = {"host_id": pl.String, "named": pl.Boolean, "others": pl.String}
"""Somebody kept out by several Host IDs: whether the list names this one, and the others, by spaces."""
_SIDES = ("staff", "parent")
_TELLING = ["host_id", "member_type", "first_name", "last_name", "email", "file", "line"]


def find_partners(
    excluded: pl.Series, rows: Mapping[str, pl.DataFrame], tables: Tables, school: School
) -> pl.DataFrame:
    """ONE_PERSON: who is excluded as staff and as a parent, where the list names one of the two.

    Pairs are found as for a merge, before the list takes one side away. A pair need not be certain: a doubt
    must not let in somebody whom the school keeps out.
    """
    pairs = pair_staff_parents(_namesakes(excluded, rows, tables, school), tables, school)
    partners: dict[str, set[str]] = {}
    for staff, parent in pairs.rows():
        partners.setdefault(staff, set()).add(parent)
        partners.setdefault(parent, set()).add(staff)
    found: dict[str, tuple[bool, str]] = {}
    for host_id in excluded.filter(excluded.is_in(list(partners))).sort():
        person = _reached(host_id, partners)
        found |= {one: (one in excluded, " ".join(sorted(person - {one}))) for one in person}
    several = [(one, named, others) for one, (named, others) in sorted(found.items()) if others]
    return pl.DataFrame(several, schema=ONE_PERSON, orient="row")


def _namesakes(
    excluded: pl.Series, rows: Mapping[str, pl.DataFrame], tables: Tables, school: School
) -> pl.DataFrame:
    """Staff and parents with the name of somebody excluded; also those who are gone, and have an account.

    Rows of one Host ID that differ tell of nobody, unless the list names them.
    """
    either = [
        some.lazy()
        .filter(pl.col("host_id") != "", (pl.col("state") != "duplicate") | one_of("host_id", excluded))
        .select(*_TELLING, EMAIL_KEYS[member], unreadable=pl.lit(""))
        .with_columns(name=pl.concat_str(folded("first_name"), folded("last_name"), separator="\n"))
        for member, some in rows.items()
        if member in _SIDES
    ]
    people = pl.concat(either).collect(engine="in-memory")
    names = people.filter(one_of("host_id", excluded))["name"].unique()
    people, _ = assign_emails(people.filter(pl.col("name").is_in(listed(names))), tables, school)
    return people.with_columns(mail=pl.col("email").str.to_lowercase())


def _reached(host_id: str, partners: Mapping[str, set[str]]) -> set[str]:
    """All that a Host ID is tied to, from pair to pair."""
    person, new = {host_id}, {host_id}
    while new:
        new = {one for each in new for one in partners[each]} - person
        person |= new
    return person
