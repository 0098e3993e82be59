"""Which groups there are, what they are called, and who is in them."""

from __future__ import annotations

import pytest

from reconciler.config.fields import TEMPLATE_VARIABLES
from reconciler.desired import build_desired
from reconciler.errors import InputError
from reconciler.roster import build_roster
from tests.support.looks import found
from tests.support.schools import contact, make_school, make_tables, parent, staff, student


def desire(tables, school):
    return build_desired(build_roster(tables, school), tables, school)


def school_with(*mapping, **groups):
    return make_school({"groups": {"mapping": list(mapping), **groups}})


def groups(desired):
    return desired.directory.groups.select("key", "category", "name").sort("key").rows()


def members(desired):
    return sorted(desired.directory.memberships.select("group_key", "host_id", "reason").rows())


FAMILY = make_tables(
    students=[student("1", grade="0", grad_year="2038"), student("2")],
    staff=[staff("1")],
    parents=[parent("1")],
    contacts=[contact("1", "1"), contact("2", "1")],
)


def test_grade_and_faculty_groups_and_the_parents_who_follow():
    desired = desire(FAMILY, school_with("grade", "faculty"))
    assert groups(desired) == [
        ("faculty", "Internal", "Faculty"),
        ("grade:0", "Academics", "Kindergarten"),
        ("grade:5", "Academics", "Grade 5"),
    ]
    assert members(desired) == [
        ("faculty", "T1", "member of staff"),
        ("grade:0", "P1", "parent of S1"),
        ("grade:0", "S1", "their grade"),
        ("grade:5", "P1", "parent of S2"),
        ("grade:5", "S2", "their grade"),
    ]


def test_graduation_year_groups():
    desired = desire(FAMILY, school_with("grad_year", parents_follow=[]))
    assert groups(desired) == [
        ("grad_year:2033", "Academics", "Class of 2033"),
        ("grad_year:2038", "Academics", "Class of 2038"),
    ]
    assert [row[1] for row in members(desired)] == ["S2", "S1"]


def test_a_campus_of_its_own_gets_groups_of_its_own():
    tables = make_tables(
        students=[student("1", school_id="10"), student("2", school_id="20")],
        staff=[staff("1", school_id="10"), staff("1", school_id="20")],
    )
    school = school_with("grade", "faculty", per_school=True, school_names={"10": "North"})
    desired = desire(tables, school)
    assert groups(desired) == [
        ("faculty@10", "Internal", "Faculty (North)"),
        ("faculty@20", "Internal", "Faculty (20)"),
        ("grade:5@10", "Academics", "Grade 5 (North)"),
        ("grade:5@20", "Academics", "Grade 5 (20)"),
    ]
    assert [row[:2] for row in members(desired)] == [
        ("faculty@10", "T1"),
        ("faculty@20", "T1"),
        ("grade:5@10", "S1"),
        ("grade:5@20", "S2"),
    ]


def test_a_campus_with_a_space_in_its_name_is_one_campus():
    upper, lower = "Upper School", "Lower School"
    tables = make_tables(
        students=[student("1", school_id=upper), student("2", school_id=lower)],
        staff=[staff("1", school_id=upper), staff("1", school_id=lower)],
        parents=[parent("1")],
        contacts=[contact("1", "1")],
    )
    school = school_with("grade", "faculty", per_school=True, school_names={lower: "Lower"})
    desired = desire(tables, school)
    assert groups(desired) == [
        ("faculty@Lower School", "Internal", "Faculty (Lower)"),
        ("faculty@Upper School", "Internal", "Faculty (Upper School)"),
        ("grade:5@Lower School", "Academics", "Grade 5 (Lower)"),
        ("grade:5@Upper School", "Academics", "Grade 5 (Upper School)"),
    ]
    assert [row[:2] for row in members(desired)] == [
        ("faculty@Lower School", "T1"),
        ("faculty@Upper School", "T1"),
        ("grade:5@Lower School", "S2"),
        ("grade:5@Upper School", "P1"),
        ("grade:5@Upper School", "S1"),
    ]


@pytest.mark.parametrize("campuses", [("101", "102"), ("Upper School", "Lower School")])
@pytest.mark.parametrize(("entry", "key"), [("grade", "grade:5"), ("divisions", "division:Lower")])
def test_a_student_at_two_campuses_is_in_the_groups_of_both(campuses, entry, key):
    first, second = campuses
    tables = make_tables(
        students=[
            *(student("1", school_id=campus) for campus in campuses),
            student("2", school_id=first),
            student("3", school_id=""),
        ]
    )
    school = school_with(entry, per_school=True, divisions={"Lower": {"from": "K", "to": "5"}})
    desired = desire(tables, school)
    expected = [(key, "S3"), (f"{key}@{first}", "S1"), (f"{key}@{first}", "S2"), (f"{key}@{second}", "S1")]
    assert [row[:2] for row in members(desired)] == sorted(expected)
    assert [key for key, *_ in groups(desired)] == sorted({key for key, _ in expected})


def test_a_merged_parent_follows_under_the_staff_account():
    tables = make_tables(
        students=[student("1")],
        staff=[staff("5")],
        parents=[parent("9")],
        contacts=[contact("1", "9")],
        same_person=[{"staff_id": "5", "parent_id": "9"}],
    )
    assert members(desire(tables, school_with("grade"))) == [
        ("grade:5", "S1", "their grade"),
        ("grade:5", "T5", "parent of S1"),
    ]


def test_divisions_are_ranges_of_grades():
    school = school_with(
        "divisions",
        divisions={"Lower School": {"from": "K", "to": "4"}, "Upper School": {"from": "5", "to": "12"}},
    )
    desired = desire(FAMILY, school)
    assert groups(desired) == [
        ("division:Lower School", "Academics", "Lower School"),
        ("division:Upper School", "Academics", "Upper School"),
    ]
    assert members(desired) == [
        ("division:Lower School", "S1", "a grade of Lower School"),
        ("division:Upper School", "S2", "a grade of Upper School"),
    ]


CLASS_FILES = {"source": {"files": {"sections": "sections.csv", "enrolments": "enrolments.csv"}}}


def test_classes_have_their_students_and_their_teacher():
    tables = make_tables(
        students=[student("1", alternate_id="900"), student("2", alternate_id="901")],
        staff=[staff("5")],
        sections=[
            {"section_id": "77", "course": "Biology", "section": "2", "teacher_id": "5"},
            {"section_id": "78", "course": "Chemistry", "section": "1", "teacher_id": "6"},
        ],
        enrolments=[
            {"section_id": "77", "student_alternate_id": "900"},
            {"section_id": "77", "student_alternate_id": "999"},
            {"section_id": "99", "student_alternate_id": "901"},
        ],
    )
    desired = desire(tables, make_school({**CLASS_FILES, "groups": {"mapping": ["classes"]}}))
    assert groups(desired) == [("class:77", "Academics", "Biology - 2")]
    assert members(desired) == [
        ("class:77", "S1", "enrolled in the class"),
        ("class:77", "T5", "teaches the class"),
    ]
    assert sorted(desired.declared["key"]) == ["class:77", "class:78"]
    assert found(desired.findings) == [("unknown-student", "")]


LIST = {"groups": {"mapping": ["membership_list"], "membership_list": "clubs.csv"}}


def listed(*rows):
    return make_tables(
        students=[student("1")],
        staff=[staff("5")],
        membership_list=[
            {"group": "Chess", "category": "Clubs", "host_id": "", "member_id": "", "member_type": "", **row}
            for row in rows
        ],
    )


@pytest.mark.parametrize(
    ("row", "host_id"),
    [
        ({"host_id": "S1"}, "S1"),
        ({"member_id": "1", "member_type": "student"}, "S1"),
        ({"member_id": "5", "member_type": "Staff"}, "T5"),
    ],
)
def test_a_list_names_people_by_host_id_or_by_raw_id_and_member_type(row, host_id):
    desired = desire(listed(row), make_school(LIST))
    assert groups(desired) == [("list:Clubs/Chess", "Clubs", "Chess")]
    assert members(desired) == [("list:Clubs/Chess", host_id, "on the school's list")]


@pytest.mark.parametrize(
    "row", [{"host_id": "S9"}, {"member_id": "1"}, {"member_id": "1", "member_type": "alumni"}]
)
def test_a_list_s_line_that_names_nobody_is_a_finding(row):
    desired = desire(listed(row), make_school(LIST))
    assert desired.directory.memberships.height == 0
    finding = desired.findings.row(0, named=True)
    assert (finding["code"], finding["file"], finding["line"]) == ("unknown-member", "membership_list.csv", 2)
    assert finding["detail"] == "the list of Clubs/Chess names nobody who is at the school"


@pytest.mark.parametrize("row", [{"group": ""}, {"category": ""}, {"category": "Clubs/Old"}])
def test_a_list_s_group_needs_a_name_and_a_category_without_a_slash(row):
    with pytest.raises(InputError) as caught:
        desire(listed({"host_id": "S1"}, {"host_id": "S1", **row}), make_school(LIST))
    assert str(caught.value) == (
        "membership_list.csv:3: a group needs a name, and a category without '/'; complete the line"
    )


def test_a_template_may_not_use_what_is_not_there():
    school = school_with("grade", templates={"grade": {"category": "Academics", "name": "{{ label.de }}"}})
    with pytest.raises(InputError) as caught:
        desire(FAMILY, school)
    assert str(caught.value) == (
        "school.yaml: groups.templates.grade.name: 'str object' has no attribute 'de'; a template of grade"
        " may use grade, label, school, school_id"
    )


CLASSES = {
    "sections": [{"section_id": "7", "course": "Art", "section": "A", "teacher_id": "1", "school_id": ""}],
    "enrolments": [{"section_id": "7", "student_id": "1"}],
}


@pytest.mark.parametrize("kind", TEMPLATE_VARIABLES)
def test_a_template_may_use_what_the_school_s_check_lets_it_use(kind):
    name = "x" + "".join(f"{{{{ {variable} }}}}" for variable in TEMPLATE_VARIABLES[kind])
    tables = make_tables(students=[student("1", grade="5")], staff=[staff("1")], **CLASSES)
    settings = {"mapping": [kind], "templates": {kind: {"category": "All", "name": name}}}
    divisions = {"divisions": {"Lower": {"from": "K", "to": "5"}}} if kind == "divisions" else {}
    desired = desire(tables, make_school({**CLASS_FILES, "groups": settings | divisions}))
    assert desired.directory.groups.height == 1


def test_two_groups_with_the_same_name_are_refused():
    school = school_with("grade", templates={"grade": {"category": "Academics", "name": "Everybody"}})
    with pytest.raises(InputError) as caught:
        desire(FAMILY, school)
    assert str(caught.value) == (
        "school.yaml: grade:0 and grade:5 would have the same category and name; change groups.templates,"
        " or the membership list, so that the names differ"
    )


def test_an_empty_name_is_refused():
    school = school_with("faculty", templates={"faculty": {"category": "Internal", "name": "{{ school }} "}})
    with pytest.raises(InputError) as caught:
        desire(FAMILY, school)
    assert str(caught.value) == (
        "school.yaml: groups.templates.faculty.name gives an empty name for faculty; change the template"
    )


def test_names_keep_their_signs():
    school = school_with(
        "faculty", templates={"faculty": {"category": "Internal", "name": "Faculty & <Staff>"}}
    )
    assert groups(desire(FAMILY, school))[0][2] == "Faculty & <Staff>"
