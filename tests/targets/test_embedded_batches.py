"""A batch is carried out as a set, and what becomes of each change is what would become of it alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.targets.embedded.carrying import carry_out
from tests.support import directories as d

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.targets import Target
    from tests.support.plans import Row

APPLIED, ALREADY = ("applied", ""), ("already", "")
MANY = 1000
STUDENTS = [f"S{n}" for n in range(MANY)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


@pytest.fixture
def target(path: Path) -> Target:
    return d.new_directory(path)


@pytest.fixture
def school(target: Target) -> Target:
    """A thousand students and a parent, and a group that nobody has joined."""
    d.apply(target, "groups", d.group_creation("Grade 1"))
    d.apply(target, "users", *map(d.creation, STUDENTS), d.creation("P1"))
    return target


def among_good(outcomes: list[tuple[str, str]], usual: tuple[str, str] = APPLIED) -> dict[int, Any]:
    """The outcomes that are not the usual one, by their place."""
    return {place: outcome for place, outcome in enumerate(outcomes) if outcome != usual}


def test_one_taken_email_among_a_thousand_new_accounts_is_the_only_one_reported(target: Target) -> None:
    d.apply(target, "users", d.creation("T1", email="taken@example.org"))
    rows = [d.creation(host_id) for host_id in STUDENTS]
    rows[617] |= {"after_email": "Taken@Example.org"}
    assert among_good(d.apply(target, "users", *rows)) == {
        617: ("failed", "its e-mail is held by account T1")
    }
    assert set(target.read().users["host_id"]) == {"T1", *STUDENTS} - {"S617"}


def test_of_two_new_accounts_with_one_email_the_first_gets_it(target: Target) -> None:
    rows = [d.creation(host_id) for host_id in STUDENTS]
    rows[998] |= {"after_email": "s3@example.org"}
    assert among_good(d.apply(target, "users", *rows)) == {
        998: ("failed", "its e-mail is held by account S3")
    }


def test_a_batch_in_which_everything_is_refused_says_so_of_each(target: Target) -> None:
    d.apply(target, "users", d.creation("T1", email="taken@example.org"))
    rows = [d.creation(host_id, email="taken@example.org") for host_id in STUDENTS]
    assert d.apply(target, "users", *rows) == [("failed", "its e-mail is held by account T1")] * MANY
    assert target.read().users["host_id"].to_list() == ["T1"]


def test_what_is_there_already_and_what_differs_is_told_from_what_is_new(target: Target) -> None:
    d.apply(target, "users", d.creation("S5"), d.creation("S700", first_name="By Hand"))
    assert among_good(d.apply(target, "users", *map(d.creation, STUDENTS))) == {
        5: ALREADY,
        700: ("stale", "the account exists already, and differs in: first_name"),
    }


def test_accounts_are_numbered_in_the_order_of_their_changes(target: Target) -> None:
    d.apply(target, "users", *map(d.creation, reversed(STUDENTS)))
    assert target.read().users["host_id"].to_list() == STUDENTS[::-1]


def test_one_update_that_is_refused_among_a_thousand_leaves_the_others_done(school: Target) -> None:
    live = {row["host_id"]: row["target_id"] for row in school.read().users.to_dicts()}
    rows = [
        d.creation(host_id)
        | {"action": "update", "target_id": live[host_id], "fields": "first_name"}
        | {"before_first_name": f"First{host_id}", "after_first_name": "Kim"}
        for host_id in STUDENTS
    ]
    rows[500] |= {"fields": "email", "before_email": "s500@example.org", "after_email": "p1@example.org"}
    assert among_good(d.apply(school, "users", *rows)) == {
        500: ("failed", "its e-mail is held by account P1")
    }
    names = school.read().users.filter(host_id="S500")["first_name"].to_list()
    assert (names, school.read().users["first_name"].to_list().count("Kim")) == (["FirstS500"], MANY - 1)


def test_memberships_without_their_ends_are_reported_and_the_others_made(school: Target) -> None:
    rows = [d.joining(host_id) for host_id in STUDENTS]
    rows[10] |= {"host_id": "S-gone"}
    rows[20] |= {"group_key": "grade:gone"}
    rows[30] |= {"host_id": "S-gone", "group_key": "grade:gone"}
    assert among_good(d.apply(school, "memberships", *rows)) == {
        10: ("failed", "there is no account S-gone"),
        20: ("failed", "there is no group grade:gone"),
        30: ("failed", "there is no group grade:gone and account S-gone"),
    }
    assert school.read().memberships.height == MANY - 3
    assert among_good(d.apply(school, "memberships", *rows), ALREADY).keys() == {10, 20, 30}


def test_a_relationship_that_the_directory_refuses_is_reported_and_the_others_made(school: Target) -> None:
    rows = [d.linking(host_id, "P1") for host_id in STUDENTS]
    rows[400] |= {"parent_host_id": "S400"}
    rows[401] = rows[399]
    refused = ("failed", "the directory does not take these values")
    assert among_good(d.apply(school, "relationships", *rows)) == {400: refused, 401: refused}
    assert school.read().relationships.height == MANY - 2


def test_links_made_by_hand_stay_where_a_thousand_others_are_removed(path: Path, school: Target) -> None:
    d.apply(school, "relationships", *(d.linking(host_id, "P1") for host_id in STUDENTS))
    ids = dict(school.read().relationships.select("student_host_id", "target_id").rows())
    rows = [
        d.linking(host_id, "P1") | {"action": "remove", "target_id": ids[host_id]} for host_id in STUDENTS
    ]
    d.execute(path, "UPDATE relationships SET origin = 'hand' WHERE student_id = ?", ids["S7"].split(":")[0])
    d.execute(path, "DELETE FROM relationships WHERE student_id = ?", ids["S8"].split(":")[0])
    rows[9] |= {"target_id": "no id"}
    assert among_good(d.apply(school, "relationships", *rows)) == {
        7: ("stale", "somebody has made it by hand since the plan"),
        8: ALREADY,
        9: ALREADY,
    }
    assert sorted(school.read().relationships["student_host_id"]) == ["S7", "S9"]


def test_additions_and_removals_go_together(school: Target) -> None:
    d.apply(school, "memberships", *map(d.joining, STUDENTS[:3]))
    rows = [d.leaving(school, "S1"), d.joining("S5"), d.leaving(school, "S2"), d.joining("S0")]
    assert d.apply(school, "memberships", *rows) == [APPLIED, APPLIED, APPLIED, ALREADY]
    assert sorted(school.read().memberships["host_id"]) == ["S0", "S5"]


@st.composite
def _creations(draw: st.DrawFn) -> list[Row]:
    """Accounts that want each other's e-mails."""
    letters = st.sampled_from("abcdÉé")
    host_ids = draw(st.lists(st.integers(0, 99), unique=True, max_size=40))
    return [
        d.creation(f"S{number}", email=f"{draw(letters)}@example.org" if draw(st.booleans()) else "")
        for number in host_ids
    ]


@given(rows=_creations(), before=_creations())
@settings(max_examples=25, deadline=None)
def test_a_batch_ends_as_its_changes_one_by_one_do(rows: list[Row], before: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        at_once, one_by_one = (d.new_directory(Path(folder) / name) for name in ("a.db", "b.db"))
        for target in (at_once, one_by_one):
            d.apply(target, "users", *before)
        assert d.apply(at_once, "users", *rows) == [d.apply(one_by_one, "users", row)[0] for row in rows]
        assert at_once.read().users.equals(one_by_one.read().users)


class Counted:
    """Writes numbers, and counts how often it was asked to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.times = 0
        self._connection = connection

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.times += 1
        self._connection.executemany("INSERT INTO numbers VALUES (?)", rows)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER CHECK (number >= 0))")
        connection.execute("BEGIN")
        yield connection


@pytest.mark.parametrize(
    ("refused", "times"),
    [(set(), 1), ({0}, 100), ({31_000}, 100), ({5, 6, 7}, 150), (set(range(100, 200)), 400)],
)
def test_rows_that_are_refused_are_found_in_few_rounds(
    connection: sqlite3.Connection, refused: set[int], times: int
) -> None:
    rows = [(-1 if number in refused else number,) for number in range(50_000)]
    counted = Counted(connection)
    details = carry_out(connection, rows, counted.write, lambda row: f"no {row[0]}")
    assert details == ["no -1" if number in refused else "" for number in range(50_000)]
    assert connection.execute("SELECT number FROM numbers ORDER BY rowid").fetchall() == [
        row for row in rows if row[0] >= 0
    ]
    assert counted.times <= times
