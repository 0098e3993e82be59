"""A run taken back through the command line, with the same guards and the same apply as any other plan."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from reconciler.apply.record import RunRecord
from reconciler.errors import ReconcileError
from reconciler.pipeline import carry_out, load
from reconciler.state.erasure import purge
from reconciler.state.store import open_store
from reconciler.undoing import plan_undo
from tests.support.looks import found

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TABLES = {"users": ["id"], "groups": ["id"], "memberships": ["group_id", "user_id"]}
TABLES["relationships"] = ["student_id", "parent_id"]

LIFTED = ("--allow", "users.deactivate", "--allow", "relationships.remove", "--reason", "the wrong files")

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Desk:
    """The demo school, applied to in its first year (run 1) and rolled over (run 2)."""

    run: Callable[..., tuple[int, str, str]]
    directory: Path
    first_year: Rows

    def take_back(self, number: str) -> None:
        """Plan the undoing of a run, lift whatever guard holds it, and apply it."""
        assert self.run("undo", "maple-grove", number, "--out", "back.plan")[0] in (0, 3)
        guards = json.loads(self.run("show", "back.plan", "--format", "json")[1])["guards"]
        lifted = [part for one in guards if one["tripped"] for part in ("--allow", one["guard"])]
        reason = ("--reason", "the wrong year's files") if lifted else ()
        assert self.run("apply", "back.plan", "--auto-approve", *lifted, *reason)[0] == 0

    def contents(self) -> Rows:
        return contents(self.directory)

    def by_hand(self, statement: str) -> None:
        with closing(sqlite3.connect(self.directory)) as connection, connection:
            assert connection.execute(statement).rowcount


def contents(directory: Path) -> Rows:
    """Every column of every row, by table and key; the directory's school year, too."""
    with closing(sqlite3.connect(directory)) as connection:
        connection.row_factory = sqlite3.Row
        rows = {
            table: {
                tuple(row[name] for name in keys): dict(row)
                for row in connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - ours
            }
            for table, keys in TABLES.items()
        }
        year = connection.execute("SELECT school_year FROM directory").fetchone()[0]
    return {**rows, "year": {(year,): {}}}


@pytest.fixture
def desk(demo: Path, monkeypatch: pytest.MonkeyPatch, reconcile: Callable[..., tuple[int, str, str]]) -> Desk:
    """The demo school, applied to once in each of two years."""
    run = reconcile
    monkeypatch.setenv("SCHOOL_YEAR", "2025-26")
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    directory = demo / "schools" / "maple-grove.db"
    before = contents(directory)
    monkeypatch.setenv("SCHOOL_YEAR", "2026-27")
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    return Desk(run, directory, before)


def test_undo_after_a_roll_over_brings_the_directory_back_to_what_it_was(desk: Desk) -> None:
    code, shown, said = desk.run("undo", "maple-grove", "2", "--out", "back.plan")
    assert code == 3  # a tenth of all users would leave
    assert shown.startswith(
        "Undoes run 2: the directory as it was, but for what has changed since\n\n"
        "School year 2026-27 -> 2025-26: back\n\nMaple Grove School (maple-grove), 2025-26, directory "
    )
    assert said == "Saved as back.plan. To take the run back: reconcile apply back.plan\n"
    desk.take_back("2")
    now, before = desk.contents(), desk.first_year
    made = set(now["users"]) - set(before["users"])
    assert made
    assert {key: row for key, row in now["users"].items() if key not in made} == before["users"]
    assert {now["users"][key]["active"] for key in made} == {0}
    assert now["memberships"] == before["memberships"]
    assert now["relationships"] == before["relationships"]
    assert {key: now["groups"][key] for key in before["groups"]} == before["groups"]
    assert now["year"] == before["year"]


def test_history_says_what_undid_what_and_an_undo_is_undone(desk: Desk) -> None:
    rolled_over = desk.contents()
    for number in ("2", "3"):
        desk.take_back(number)
    assert desk.contents() == rolled_over
    lines = desk.run("history", "maple-grove")[1].splitlines()[2:]
    assert [line.split("  ")[-1] for line in lines] == ["undo of 3, done", "undo of 2, done", "done", "done"]
    (runs,) = json.loads(desk.run("history", "maple-grove", "--format", "json")[1]).values()
    assert [(one["number"], one["kind"], one["undoes"]) for one in runs] == [
        (4, "undo", 3),
        (3, "undo", 2),
        (2, "apply", 0),
        (1, "apply", 0),
    ]


def test_what_was_edited_since_is_left_and_listed(desk: Desk) -> None:
    users = plan_undo(load("maple-grove"), 2).changes.users
    host_id = users.filter(users["fields"].str.contains("last_name"))["host_id"][0]
    desk.by_hand(f"UPDATE users SET last_name = 'Byhand' WHERE host_id = '{host_id}'")  # noqa: S608
    plan = plan_undo(load("maple-grove"), 2)
    assert found(plan.findings, "undo-conflict") == [("undo-conflict", host_id)]
    desk.take_back("2")
    names = {row["host_id"]: row["last_name"] for row in desk.contents()["users"].values()}
    assert names[host_id] == "Byhand"


def test_whom_a_later_run_has_changed_stays_until_that_is_undone_too(desk: Desk) -> None:
    changed = plan_undo(load("maple-grove"), 2).changes.users
    later = changed.filter(pl.col("fields").str.contains("name|email|year|type"))["host_id"].to_list()
    conflicts = found(plan_undo(load("maple-grove"), 1).findings, "undo-conflict")
    assert conflicts == [("undo-conflict", host_id) for host_id in sorted(set(later))]
    assert conflicts
    desk.take_back("2")
    desk.take_back("1")
    assert {row["active"] for row in desk.contents()["users"].values()} == {0}
    assert desk.contents()["memberships"] == {}


def test_undo_goes_through_the_guards(desk: Desk) -> None:
    code, shown, _ = desk.run("undo", "maple-grove", "1")
    assert code == 3
    assert "users.deactivate: " in shown


def test_what_cannot_be_undone_is_told(desk: Desk) -> None:
    assert desk.run("undo", "maple-grove", "9")[2] == (
        "maple-grove: there is no run 9 (they go from 1 to 2); `reconcile history maple-grove` lists them\n"
    )
    desk.take_back("2")
    assert desk.run("apply", "back.plan", "--auto-approve", *LIFTED)[0] == 0  # a second time: nothing to do
    assert desk.run("undo", "maple-grove", "4") == (
        1,
        "",
        "maple-grove: run 4 changed nothing, so there is nothing to undo\n",
    )


def test_a_run_that_was_killed_is_interrupted_and_can_be_undone(
    demo: Path, monkeypatch: pytest.MonkeyPatch, reconcile: Callable[..., tuple[int, str, str]]
) -> None:
    def killed(_record: RunRecord, _outcome: str) -> None:
        raise ReconcileError("a process that was killed writes nothing")

    monkeypatch.setattr(carry_out, "this_process", lambda: "999999999")
    with monkeypatch.context() as patch:
        patch.setattr(RunRecord, "end", killed)
        assert reconcile("apply", "maple-grove", "--auto-approve")[0] == 1
    (run,) = json.loads(reconcile("history", "maple-grove", "--format", "json")[1])[
        load_id(demo / "schools" / "maple-grove.db")
    ]
    assert run["outcome"] == "interrupted"
    assert run["counts"]["groups"]["create"]["applied"] > 0
    assert "interrupted" in reconcile("status", "maple-grove", "--no-plan")[1]
    code, shown, _ = reconcile("undo", "maple-grove", "1")
    assert code == 3  # everybody would leave
    assert shown.startswith("Undoes run 1:")


def load_id(directory: Path) -> str:
    with closing(sqlite3.connect(directory)) as connection:
        return str(connection.execute("SELECT id FROM directory").fetchone()[0])


def test_a_run_whose_values_were_purged_cannot_be_undone(desk: Desk) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    purge(
        open_store(desk.directory.parent / ".reconcile" / "state.db"), "maple-grove", before=later, now=later
    )
    code, _, said = desk.run("undo", "maple-grove", "1")
    assert (code, said) == (
        1,
        f"maple-grove: the changes of run 1 were purged on {later:%Y-%m-%d}; only their counts are left\n",
    )
