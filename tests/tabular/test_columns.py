"""Headers of all sorts, held against rules/powerschool.yaml."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.tabular.columns import duplicate_headers, match_columns
from tests.sources.exports import make_rules, powerschool

STAFF_NAMES = ["TEACHERS.First_Name", "TEACHERS.Last_Name"]
OF_RECORD = "it is the key of one school's staff record, not of the person; export TEACHERS.USERS_DCID"


def mapped(table: str, header: list[str]) -> dict[str, str]:
    matched = match_columns(header, powerschool()[table])
    assert matched.mistakes == ()
    return dict(matched.mapped)


def complaints(table: str, header: list[str]) -> list[str]:
    return [
        f"{mistake.message}; {mistake.hint}"
        for mistake in match_columns(header, powerschool()[table]).mistakes
    ]


@pytest.mark.parametrize(
    "header", ["Student_Number", "STUDENTS.Student_Number", "student_number", " STUDENT_NUMBER "]
)
def test_an_alias_without_a_dot_matches_any_case_with_or_without_its_table(header: str) -> None:
    assert mapped("students", [header, "First_Name", "Last_Name", "ClassOf"])["id"] == header


def test_one_header_is_read_by_the_rules_of_each_table() -> None:
    header = ["Student_Number", *STAFF_NAMES, "Grade_Level"]
    rules = powerschool()["students"]
    other = replace(rules, columns={**rules.columns, "grade": ("track",)})
    assert match_columns(header, rules).mapped["grade"] == "Grade_Level"
    assert "grade" not in match_columns(header, other).mapped


@pytest.mark.parametrize(
    "header", ["TEACHERS.USERS_DCID", "SCHOOLSTAFF.Users_DCID", "USERS.DCID", "users_dcid", "Users.dcid"]
)
def test_the_staff_id_is_the_persons_key(header: str) -> None:
    assert mapped("staff", [header, *STAFF_NAMES])["id"] == header


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("TEACHERS.DCID", OF_RECORD),
        ("Teachers.dcid", OF_RECORD),
        (
            "TEACHERS.ID",
            "it is the number of one school's staff record, not of the person; export TEACHERS.USERS_DCID",
        ),
        (
            "DCID",
            (
                "it may be the key of the person or of one school's staff record; export it as USERS.DCID or"
                " USERS_DCID"
            ),
        ),
        (
            "USERS.ID",
            (
                "it is the number of one school's staff record, not of the person; export USERS.DCID or"
                " USERS_DCID"
            ),
        ),
    ],
)
def test_another_number_is_refused_as_the_staff_id_with_the_reason(header: str, why: str) -> None:
    assert complaints("staff", [header, *STAFF_NAMES]) == [
        f"no column for 'id'; looked for users_dcid, users.dcid; found {header}, which is refused: {why}"
    ]


def test_a_refused_column_beside_the_right_one_is_ignored() -> None:
    matched = match_columns(["TEACHERS.DCID", "TEACHERS.USERS_DCID", *STAFF_NAMES], powerschool()["staff"])
    assert matched.mapped["id"] == "TEACHERS.USERS_DCID"
    assert matched.ignored == ("TEACHERS.DCID",)


def test_the_persons_id_is_not_ambiguous_between_its_aliases() -> None:
    header = ["PERSON.DCID", "PERSON.ID", "PERSON.FirstName", "PERSON.LastName"]
    matched = match_columns(header, powerschool()["parents"])
    assert (matched.mapped["id"], matched.ignored, matched.mistakes) == ("PERSON.ID", ("PERSON.DCID",), ())


def test_the_first_alias_that_matches_wins_over_later_ones() -> None:
    header = ["STUDENTCONTACTASSOC.StudentDCID", "StudentContactAssoc.PersonID", "PERSON.ISACTIVE"]
    assert mapped("contacts", [*header, "STUDENTCONTACTDETAIL.IsActive"])["is_active"] == (
        "STUDENTCONTACTDETAIL.IsActive"
    )
    assert mapped("contacts", header)["is_active"] == "PERSON.ISACTIVE"


def test_an_alias_with_a_dot_matches_nothing_but_itself() -> None:
    rules = make_rules(columns={"id": ("person.id",)}, required=())
    header = ["id", "persons.id", "x.person.id"]
    assert dict(match_columns(header, rules).mapped) == {}
    assert dict(match_columns([*header, "PERSON.ID"], rules).mapped) == {"id": "PERSON.ID"}


def test_the_last_dot_parts_table_and_field() -> None:
    rules = make_rules(columns={"id": ("id",)}, required=())
    assert dict(match_columns(["S.EXT.ID"], rules).mapped) == {"id": "S.EXT.ID"}


def test_two_headers_for_one_alias_are_a_mistake_that_names_both() -> None:
    header = ["USERS_DCID", "USERS.First_Name", "TEACHERS.First_Name", "Last_Name"]
    assert complaints("staff", header) == [
        (
            "USERS.First_Name and TEACHERS.First_Name could each be 'first_name' (first_name); leave out all"
            " but one, or name the right one with its table in the rules for this table's columns"
        )
    ]


def test_a_missing_column_names_the_headers_looked_for_and_the_nearest_found() -> None:
    assert complaints("students", ["Student_Numbr", "First_Name", "LastNames", "x"]) == [
        "no column for 'id'; looked for student_number; the nearest found: Student_Numbr",
        "no column for 'last_name'; looked for last_name; the nearest found: LastNames",
        "no column for 'grade' or 'grad_year'; looked for grade_level, classof, sched_yearofgraduation",
    ]


def test_an_e_mail_address_is_never_shown_as_the_nearest_header() -> None:
    rules = make_rules(columns={"email": ("email",)}, required=(("email",),))
    (mistake,) = match_columns(["email@e.l", "x"], rules).mistakes
    assert mistake.hint == "looked for email"


def test_any_of_several_alternatives_will_do() -> None:
    assert mapped("contacts", ["StudentDCID", "PersonID"]) == {
        "student_alternate_id": "StudentDCID",
        "parent_id": "PersonID",
    }


def test_a_refusal_holds_for_every_field_that_is_an_id_but_for_no_other() -> None:
    rules = make_rules(
        columns={"id": ("id",), "parent_id": ("host_id",), "note": ("host_id",)},
        required=(("id",),),
        refuse={"host_id": "it is another's"},
    )
    matched = match_columns(["id", "host_id"], rules)
    assert (dict(matched.mapped), matched.ignored) == ({"id": "id", "note": "host_id"}, ())


def test_a_refusal_as_exact_as_the_alias_wins() -> None:
    rules = make_rules(columns={"id": ("t.id",)}, required=(), refuse={"T.ID": "no"})
    assert dict(match_columns(["t.id"], rules).mapped) == {}


def test_the_field_that_makes_a_row_part_of_a_table_must_have_a_column() -> None:
    rules = make_rules(required=(), having="note")
    assert [mistake.message for mistake in match_columns(["id"], rules).mistakes] == ["no column for 'note'"]


def test_headers_differ_in_more_than_case_and_blank_ones_do_not_count() -> None:
    assert duplicate_headers(["a", "", "b", ""]) == []
    assert [mistake.message for mistake in duplicate_headers(["Straße", "b", "STRASSE"])] == [
        "columns 1 and 3 have the same header, Straße"
    ]
