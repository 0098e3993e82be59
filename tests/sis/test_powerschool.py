from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.config import load_school
from reconciler.roster import build_roster
from reconciler.sources import open_source
from tests.support.grand_bend import SAMPLE, needs_grand_bend

if TYPE_CHECKING:
    from reconciler.model import Roster, School

ROOT = Path(__file__).resolve().parents[2]
MAPLE_GROVE = ROOT / "schools" / "maple-grove.yaml"
DATASET = ROOT / "tests" / "demo" / "contacts_dataset.yaml"
ACCEPTANCE = ROOT / "tests" / "acceptance" / "powerschool.yaml"
YEARS = ("2025-26", "2026-27")


def load(file: Path, year: str, exports: Path = MAPLE_GROVE) -> School:
    return load_school(file, {"SCHOOL_YEAR": year, "EXPORTS": str(exports), "DIRECTORY": "unused.db"})


def roster(school: School) -> Roster:
    return build_roster(open_source(school).read(), school)


def people(result: Roster) -> dict[str, tuple[str, ...]]:
    """Host ID -> what the roster says of the person, apart from where it was read."""
    fields = ("member_type", "first_name", "last_name", "preferred_name", "email", "grad_year", "blocked")
    return {row[0]: row[1:] for row in result.people.select("host_id", *fields).rows()}


def links(result: Roster) -> set[tuple[str, str]]:
    return set(result.relationships.select("student_host_id", "parent_host_id").rows())


def counts(result: Roster) -> dict[str, int]:
    return dict(result.people["member_type"].value_counts().rows())


def codes(result: Roster) -> set[str]:
    return set(result.findings["code"])


def write_smallest_school(folder: Path) -> None:
    """One student, one teacher and one parent, all with the same number."""
    header = "Student_Number\tFirst_Name\tLast_Name\tGrade_Level\tEnroll_Status\n"
    (folder / "students.txt").write_text(header + "7\tUna\tOsprey\t3\t0\n")
    (folder / "users.csv").write_text("Users_DCID;First_Name;Last_Name;Status\n7;Hugo;Finchley;1\n")
    (folder / "persons.csv").write_text("ID,FirstName,LastName\n7,Rosa,Osprey\n")
    (folder / "contacts.csv").write_text("Student_Number,PersonID,IsActive,IsCustodial\n7,7,1,1\n")
    (folder / "emails.csv").write_text("PersonID,EmailAddress\n7,rosa.osprey@example.org\n")


class TestMapleGrove:
    def test_layouts_are_detected(self) -> None:
        info = open_source(load(MAPLE_GROVE, "2025-26")).read().info
        assert {
            table: about.encoding for table, about in info.items() if about.file.endswith((".txt", ".csv"))
        } == {
            "students": "utf-8",
            "staff": "utf-8",
            "parents": "windows-1252",
            "contacts": "utf-8",
            "emails": "utf-16-le",
            "exclude": "utf-8",
            "email_overrides": "utf-8",
            "same_person": "utf-8",
            "membership_list": "utf-8",
        }

    @pytest.mark.parametrize("year", YEARS)
    def test_every_field_is_found_in_either_years_headers(self, year: str) -> None:
        info = open_source(load(MAPLE_GROVE, year)).read().info
        assert set(info["students"].mapped) >= {"id", "alternate_id", "grade", "grad_year", "status", "email"}
        assert set(info["contacts"].mapped) >= {"parent_id", "is_active", "is_custodial"}
        assert info["staff"].mapped["id"].lower().endswith("users_dcid")
        assert [header.rpartition(".")[2] for header in info["staff"].ignored] == ["DCID"]
        assert [header.rpartition(".")[2] for header in info["parents"].ignored] == ["DCID"]

    def test_lone_quotation_marks_merge_no_rows(self) -> None:
        students = open_source(load(MAPLE_GROVE, "2025-26")).read().frames["students"]
        assert (
            students.height
            == (ROOT / "schools/maple-grove/2025-26/students.txt").read_bytes().count(b"\r") - 1
        )
        nicknames = set(students["preferred_name"])
        assert {'Al "Ace', '"Dot'} <= nicknames

    def test_contacts_by_dcid_and_by_number_lead_to_the_same_children(self) -> None:
        first, second = (roster(load(MAPLE_GROVE, year)) for year in YEARS)
        everybody = people(first).keys() & people(second).keys()
        before, after = (
            {(child, parent) for child, parent in links(each) if {child, parent} <= everybody}
            for each in (first, second)
        )
        assert len(before) > 500
        assert len(before - after) <= 3  # custody that has ended

    def test_staff_parents_are_one_person_with_the_staff_id(self) -> None:
        result = roster(load(MAPLE_GROVE, "2025-26"))
        assert result.merged.height == 8
        assert not set(result.merged["parent_host_id"]) & people(result).keys()
        assert len({parent for _, parent in links(result) if parent.startswith("T")}) == 8

    def test_each_problem_that_the_school_has_is_found(self) -> None:
        assert codes(roster(load(MAPLE_GROVE, "2025-26"))) >= {
            "missing-id",
            "bad-id",
            "duplicate-id",
            "shared-email",
            "invalid-email",
            "missing-name",
            "unknown-grade",
            "grade-mismatch",
            "unknown-student",
            "orphan-parent",
            "no-email",
            "merged-staff-parent",
            "excluded",
        }

    @pytest.mark.parametrize("year", YEARS)
    def test_contacts_data_set_says_the_same_as_persons_contacts_and_emails(self, year: str) -> None:
        tables, dataset = roster(load(MAPLE_GROVE, year)), roster(load(DATASET, year))
        assert people(dataset) == people(tables)
        assert links(dataset) == links(tables)


class TestAcceptanceSchool:
    @pytest.mark.parametrize("year", YEARS)
    def test_reads_the_demo_schools_exports(self, year: str) -> None:
        folder = ROOT / "schools" / "maple-grove" / year
        found = counts(roster(load(ACCEPTANCE, year, folder)))
        assert 350 < found["student"] < 400
        assert 380 < found["parent"] < 450

    def test_needs_no_columns_but_those_of_its_rules(self, tmp_path: Path) -> None:
        write_smallest_school(tmp_path)
        result = roster(load(ACCEPTANCE, "2025-26", tmp_path))
        assert sorted(people(result)) == ["P7", "S7", "T7"]
        assert links(result) == {("S7", "P7")}

    def test_email_of_nobody_is_given_to_nobody(self, tmp_path: Path) -> None:
        write_smallest_school(tmp_path)
        with (tmp_path / "emails.csv").open("a") as file:
            file.write(",lost@example.org\n")
        emails = roster(load(ACCEPTANCE, "2025-26", tmp_path)).people.select("host_id", "email").rows()
        assert sorted(emails) == [("P7", "rosa.osprey@example.org"), ("S7", ""), ("T7", "")]


@needs_grand_bend
class TestGrandBend:
    def test_everybody_enrolled_and_their_parents_are_there(self) -> None:
        result = roster(load(ACCEPTANCE, "2025-26", SAMPLE / "2025-26"))
        assert counts(result) == {"student": 960, "staff": 68, "parent": 1872}
        assert len(links(result)) == 1872
        assert set(result.people["blocked"]) == {""}

    def test_a_year_later_the_graduates_and_their_parents_are_gone(self) -> None:
        result = roster(load(ACCEPTANCE, "2026-27", SAMPLE / "2026-27"))
        assert sum(counts(result).values()) == 2661
        assert result.gone.filter(cause="graduated").height == 80

    def test_contacts_data_set_says_the_same(self, tmp_path: Path) -> None:
        file = tmp_path / "grand-bend.yaml"
        tables = "    parents: persons.csv\n    contacts: contacts.csv\n    emails: emails.csv\n"
        text = ACCEPTANCE.read_text(encoding="utf-8")
        assert tables in text
        file.write_text(
            text.replace(tables, "    contacts_dataset: contacts_dataset.csv\n"), encoding="utf-8"
        )
        folder = SAMPLE / "2025-26"
        tables_say, dataset_says = (roster(load(each, "2025-26", folder)) for each in (ACCEPTANCE, file))
        assert people(dataset_says) == people(tables_say)
        assert links(dataset_says) == links(tables_say)
