"""Who a membership list, or a section, means where ids alone do not tell."""

from __future__ import annotations

import pytest

from tests.desired.test_groups import LIST, desire, listed, members
from tests.support.schools import contact, email, make_school, make_tables, parent, staff, student

PLAIN = {"members": {member: {"prefix": ""} for member in ("student", "staff", "parent")}}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"member_id": "1"}, ["1"]),
        ({"member_id": "5.0"}, ["5"]),
        ({"member_id": "5", "member_type": "staff"}, ["5"]),
        ({"member_id": "5", "member_type": "student"}, []),
        ({"member_id": "5", "member_type": "alumni"}, []),
    ],
)
def test_in_one_id_space_a_raw_id_needs_no_member_type_but_one_that_is_said_counts(row, expected):
    desired = desire(listed(row), make_school({**LIST, **PLAIN}))
    assert [host_id for _, host_id, _ in members(desired)] == expected
    codes = [] if expected else ["unknown-member"]
    assert desired.findings["code"].to_list() == codes


@pytest.mark.parametrize("row", [{"host_id": "P1"}, {"member_id": "1", "member_type": "parent"}])
def test_a_list_that_names_a_merged_parent_means_the_staff_account(row):
    tables = make_tables(
        students=[student("1")],
        staff=[staff("5")],
        parents=[parent("1")],
        contacts=[contact("1", "1")],
        emails=[email("1")],
        same_person=[{"staff_id": "5", "parent_id": "1"}],
        membership_list=[{"group": "Chess", "category": "Clubs", **row}],
    )
    desired = desire(tables, make_school(LIST))
    assert members(desired) == [("list:Clubs/Chess", "T5", "on the school's list")]
    assert desired.findings.height == 0


def test_a_teacher_s_id_that_a_student_has_puts_no_student_into_the_class():
    tables = make_tables(
        students=[student("1"), student("5")],
        sections=[{"section_id": "7", "course": "Art", "section": "1", "teacher_id": "5", "school_id": ""}],
        enrolments=[{"section_id": "7", "student_id": "1"}],
    )
    school = make_school(
        {
            "groups": {"mapping": ["classes"]},
            "members": {"student": {"prefix": ""}, "staff": None},
            "source": {"files": {"sections": "s.csv", "enrolments": "e.csv"}},
        }
    )
    assert members(desire(tables, school)) == [("class:7", "1", "enrolled in the class")]
