"""Who a row is: ids, prefixes, and rows that say the same or not."""

from __future__ import annotations

import pytest

from reconciler.frames import SEVERAL_SCHOOLS
from reconciler.roster import build_roster
from tests.support.looks import detail, found
from tests.support.schools import contact, make_school, make_tables, parent, staff, student


def host_ids(roster):
    return sorted(roster.people["host_id"])


def test_prefixes_keep_equal_ids_apart():
    tables = make_tables(
        students=[student("7")], staff=[staff("7")], parents=[parent("7")], contacts=[contact("7", "7")]
    )
    assert host_ids(build_roster(tables, make_school())) == ["P7", "S7", "T7"]


@pytest.mark.parametrize(("raw", "host_id"), [("7.0", "S7"), ("007", "S007"), ("7.00", "S7")])
def test_a_spreadsheets_decimals_are_undone(raw, host_id):
    roster = build_roster(make_tables(students=[student(raw)]), make_school())
    assert host_ids(roster) == [host_id]


@pytest.mark.parametrize("raw", ["1E5", "1.23E+05", "7a", "7.5", "-7"])
def test_what_does_not_look_like_an_id_is_left_out(raw):
    roster = build_roster(make_tables(students=[student(raw), student("2")]), make_school())
    assert host_ids(roster) == ["S2"]
    assert found(roster.findings, "bad-id") == [("bad-id", "")]


def test_a_row_without_an_id_is_left_out_and_its_name_remembered():
    roster = build_roster(
        make_tables(students=[student("", first_name=" Una ", last_name="OSPREY")]), make_school()
    )
    finding = roster.findings.filter(roster.findings["code"] == "missing-id").row(0, named=True)
    assert (finding["level"], finding["file"], finding["line"]) == ("blocked", "students.csv", 2)
    assert roster.unidentified.rows() == [("student", "una", "osprey")]


def test_identical_rows_collapse():
    roster = build_roster(make_tables(students=[student("1"), student("1")]), make_school())
    assert host_ids(roster) == ["S1"]
    assert roster.rows.select("outcome", "reason", "rows").rows() == [
        ("left-out", "repeated row", 1),
        ("person", "", 1),
    ]


def test_differing_rows_of_one_id_block_all_of_them():
    tables = make_tables(students=[student("1"), student("1", last_name="Other"), student("2")])
    roster = build_roster(tables, make_school())
    assert host_ids(roster) == ["S2"]
    assert found(roster.findings, "duplicate-id") == [("duplicate-id", "S1")] * 2
    assert roster.held.rows() == [("S1", "account", "duplicate-id")]


def test_a_row_that_is_not_enrolled_does_not_make_a_duplicate():
    tables = make_tables(students=[student("1"), student("1", status="3", last_name="Older")])
    roster = build_roster(tables, make_school())
    assert host_ids(roster) == ["S1"]
    assert found(roster.findings) == []


def test_a_teacher_at_several_schools_is_one_person():
    tables = make_tables(
        staff=[staff("1", school_id="10"), staff("1", school_id="20"), staff("1", school_id="30", status="2")]
    )
    roster = build_roster(tables, make_school())
    assert roster.people.select("host_id", "school_id").rows() == [("T1", f"10{SEVERAL_SCHOOLS}20")]


def test_one_host_id_for_two_member_types_blocks_both_and_says_what_would_help():
    school = make_school({"members": {"staff": {"prefix": "S"}}})
    roster = build_roster(make_tables(students=[student("1")], staff=[staff("1")]), school)
    assert roster.people.select("host_id", "member_type", "blocked").rows() == [
        ("S1", "student", "id-collision"),
        ("S1", "staff", "id-collision"),
    ]
    details = sorted(roster.findings.filter(roster.findings["code"] == "id-collision")["detail"])
    assert details == [
        (
            "the staff has the same Host ID as the student S1 (students.csv:2); a prefix under"
            " members.staff.prefix would tell them apart"
        ),
        (
            "the student has the same Host ID as the staff S1 (staff.csv:2); a prefix under"
            " members.student.prefix would tell them apart"
        ),
    ]


def test_rows_of_one_contact_complete_each_other_where_the_table_is_sparse():
    school = make_school(
        {"tables": {"parents": {"sparse": True, "filters": {"is_active": {"required": True, "known": "0"}}}}}
    )
    full = parent("1", is_active="1")
    bare = {"id": "1", "first_name": "Rosa", "last_name": "Plover1"}
    tables = make_tables(students=[student("1")], parents=[full, bare, bare], contacts=[contact("1", "1")])
    roster = build_roster(tables, school)
    assert host_ids(roster) == ["P1", "S1"]
    parents = roster.rows.filter(roster.rows["member_type"] == "parent")
    assert parents.select("outcome", "reason", "rows").rows() == [
        ("left-out", "repeated row", 2),
        ("person", "", 1),
    ]


def test_rows_of_one_contact_that_contradict_each_other_are_duplicates():
    school = make_school({"tables": {"parents": {"sparse": True}}})
    tables = make_tables(
        students=[student("1")],
        parents=[parent("1"), parent("1", first_name="Vera")],
        contacts=[contact("1", "1")],
    )
    assert found(build_roster(tables, school).findings, "duplicate-id") == [("duplicate-id", "P1")] * 2


def test_a_missing_name_blocks():
    tables = make_tables(students=[student("1", first_name=""), student("2")])
    roster = build_roster(tables, make_school())
    assert roster.people.select("host_id", "blocked").rows() == [("S1", "missing-name"), ("S2", "")]
    assert detail(roster.findings, "missing-name") == "the first name is missing"
