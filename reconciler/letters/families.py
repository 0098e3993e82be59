"""Findings of shared e-mails -> the families that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import Family, FamilyMember

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_ORDER = {"parent": 0, "staff": 1, "student": 2}


def families(findings: pl.DataFrame, people: pl.DataFrame, relationships: pl.DataFrame) -> tuple[Family, ...]:
    """Everybody with a finding `shared-email`, those who share one address together, in the order of names.

    FINDINGS; `people` with `host_id, member_type, first_name, last_name, email`; `relationships` with
    `student_host_id, parent_host_id`, as far as they are known.
    """
    shared = findings.filter(code="shared-email")
    known = {row["host_id"]: row for row in people.iter_rows(named=True)}
    children = _children(relationships, known)
    groups = _together({row["host_id"]: row["others"].split() for row in shared.iter_rows(named=True)})
    told = [
        (
            min(str(known[one]["email"]) for one in group if one in known),
            sorted(
                (
                    FamilyMember(
                        host_id=one,
                        member_type=str(known[one]["member_type"]),
                        first_name=str(known[one]["first_name"]),
                        last_name=str(known[one]["last_name"]),
                        children=children.get(one, ()),
                    )
                    for one in group
                    if one in known
                ),
                key=lambda person: (_ORDER.get(person.member_type, 3), person.last_name, person.host_id),
            ),
        )
        for group in groups
        if any(one in known for one in group)
    ]
    told.sort(key=lambda family: (family[1][0].last_name, family[1][0].host_id))
    return tuple(
        Family(number, email, tuple(members)) for number, (email, members) in enumerate(told, start=1)
    )


def _children(
    relationships: pl.DataFrame, known: Mapping[str, Mapping[str, object]]
) -> dict[str, tuple[str, ...]]:
    """Parent -> the names of their children."""
    found: dict[str, list[str]] = {}
    pairs = relationships.select("student_host_id", "parent_host_id").sort("student_host_id")
    for student, parent in pairs.iter_rows():
        if student in known:
            name = f"{known[student]['first_name']} {known[student]['last_name']}".strip()
            found.setdefault(parent, []).append(name)
    return {parent: tuple(dict.fromkeys(names)) for parent, names in found.items()}


def _together(others: Mapping[str, list[str]]) -> list[list[str]]:
    """Host IDs in groups: whoever shares with somebody is in their group."""
    group_of: dict[str, set[str]] = {}
    for one, clashing in others.items():
        members = {one, *clashing}
        if members <= group_of.get(one, set()):
            continue  # as nearly all of a thousand who share one address are: else it takes their cube
        merged = members.union(*{id(group): group for group in map(group_of.get, members) if group}.values())
        for member in merged:
            group_of[member] = merged
    unique = {id(group): group for group in group_of.values()}
    return sorted(map(sorted, unique.values()))
