"""Found by the law that the order of rows doesn't matter."""

from __future__ import annotations

import pytest

from reconciler.desired import build_desired
from reconciler.roster import build_roster
from tests.support.schools import Row, contact, make_school, make_tables, parent, staff, student

SCHOOL = {
    "source": {"files": {"sections": "sections.csv", "enrolments": "enrolments.csv"}},
    "groups": {"mapping": ["classes"]},
}


def section(**fields: str) -> Row:
    return {"section_id": "7", "course": "Art", "section": "A", "teacher_id": "1", **fields}


@pytest.mark.parametrize("step", [1, -1], ids=["as exported", "the other way round"])
def test_every_teacher_of_a_section_is_in_its_class(step: int) -> None:
    tables = make_tables(
        students=[student("1")],
        staff=[staff("1"), staff("2")],
        sections=[section(), section(teacher_id="2")][::step],
        enrolments=[{"section_id": "7", "student_id": "1"}],
    )
    school = make_school(SCHOOL)
    members = build_desired(build_roster(tables, school), tables, school).directory.memberships
    assert sorted(members["host_id"]) == ["S1", "T1", "T2"]


@pytest.mark.parametrize("step", [1, -1], ids=["as exported", "the other way round"])
def test_a_section_with_two_names_has_the_same_one_in_any_order(step: int) -> None:
    tables = make_tables(
        students=[student("1")],
        sections=[section(), section(course="Music")][::step],
        enrolments=[{"section_id": "7", "student_id": "1"}],
    )
    school = make_school(SCHOOL)
    groups = build_desired(build_roster(tables, school), tables, school).directory.groups
    assert groups.select("key", "name").rows() == [("class:7", "Art - A")]


def test_a_teacher_whose_child_is_in_the_class_is_in_it_once() -> None:
    teacher = staff("1", first_name="Rosa", last_name="Plover1", email="rosa@example.org")
    tables = make_tables(
        students=[student("1")],
        staff=[teacher],
        parents=[parent("1", email="rosa@example.org")],
        contacts=[contact("1", "1")],
        sections=[section()],
        enrolments=[{"section_id": "7", "student_id": "1"}],
    )
    groups = {"mapping": ["classes"], "parents_follow": ["classes"]}
    school = make_school({**SCHOOL, "groups": groups})
    members = build_desired(build_roster(tables, school), tables, school).directory.memberships
    assert sorted(members["host_id"]) == ["S1", "T1"]


def test_a_class_has_the_name_of_its_campus_and_a_spreadsheet_s_decimals_do_no_harm() -> None:
    tables = make_tables(
        students=[student("1")],
        staff=[staff("1")],
        sections=[section(school_id="100.0"), section(section_id="8", school_id="Upper School")],
        enrolments=[{"section_id": number, "student_id": "1"} for number in "78"],
    )
    template = {"category": "Classes", "name": "{{ course }} ({{ school }})"}
    names = {"100": "North", "Upper School": "Upper"}
    groups = {"mapping": ["classes"], "school_names": names, "templates": {"classes": template}}
    school = make_school({**SCHOOL, "groups": groups})
    made = build_desired(build_roster(tables, school), tables, school).directory.groups
    assert sorted(made.select("key", "name").rows()) == [
        ("class:7", "Art (North)"),
        ("class:8", "Art (Upper)"),
    ]
