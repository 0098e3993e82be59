"""A part of a plan brings what it needs, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.changes import names_in, take_part
from tests.support.looks import memberships, relationships, users
from tests.support.plans import group, make_plan, membership, relationship, user

if TYPE_CHECKING:
    from reconciler.model import Plan

WHOLE = make_plan(
    users=[
        user(1, "create", "S1"),
        user(2, "create", "S2"),
        user(3, "create", "P1"),
        user(4, "create", "P2"),
        user(5, "update", "T1"),
    ],
    groups=[group(6, "create", "Grade 1"), group(7, "create", "Grade 2")],
    memberships=[
        membership(8, "add", "S1", "Grade 1"),
        membership(9, "add", "P1", "Grade 1"),
        membership(10, "add", "P1", "Grade 2"),
        membership(11, "add", "S2", "Grade 2"),
        membership(12, "remove", "T1", "Grade 2"),
    ],
    relationships=[relationship(13, "add", "S1", "P1"), relationship(14, "add", "S2", "P2")],
)


def part(*names: str, plan: Plan = WHOLE) -> Plan:
    from dataclasses import replace  # noqa: PLC0415

    return replace(plan, changes=take_part(plan.changes, names))


def groups(plan: Plan) -> list[str]:
    return plan.changes.groups["group_key"].to_list()


def test_a_student_brings_parents_relationships_and_groups() -> None:
    found = part("S1")
    assert users(found) == [("create", "S1"), ("create", "P1")]
    assert memberships(found) == [
        ("add", "grade:1", "S1"),
        ("add", "grade:1", "P1"),
        ("add", "grade:2", "P1"),
    ]
    assert relationships(found) == [("add", "S1", "P1")]
    assert groups(found) == ["grade:1", "grade:2"]


def test_a_parent_brings_the_student_of_a_relationship_but_not_their_groups() -> None:
    found = part("P2")
    assert users(found) == [("create", "S2"), ("create", "P2")]
    assert (memberships(found), groups(found)) == ([], [])
    assert relationships(found) == [("add", "S2", "P2")]


@pytest.mark.parametrize("name", ["grade:2", "Academics/Grade 2"])
def test_a_group_brings_its_members_as_users(name: str) -> None:
    found = part(name)
    assert groups(found) == ["grade:2"]
    assert memberships(found) == [
        ("add", "grade:2", "P1"),
        ("add", "grade:2", "S2"),
        ("remove", "grade:2", "T1"),
    ]
    assert users(found) == [("create", "S2"), ("create", "P1"), ("update", "T1")]
    assert relationships(found) == []


def test_several_names_bring_each_its_own() -> None:
    assert len(part("T1", "S2").changes) == len(part("S2").changes) + 2


def test_whoever_takes_something_over_brings_the_one_who_gives_it_up() -> None:
    plan = make_plan(
        users=[
            user(1, "update", "S1", before_email="a@example.org", after_email="b@example.org", step=3),
            user(2, "update", "S2", before_email="b@example.org", after_email="c@example.org", step=2),
            user(
                3,
                "rekey",
                "S4",
                before_host_id="S3",
                fields="host_id email",
                before_email="C@example.org",
                after_email="",
            ),
            user(4, "create", "S9"),
        ]
    )
    assert users(part("S1", plan=plan)) == [("update", "S1"), ("update", "S2"), ("rekey", "S4")]
    assert users(part("S3", plan=plan)) == [("rekey", "S4")]


def test_a_part_can_be_asked_for_by_whatever_the_plan_names() -> None:
    assert names_in(WHOLE.changes).to_list() == [
        *("Academics/Grade 1", "Academics/Grade 2", "P1", "P2", "S1", "S2", "T1", "grade:1", "grade:2"),
    ]
