"""Odd people and directories that a plan in sets must treat as a plan person by person would."""

from __future__ import annotations

import polars as pl
import pytest

from reconciler.frames import CURRENT_USERS
from reconciler.model import Capabilities, Directory, DirectoryInfo, TargetSettings
from reconciler.roster import build_roster
from reconciler.targets import EmbeddedDirectory
from tests.support.looks import found
from tests.support.schools import (
    contact,
    email,
    empty_directory,
    make_school,
    make_tables,
    parent,
    plan_for,
    staff,
    student,
)

ONE_ID_SPACE = ("veracross", "vidigami-v3")


@pytest.mark.parametrize(("first", "last"), [("", "Roe"), ("Ann", "")])
def test_one_id_is_one_person_also_where_a_name_is_missing_on_both_sides(first, last):
    one = {"id": "5", "first_name": first, "last_name": last}
    tables = make_tables(
        students=[student("1", status="enrolled")],
        staff=[{**one, "email": "t@example.org"}],
        parents=[{**one, "email": "p@example.org"}],
        contacts=[{"student_id": "1", "parent_id": "5", "relationship": "mother", "is_custodial": "1"}],
    )
    roster = build_roster(tables, make_school({}, ONE_ID_SPACE))
    assert roster.merged.rows() == [("5", "5")]
    assert found(roster.findings, "id-collision", "missing-name") == [("missing-name", "5")]


def test_a_link_kept_out_is_told_also_where_the_student_has_left():
    tables = make_tables(
        students=[student("1"), student("2", status="2")],
        staff=[staff("7", first_name="Rosa", last_name="Plover1", email="rosa@example.org")],
        parents=[parent("1")],
        contacts=[contact("1", "1"), contact("2", "1")],
        emails=[email("1", "rosa@example.org")],
        exclude=[{"host_id": "S2", "parent_host_id": "T7", "reason": "court order"}],
    )
    roster = build_roster(tables, make_school({"exclude": {"file": "exclude.csv"}}))
    assert found(roster.findings, "excluded") == [("excluded", "S2")]
    assert roster.relationships.select("student_host_id", "parent_host_id").rows() == [("S1", "T7")]


def test_new_people_are_counted_by_their_type_also_where_the_directory_holds_none():
    tables = make_tables(
        students=[student("1")],
        staff=[staff("1")],
        parents=[parent("1")],
        contacts=[contact("1", "1")],
        emails=[email("1")],
    )
    can = Capabilities(fields=Capabilities().fields - {"member_type"})
    rows = plan_for(make_school(), tables, can=can).header.figures.rows
    assert [(row["member_type"], row["outcome"], row["rows"]) for row in rows] == [
        ("parent", "created", 1),
        ("staff", "created", 1),
        ("student", "created", 1),
    ]


class TwoAccounts(EmbeddedDirectory):
    """A directory with two accounts under one Host ID, the first of which is as the SIS has it."""

    def snapshot(self) -> tuple[DirectoryInfo, Directory]:
        same = {
            "host_id": "S1",
            "member_type": "student",
            "first_name": "Una",
            "last_name": "Osprey1",
            "preferred_name": "",
            "email": "student1@example.org",
            "grad_year": "2033",
            "active": True,
            "target_id": "1",
            "status": "activated",
            "role": "",
            "opt_out": False,
            "origin": "sync",
            "deactivated_by": "",
        }
        other = {**same, "target_id": "2", "first_name": "Uma", "email": ""}
        bare = empty_directory()
        users = pl.DataFrame([same, other], schema=CURRENT_USERS)
        return DirectoryInfo("dir-1", "2025-26"), Directory(
            users, bare.groups, bare.memberships, bare.relationships
        )


def test_nobody_who_is_at_the_school_leaves_because_their_host_id_stands_twice():
    plan = plan_for(
        make_school(),
        make_tables(students=[student("1")]),
        TwoAccounts(TargetSettings("embedded", "nowhere.db")),
    )
    assert plan.changes.users.filter(action="deactivate").is_empty()
