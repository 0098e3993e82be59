"""The Grand Bend sample: PowerSchool's own layouts. It is not part of this repository."""

from __future__ import annotations

import pytest

from reconciler.model import SourceFile, Tables
from reconciler.sources import open_source
from tests.sources.exports import make_school
from tests.support.grand_bend import SAMPLE, needs_grand_bend

FILES = {
    "students": "students.txt",
    "staff": "users.csv",
    "parents": "persons.csv",
    "contacts": "contacts.csv",
    "emails": "emails.csv",
}

pytestmark = needs_grand_bend


def read(files: dict[str, str], year: str = "2025-26") -> Tables:
    named = {table: SourceFile(name, str(SAMPLE / year / name)) for table, name in files.items()}
    return open_source(make_school(named)).read()


@pytest.mark.parametrize("year", ["2025-26", "2026-27"])
def test_every_row_of_every_layout_is_read(year: str) -> None:
    tables = read(FILES, year)
    assert {name: tables.frames[name].height for name in ("students", "staff", "parents", "contacts")} == {
        "students": 960,
        "staff": 68,
        "parents": 1873,
        "contacts": 1872,
    }
    assert tables.frames["students"]["_line"].to_list() == list(range(2, 962))


def test_ids_are_taken_from_the_right_columns() -> None:
    info = read(FILES).info
    assert (info["staff"].mapped["id"], info["staff"].ignored) == (
        "TEACHERS.USERS_DCID",
        ("TEACHERS.DCID",),
    )
    assert (info["parents"].mapped["id"], info["parents"].ignored) == ("PERSON.ID", ("PERSON.DCID",))
    assert info["contacts"].mapped["student_alternate_id"] == "STUDENTCONTACTASSOC.StudentDCID"


def test_the_data_set_says_the_same_as_the_separate_files() -> None:
    separate, together = read(FILES), read({"contacts_dataset": "contacts_dataset.csv"})
    names = {"parents": ("id", "first_name", "last_name"), "emails": ("person_id", "email")}
    for table, columns in names.items():
        wanted = set(separate.frames[table].select(columns).rows())
        found = set(together.frames[table].select(columns).rows())
        assert wanted <= found
    assert together.frames["contacts"].height == separate.frames["contacts"].height
    assert together.info["contacts"].encoding == "utf-8"
