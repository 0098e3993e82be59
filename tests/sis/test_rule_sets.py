from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.config import load_school
from reconciler.desired import build_desired
from reconciler.errors import InputError
from reconciler.roster import build_roster
from reconciler.sources import open_source

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import Roster, Tables

ROOT = Path(__file__).resolve().parents[2]
VERACROSS = ROOT / "tests" / "sis" / "veracross" / "school.yaml"
CLEVER = ROOT / "tests" / "sis" / "clever" / "school.yaml"
BLACKBAUD = ROOT / "tests" / "sis" / "blackbaud" / "school.yaml"


def read(school_file: Path, **env: str) -> Tables:
    return open_source(load_school(school_file, env)).read()


def roster(school_file: Path, **env: str) -> Roster:
    school = load_school(school_file, env)
    return build_roster(open_source(school).read(), school)


def host_ids(people: pl.DataFrame, member_type: str) -> list[str]:
    return sorted(people.filter(member_type=member_type, blocked="")["host_id"])


def codes(found: pl.DataFrame, code: str) -> list[str]:
    return sorted(found.filter(code=code)["host_id"])


def with_header(tmp_path: Path, school_file: Path, name: str, old: str, new: str) -> Path:
    """A copy of a school in which one file's header reads differently."""
    for file in school_file.parent.iterdir():
        content = file.read_bytes()
        if file.name == name:
            header, _, rest = content.partition(b"\n")
            assert old.encode() in header
            content = header.replace(old.encode(), new.encode(), 1) + b"\n" + rest
        (tmp_path / file.name).write_bytes(content)
    return tmp_path / school_file.name


class TestVeracross:
    def test_ids_are_the_persons_and_have_no_prefix(self) -> None:
        people = roster(VERACROSS).people
        assert host_ids(people, "student") == ["20101", "20102", "20103", "20104", "20106"]
        assert host_ids(people, "staff") == ["20201", "20202", "20203"]

    def test_teacher_who_is_a_parent_is_one_person(self) -> None:
        result = roster(VERACROSS)
        assert result.merged.rows() == [("20202", "20202")]
        assert ("20103", "20202") in result.relationships.select("student_host_id", "parent_host_id").rows()

    def test_parents_have_custody_and_a_parents_relationship(self) -> None:
        result = roster(VERACROSS)
        assert host_ids(result.people, "parent") == ["20301", "20302", "20303", "20304"]
        assert sorted(result.relationships.select("student_host_id", "parent_host_id").rows()) == [
            ("20101", "20301"),
            ("20101", "20302"),
            ("20102", "20301"),
            ("20102", "20302"),
            ("20103", "20202"),
            ("20103", "20303"),
            ("20104", "20304"),
            ("20106", "20304"),
        ]

    def test_relationships_seen_from_the_other_side_are_no_unknown_students(self) -> None:
        assert codes(roster(VERACROSS).findings, "unknown-student") == []

    def test_grades_go_by_label_and_not_by_the_number_of_a_value_list(self) -> None:
        result = roster(VERACROSS)
        grades = dict(result.people.filter(member_type="student").select("host_id", "grade").rows())
        assert grades == {"20101": "0", "20102": "7", "20103": "12", "20104": "-1", "20106": ""}
        assert codes(result.findings, "unknown-grade") == ["20106"]

    def test_email_and_preferred_name_stand_in_each_table(self) -> None:
        people = roster(VERACROSS).people
        assert people.filter(host_id="20301")["email"].to_list() == ["ines.harebell@example.org"]
        assert people.filter(host_id="20103")["preferred_name"].to_list() == ["Maggie"]
        assert people.filter(host_id="20203")["preferred_name"].to_list() == ["Rosie"]

    def test_student_who_withdrew_is_gone_and_so_is_the_parent(self) -> None:
        gone = roster(VERACROSS).gone.select("host_id", "cause").rows()
        assert ("20105", "transferred") in gone
        assert ("20305", "parent") in gone

    def test_household_is_never_the_id(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, VERACROSS, "students.csv", "Person ID,", "Number,")
        with pytest.raises(InputError, match="which a whole family shares; export Person_PK or Person ID"):
            read(school)

    def test_payroll_number_is_never_the_id(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, VERACROSS, "staff.csv", "id,", "number,")
        with pytest.raises(InputError, match="it is the payroll's number, not the person's"):
            read(school)

    def test_export_without_custody_is_refused(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, VERACROSS, "relationships.csv", "legal_custody", "notes")
        with pytest.raises(InputError, match="is_custodial"):
            roster(school)

    def test_enrollment_status_is_not_required(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, VERACROSS, "students.csv", "Enrollment Status", "Notes")
        assert "20105" in host_ids(roster(school).people, "student")


class TestBlackbaud:
    def test_ids_are_the_user_ids(self) -> None:
        people = roster(BLACKBAUD).people
        assert host_ids(people, "student") == ["6100101", "6100102", "6100103", "6100104"]
        assert host_ids(people, "staff") == ["6100201", "6100202"]

    def test_field_named_host_id_is_reported_as_not_read(self) -> None:
        info = read(BLACKBAUD).info
        assert {table: info[table].ignored for table in ("students", "staff", "parents")} == {
            "students": ("Host ID", "Student ID"),
            "staff": ("host_id",),
            "parents": ("Host ID",),
        }

    def test_field_named_host_id_is_never_the_id(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, BLACKBAUD, "students.csv", "User ID,", "Number,")
        with pytest.raises(InputError, match="it is a number of another system, kept for matching"):
            read(school)

    def test_parents_are_those_with_parental_access(self) -> None:
        result = roster(BLACKBAUD)
        assert host_ids(result.people, "parent") == ["6100301", "6100302", "6100303"]
        assert sorted(result.relationships.select("student_host_id", "parent_host_id").rows()) == [
            ("6100101", "6100301"),
            ("6100102", "6100301"),
            ("6100102", "6100302"),
            ("6100103", "6100202"),
            ("6100104", "6100303"),
        ]

    def test_teacher_who_is_a_parent_is_one_person(self) -> None:
        assert roster(BLACKBAUD).merged.rows() == [("6100202", "6100202")]

    def test_grades(self) -> None:
        students = roster(BLACKBAUD).people.filter(member_type="student")
        assert sorted(students.select("host_id", "grade", "grad_year").rows()) == [
            ("6100101", "0", "2038"),
            ("6100102", "8", "2030"),
            ("6100103", "11", "2027"),
            ("6100104", "-1", "2039"),
        ]

    def test_export_without_parental_access_is_refused(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, BLACKBAUD, "relationships.csv", "parental_access", "notes")
        with pytest.raises(InputError, match="data_access"):
            roster(school)


class TestClever:
    def test_students_and_teachers_of_the_school_are_numbered_apart(self) -> None:
        people = roster(CLEVER).people
        assert host_ids(people, "student") == ["S88001", "S88002", "S88003"]
        assert host_ids(people, "staff") == ["T500"]
        assert host_ids(people, "parent") == []

    def test_a_student_of_several_contacts_is_one(self) -> None:
        assert roster(CLEVER).findings.filter(code="duplicate-id").is_empty()

    def test_grades_are_clevers_words(self) -> None:
        result = roster(CLEVER)
        grades = dict(result.people.filter(member_type="student").select("host_id", "grade").rows())
        assert grades == {"S88001": "5", "S88002": "0", "S88003": ""}
        assert codes(result.findings, "unknown-grade") == ["S88003"]

    def test_classes_have_their_teacher_and_students(self) -> None:
        school = load_school(CLEVER, {})
        tables = open_source(school).read()
        desired = build_desired(build_roster(tables, school), tables, school).directory
        (key,) = desired.groups.filter(kind="class")["key"]
        members = desired.memberships.filter(group_key=key)["host_id"]
        assert sorted(members) == ["S88001", "T500"]

    def test_the_states_number_is_never_the_id(self, tmp_path: Path) -> None:
        school = with_header(tmp_path, CLEVER, "students.csv", "Student_id", "Id")
        with pytest.raises(InputError, match="found State_id, which is refused: it is the state's number"):
            read(school)
