"""What a plan asks of the store, whatever database it is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcileError
from reconciler.model import Baseline, Remembered, TableFigures
from reconciler.state.baseline import keep_baseline
from reconciler.state.glance import VERSIONS, glance
from reconciler.state.migrations import MIGRATIONS
from reconciler.state.runs import end_run
from reconciler.state.store import open_store
from reconciler.state.tables import to_text
from tests.support.remembered import NOW, finish, start

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.scope import Scope

STUDENTS = TableFigures(
    "students.csv", 399, "cafe", "utf-8", {"email": 3}, "2025-08-31T20:00:00+00:00", "bee"
)
FIRST = {"figures": {"first_import": True}}


def seen(where: str, scope: Scope) -> Remembered:
    return glance(where, scope.school_id, scope.directory_id)


def test_its_statements_know_the_tables_of_today() -> None:
    assert len(MIGRATIONS) == VERSIONS[-1]


def test_where_there_is_no_store_nothing_is_remembered_and_none_is_made(where: str, scope: Scope) -> None:
    assert seen(where, scope) == Remembered()
    assert seen(where, scope) == Remembered()


def test_the_baseline_is_that_of_the_directory(where: str, scope: Scope) -> None:
    with open_store(where).write() as tx:
        run = start(tx, scope, header={"part": []})
        finish(tx, scope, run)
        keep_baseline(tx, scope, run, {"students": STUDENTS}, now=NOW)
    assert seen(where, scope) == Remembered(
        Baseline(1, to_text(NOW), {"students": STUDENTS}), settings={"groups": {"names": "keep"}}
    )
    assert glance(where, scope.school_id, "another") == Remembered()
    assert glance(where, "another", scope.directory_id) == Remembered()


def test_a_run_of_a_part_of_a_plan_is_no_last_good_one(where: str, scope: Scope) -> None:
    with open_store(where).write() as tx:
        finish(tx, scope, start(tx, scope, header={**FIRST, "part": ["S1"]}))
    assert seen(where, scope) == Remembered(unfinished_import=True)


def test_a_first_import_is_unfinished_until_an_apply_is_done(where: str, scope: Scope) -> None:
    store = open_store(where)
    with store.write() as tx:
        first = start(tx, scope, header=FIRST)
        end_run(tx, scope, first, "interrupted", counts={}, now=NOW)
    assert seen(where, scope).unfinished_import
    with store.write() as tx:
        second = start(tx, scope, header={**FIRST, "part": []})
        finish(tx, scope, second)
    assert not seen(where, scope).unfinished_import


def test_an_apply_that_found_accounts_of_ours_is_no_first_import(where: str, scope: Scope) -> None:
    with open_store(where).write() as tx:
        run = start(tx, scope, header={"figures": {"first_import": False}})
        end_run(tx, scope, run, "interrupted", counts={}, now=NOW)
    assert not seen(where, scope).unfinished_import


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"students of last year" * 100)
    with pytest.raises(ReconcileError, match=r"state\.db"):
        glance(path, "maple-grove", "dir-1")


def test_a_sqlite_store_is_asked_without_sqlalchemy(tmp_path: Path) -> None:
    open_store(tmp_path / "state.db")
    asked = (
        "import sys; from reconciler.state.glance import glance;"
        f"glance({str(tmp_path / 'state.db')!r}, 'maple-grove', 'dir-1'); print('sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
