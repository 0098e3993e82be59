"""The directory as the SIS has it, group kind by group kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.desired.campuses import at_each_campus, campus_of_key
from reconciler.desired.custom import class_members, division_members, listed_members
from reconciler.desired.names import name_groups, refuse_namesakes
from reconciler.frames import (
    FINDINGS,
    GROUPS,
    REASONED_MEMBERSHIPS,
    RELATIONSHIPS,
    USERS,
    check,
    empty,
    one_row_each,
    stack,
)
from reconciler.keys import first_of_each, is_repeated, pairs
from reconciler.model import Desired, Directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model import Roster, School, Tables

KINDS = {
    "grade": "grade",
    "grad_year": "grad_year",
    "faculty": "faculty",
    "classes": "class",
    "divisions": "division",
    "membership_list": "list",
}
"""Entry of `groups.mapping` -> the kind with which its keys begin."""


def build_desired(roster: Roster, tables: Tables, school: School) -> Desired:
    """What the directory would hold if the SIS alone decided.

    Raises:
        InputError: a group template fails, or names two groups alike; a membership list is wrong.
    """
    groups, members, declared, found = [], [], [], []
    for entry in school.groups.mapping:
        joined, known, findings_of_kind = _MEMBERS[entry](roster, tables, school)
        named = name_groups(joined, entry, KINDS[entry], school)
        direct = joined.select("host_id", "reason", group_key="key")
        groups.append(named)
        members.append(direct)
        if entry in school.groups.parents_follow:
            members.append(_follow_children(direct, roster))
        declared.append(known)
        found.append(findings_of_kind)
    everything = stack(groups, GROUPS)
    refuse_namesakes(everything, school)
    memberships = stack(members, REASONED_MEMBERSHIPS)
    if school.one_id_space or roster.merged.height:  # a teacher may have a child in the class
        memberships = first_of_each(memberships, _SEAT)
    people = roster.people.with_columns(active=pl.lit(value=True))
    return Desired(
        directory=Directory(
            users=check(one_row_each(people), USERS),
            groups=everything,
            memberships=memberships,
            relationships=check(roster.relationships, RELATIONSHIPS),
        ),
        declared=pl.concat([pl.DataFrame(schema={"key": pl.String}), *declared]).unique(),
        findings=stack(found, FINDINGS),
    )


_SEAT = ["group_key", "host_id"]
_NO_KEYS = pl.DataFrame(schema={"key": pl.String})


def _grade_members(roster: Roster, _tables: Tables, school: School) -> _Members:
    labels = {str(level.number): level.label for level in school.grades.levels}
    students = at_each_campus(
        roster.people.filter((pl.col("member_type") == "student") & (pl.col("grade") != "")), school
    )
    return (
        students.select(
            "host_id",
            "grade",
            "school_id",
            key=pl.lit("grade:") + pl.col("grade") + campus_of_key(),
            label=pl.col("grade").replace_strict(labels, default=pl.col("grade"), return_dtype=pl.String),
            reason=pl.lit("their grade"),
        ),
        _NO_KEYS,
        empty(FINDINGS),
    )


def _grad_year_members(roster: Roster, _tables: Tables, school: School) -> _Members:
    students = at_each_campus(
        roster.people.filter((pl.col("member_type") == "student") & (pl.col("grad_year") != "")), school
    )
    return (
        students.select(
            "host_id",
            "grad_year",
            "school_id",
            key=pl.lit("grad_year:") + pl.col("grad_year") + campus_of_key(),
            reason=pl.lit("their graduation year"),
        ),
        _NO_KEYS,
        empty(FINDINGS),
    )


def _faculty_members(roster: Roster, _tables: Tables, school: School) -> _Members:
    staff = at_each_campus(roster.people.filter(pl.col("member_type") == "staff"), school)
    return (
        staff.select(
            "host_id", "school_id", key=pl.lit("faculty") + campus_of_key(), reason=pl.lit("member of staff")
        ),
        _NO_KEYS,
        empty(FINDINGS),
    )


def _follow_children(direct: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Parents join the groups of their children; where several bring them there, the first by Host ID."""
    found = pairs(direct.select("host_id"), roster.relationships.select("student_host_id"))
    seats = pl.DataFrame(
        {
            "group_key": direct["group_key"][found["left"]],
            "host_id": roster.relationships["parent_host_id"][found["right"]],
            "child": direct["host_id"][found["left"]],
        }
    )
    several = is_repeated(seats.select(_SEAT))
    first = seats.filter(several).sort(*_SEAT, "child").unique(_SEAT, keep="first", maintain_order=True)
    every = pl.concat([seats.filter(~several), first])
    return every.select(*_SEAT, reason=pl.lit("parent of ") + pl.col("child"))


_Members = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
"""`host_id, key, reason` and what the template needs, nobody twice with a key; declared keys; FINDINGS."""

_MEMBERS: dict[str, Callable[[Roster, Tables, School], _Members]] = {
    "grade": _grade_members,
    "grad_year": _grad_year_members,
    "faculty": _faculty_members,
    "classes": class_members,
    "divisions": division_members,
    "membership_list": listed_members,
}
