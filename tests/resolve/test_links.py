"""Found by the laws: one bad row takes nothing from anybody else; somebody blocked keeps their e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.schools import (
    apply_to,
    contact,
    email,
    make_school,
    make_tables,
    open_directory,
    parent,
    plan_for,
    student,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.schools import Row


def by_key(key: str, parent_id: str) -> Row:
    """A contact that names the student by the SIS's own key."""
    link = contact("", parent_id, student_alternate_id=key)
    del link["student_id"]
    return link


def test_a_key_that_two_students_have_takes_no_link_from_the_other(tmp_path: Path) -> None:
    rows = {
        "students": [
            student("1", alternate_id="91", grade="5", grad_year="2033"),
            student("2", alternate_id="92", grade="6", grad_year="2032"),
            student("3", alternate_id="93", grade="7", grad_year="2031"),
        ],
        "parents": [parent("1"), parent("2")],
        "contacts": [by_key("91", "1"), by_key("92", "1"), by_key("93", "2")],
        "emails": [email("1"), email("2")],
    }
    directory = open_directory(tmp_path / "directory.db")
    school = make_school()
    apply_to(plan_for(school, make_tables(**rows), directory), directory)
    rows["students"][2]["alternate_id"] = "91"
    plan = plan_for(school, make_tables(**rows), directory)
    assert len(plan.changes) == 0
    assert plan.findings.select("code", "host_id").rows() == [
        ("leaver-uncertain", "P2"),
        ("unknown-student", "P1"),
        ("unknown-student", "P2"),
    ]


def test_a_blocked_person_keeps_the_email_that_they_have(tmp_path: Path) -> None:
    directory = open_directory(tmp_path / "directory.db")
    school = make_school()
    apply_to(plan_for(school, make_tables(students=[student("1")]), directory), directory)
    nameless = student("1", last_name="", email="new@example.org", preferred_name="Bo")
    changes = plan_for(school, make_tables(students=[nameless]), directory).changes.users
    assert changes.select("host_id", "fields", "after_email").rows() == [
        ("S1", "preferred_name", "student1@example.org")
    ]
