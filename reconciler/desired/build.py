"""The directory as the SIS has it, group kind by group kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import framed, where, with_values
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
        direct = framed(group_key=joined["key"], host_id=joined["host_id"], reason=joined["reason"])
        groups.append(named)
        members.append(direct)
        if entry in school.groups.parents_follow:
            members.append(_follow_children(direct, roster))
        declared += [known] if known.height else []
        found.append(findings_of_kind)
    everything = stack(groups, GROUPS)
    refuse_namesakes(everything, school)
    memberships = stack(members, REASONED_MEMBERSHIPS)
    if school.one_id_space or roster.merged.height:  # a teacher may have a child in the class
        memberships = first_of_each(memberships, _SEAT)
    users = with_values(one_row_each(roster.people), active=True)
    return Desired(
        directory=Directory(
            users=check(users, USERS),
            groups=everything,
            memberships=memberships,
            relationships=check(roster.relationships, RELATIONSHIPS),
        ),
        declared=pl.concat(declared).unique() if declared else _NO_KEYS,
        findings=stack(found, FINDINGS),
    )


_SEAT = ["group_key", "host_id"]
_NO_KEYS = pl.DataFrame(schema={"key": pl.String})
_BY_GRADE = [
    pl.col("host_id", "grade", "school_id"),
    (pl.lit("grade:") + pl.col("grade") + campus_of_key()).alias("key"),
    pl.lit("their grade").alias("reason"),
]
_BY_GRAD_YEAR = [
    pl.col("host_id", "grad_year", "school_id"),
    (pl.lit("grad_year:") + pl.col("grad_year") + campus_of_key()).alias("key"),
    pl.lit("their graduation year").alias("reason"),
]
_STAFF = [
    pl.col("host_id", "school_id"),
    (pl.lit("faculty") + campus_of_key()).alias("key"),
    pl.lit("member of staff").alias("reason"),
]
_OF_A_CHILD = [pl.col(*_SEAT), (pl.lit("parent of ") + pl.col("child")).alias("reason")]


def _grade_members(roster: Roster, _tables: Tables, school: School) -> _Members:
    return _students_with("grade", roster, school).select(_BY_GRADE), _NO_KEYS, empty(FINDINGS)


def _grad_year_members(roster: Roster, _tables: Tables, school: School) -> _Members:
    return _students_with("grad_year", roster, school).select(_BY_GRAD_YEAR), _NO_KEYS, empty(FINDINGS)


def _students_with(field: str, roster: Roster, school: School) -> pl.DataFrame:
    """`host_id, school_id` and the field of the students who have it, once for each campus."""
    people = roster.people[["host_id", "school_id", field]]
    mask = (roster.people["member_type"] == "student") & (people[field] != "")
    return at_each_campus(where(people, mask), school)


def _faculty_members(roster: Roster, _tables: Tables, school: School) -> _Members:
    people = roster.people[["host_id", "school_id"]]
    staff = at_each_campus(where(people, roster.people["member_type"] == "staff"), school)
    return staff.select(_STAFF), _NO_KEYS, empty(FINDINGS)


def _follow_children(direct: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Parents join the groups of their children; where several bring them there, the first by Host ID."""
    found = pairs(direct[["host_id"]], roster.relationships[["student_host_id"]])
    seats = framed(
        group_key=direct["group_key"][found["left"]],
        host_id=roster.relationships["parent_host_id"][found["right"]],
        child=direct["host_id"][found["left"]],
    )
    several = is_repeated(seats[_SEAT])
    if several.any():
        first = where(seats, several).group_by(_SEAT, maintain_order=True).agg(pl.col("child").min())
        seats = pl.concat([where(seats, ~several), first])
    return seats.select(_OF_A_CHILD)


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
