"""The model in plain Python plans what we plan: the same changes, for the same people."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.config import load_school
from reconciler.pipeline import apply_plan, plan_school
from tests.bench import generate
from tests.bench.generate import write_exports
from tests.bench.peers import world
from tests.bench.peers.plain.directory import read_directory
from tests.bench.peers.plain.plan import make_plan
from tests.bench.peers.plain.roster import read_roster

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 1_000


def _school(exports, directory):
    places = {"EXPORTS": str(exports), "DIRECTORY": str(directory), "SCHOOL_YEAR": "2025-26"}
    return load_school(world.SCHOOL, places)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder with the directory of 1,000 people, and their exports a little later."""
    folder = tmp_path_factory.mktemp("filled")
    write_exports(folder / "now", PEOPLE)
    write_exports(folder / "later", PEOPLE, later=True)
    school = _school(folder / "now", folder / "directory.db")
    apply_plan(plan_school(school), school, progress=lambda *_: None)
    return folder


@pytest.fixture
def own(filled, tmp_path):
    """A copy of that folder, to be changed."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return tmp_path


def _plans(exports, directory):
    """Both plans: every change as kind, action and key; every finding's code and Host ID."""
    ours = plan_school(_school(exports, directory))
    users, groups = ours.changes.users, ours.changes.groups
    links = {
        "membership": ours.changes.memberships.select("action", "group_key", "host_id"),
        "relationship": ours.changes.relationships.select("action", "student_host_id", "parent_host_id"),
    }
    changes = {("user", action, key) for action, key in users.select("action", "host_id").iter_rows()}
    changes |= {("group", action, key) for action, key in groups.select("action", "group_key").iter_rows()}
    for kind, frame in links.items():
        changes |= {(kind, action, f"{one} {other}") for action, one, other in frame.iter_rows()}
    findings = sorted(ours.findings.filter(ours.findings["file"] != "").select("code", "host_id").iter_rows())
    plain = make_plan(read_roster(exports, generate.SCHOOL_YEAR_END), read_directory(directory))
    return (
        changes,
        {(change.kind, change.action, change.key) for change in plain.changes},
        {found for found in findings if found[0] != "ignored-column"},
        {(found.code, found.host_id) for found in plain.findings if found.file},
    )


def _agree(exports, directory):
    ours, plain, found, plainly_found = _plans(exports, directory)
    assert plain == ours
    assert plainly_found == found
    return ours, found


def _edit(path: Path, edit):
    """Let `edit` change the rows of a CSV export, dicts by header without the table."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    names = [name.rpartition(".")[2] for name in header]
    records = edit([dict(zip(names, row, strict=True)) for row in rows])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(list(record.values()) for record in records)])


def test_the_year_is_that_of_the_exports():
    assert world.SCHOOL_YEAR_END == generate.SCHOOL_YEAR_END


def test_the_same_people_are_created_in_an_empty_directory(filled):
    changes, found = _agree(filled / "later", filled / "nothing.db")
    assert len([change for change in changes if change[0] == "user"]) > 0.95 * PEOPLE
    assert {"missing-id", "shared-email", "unknown-student"} <= {code for code, _ in found}


def test_the_same_changes_are_found_a_little_later(filled):
    changes, _ = _agree(filled / "later", filled / "directory.db")
    assert {("user", "update"), ("user", "deactivate"), ("membership", "remove")} == {
        change[:2] for change in changes
    }


def test_nothing_changes_where_nothing_has(filled):
    changes, _ = _agree(filled / "now", filled / "directory.db")
    assert not changes


def test_rows_of_one_id_that_differ_block_and_hold(own):
    _edit(own / "later" / "persons.csv", lambda rows: [*rows, {**rows[20], "FirstName": "Somebody"}])
    _, found = _agree(own / "later", own / "directory.db")
    assert "duplicate-id" in {code for code, _ in found}


def test_staff_who_are_parents_are_one_person(own):
    with (own / "later" / "users.csv").open(encoding="utf-8", newline="") as file:
        teacher = {name.rpartition(".")[2]: value for name, value in list(csv.DictReader(file))[20].items()}
    one = {"FirstName": teacher["First_Name"], "LastName": teacher["Last_Name"].upper()}
    _edit(own / "later" / "persons.csv", lambda rows: [*rows[:20], {**rows[20], **one}, *rows[21:]])
    mail = {"EmailAddress": teacher["Email_Addr"]}
    _edit(own / "later" / "emails.csv", lambda rows: [*rows[:20], {**rows[20], **mail}, *rows[21:]])
    for directory in ("directory.db", "nothing.db"):
        _, found = _agree(own / "later", own / directory)
        assert "merged-staff-parent" in {code for code, _ in found}


def test_an_email_that_an_account_keeps_is_taken(own):
    with closing(sqlite3.connect(own / "directory.db")) as connection, connection:
        connection.execute(
            "INSERT INTO users (host_id, member_type, email, email_key, origin)"
            " VALUES ('by hand', 'staff', 'P9x@example.org', 'p9x@example.org', 'hand')"
        )
    _, found = _agree(own / "later", own / "directory.db")
    assert ("email-taken", "P1000009") in found


def test_people_come_back_and_accounts_by_hand_stay(own):
    with closing(sqlite3.connect(own / "directory.db")) as connection, connection:
        for host, by in (("S1000020", "sync"), ("S1000021", "hand")):
            connection.execute(
                "UPDATE users SET active = 0, deactivated_by = ? WHERE host_id = ?", (by, host)
            )
        connection.execute("UPDATE memberships SET origin = 'hand' WHERE user_id % 3 = 0")
        connection.execute("DELETE FROM relationships WHERE student_id % 5 = 0")
    changes, _ = _agree(own / "later", own / "directory.db")
    assert ("user", "reactivate", "S1000020") in changes
    assert "relationship" in {kind for kind, _, _ in changes}


def test_doubtful_links_hold(own):
    def spoil(rows):
        changes = {
            30: {"IsCustodial": "?"},
            31: {"IsActive": "0"},
            32: {"PersonID": ""},
            33: {"PersonID": "9e5"},
        }
        return [{**row, **changes.get(number, {})} for number, row in enumerate(rows)]

    _edit(own / "later" / "contacts.csv", spoil)
    _, found = _agree(own / "later", own / "directory.db")
    assert {"bad-id", "leaver-uncertain"} <= {code for code, _ in found}


def test_a_column_that_decides_about_access_must_say_something(own):
    _edit(own / "later" / "contacts.csv", lambda rows: [{**row, "IsCustodial": ""} for row in rows])
    with pytest.raises(ValueError, match="blank throughout"):
        read_roster(own / "later", generate.SCHOOL_YEAR_END)
