"""The demo school by Vidigami's import sheets: plan, hand over, upload, export, plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.record import RunRecord
from reconciler.errors import ReconcileError
from tests.support.vidigami import Vidigami

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

Run = Callable[..., tuple[int, str, str]]
TARGET = """\
target:
  kind: sheets
  path: vidigami
  exports:
    users: vidigami/exports/users.csv
    memberships: vidigami/exports/memberships.csv
"""


@pytest.fixture
def vidigami(demo: Path) -> Vidigami:
    """That of the demo school, which is told to work by sheets."""
    file = demo / "schools" / "maple-grove.yaml"
    text = file.read_text(encoding="utf-8")
    before, _, after = text.partition("target:\n")
    rest = after.split("\n\n", 1)[1]
    file.write_text(f"{before}{TARGET}\n{rest}", encoding="utf-8")
    there = Vidigami(version="v2")
    there.users["1000"]["User Type"] = "Staff"
    there.export(demo / "schools" / "vidigami" / "exports")
    return there


def test_the_demo_school_gets_in_by_sheets(demo: Path, vidigami: Vidigami, reconcile: Run) -> None:
    assert reconcile("validate")[0] == 0
    code, summary, told = reconcile("apply", "maple-grove", "--auto-approve")
    assert (code, told) == (0, "")
    assert summary.splitlines()[-1] == "Upload the sheets in schools/vidigami/0001: its README.txt says how."
    assert "handed over, to be confirmed by the next export" in summary
    waiting = reconcile("plan", "maple-grove")[1].splitlines()
    assert waiting[:2] == [
        "No changes. 811 people are as the SIS has them.",
        "Not confirmed yet: 0001 is taken for uploaded; the next export will tell.",
    ]
    assert vidigami.upload_all(demo / "schools" / "vidigami" / "0001") == []
    vidigami.export(demo / "schools" / "vidigami" / "exports")
    code, plan, _ = reconcile("plan", "maple-grove", "--detailed-exitcode")
    assert (code, plan.splitlines()[0]) == (0, "No changes. 811 people are as the SIS has them.")
    assert "handed-over" not in plan
    assert "not-arrived" not in plan


def test_a_plan_that_was_handed_over_is_not_handed_over_again(
    demo: Path, vidigami: Vidigami, reconcile: Run
) -> None:
    del vidigami
    reconcile("plan", "maple-grove", "--out", "first.plan")
    assert reconcile("apply", "first.plan", "--auto-approve")[0] == 0
    assert reconcile("apply", "first.plan", "--auto-approve")[0] == 0
    assert [path.name for path in (demo / "schools" / "vidigami").iterdir() if path.name.isdigit()] == [
        "0001"
    ]


def test_undo_hands_over_what_takes_it_back(demo: Path, vidigami: Vidigami, reconcile: Run) -> None:
    reconcile("apply", "maple-grove", "--auto-approve")
    vidigami.upload_all(demo / "schools" / "vidigami" / "0001")
    vidigami.export(demo / "schools" / "vidigami" / "exports")
    assert reconcile("undo", "maple-grove", "1", "--out", "undo.plan")[0] == 3
    guards = ("users.deactivate", "relationships.remove")
    allowed = [part for guard in guards for part in ("--allow", guard)]
    code, _, err = reconcile("apply", "undo.plan", *allowed, "--reason", "a rehearsal", "--auto-approve")
    assert code == 0, err
    assert [path.name for path in sorted((demo / "schools" / "vidigami" / "0002").glob("*.csv"))] == [
        "01-removals.csv"
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ReconcileError("no room")])
def test_a_run_that_handed_nothing_over_takes_nothing_back(
    vidigami: Vidigami, reconcile: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    del vidigami

    def fail(*_: object) -> str:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr("reconciler.targets.sheets.hand_over", fail)
        assert reconcile("apply", "maple-grove", "--auto-approve")[0] != 0
    assert reconcile("apply", "maple-grove", "--auto-approve")[0] == 0
    code, _, err = reconcile("undo", "maple-grove", "1")
    assert (code, err) == (1, "maple-grove: run 1 changed nothing, so there is nothing to undo\n")
    assert "deactivate" in reconcile("undo", "maple-grove", "2")[1]


def test_a_run_that_was_killed_while_it_noted_what_it_handed_over_can_be_taken_back(
    vidigami: Vidigami, reconcile: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    del vidigami
    really_close, closed = RunRecord.close, 0

    def close_one(record: RunRecord, batch: int, outcomes: pl.DataFrame) -> None:
        nonlocal closed
        closed += 1
        if closed > 1:
            raise KeyboardInterrupt
        really_close(record, batch, outcomes)

    with monkeypatch.context() as killed:
        killed.setattr(RunRecord, "close", close_one)
        assert reconcile("apply", "maple-grove", "--auto-approve")[0] != 0
    undone = json.loads(reconcile("undo", "maple-grove", "1", "--format", "json")[1])
    assert {change["kind"] for change in undone["changes"]} == {"user", "membership", "relationship"}


def test_a_person_is_forgotten_in_what_is_remembered_too(
    demo: Path, vidigami: Vidigami, reconcile: Run
) -> None:
    del vidigami
    reconcile("apply", "maple-grove", "--auto-approve")
    told = reconcile("forget", "maple-grove", "P1102")[1]
    assert told.endswith(" of 1 run, and in what is remembered of the directory.\n")
    state = (demo / "schools" / "vidigami").parent / ".reconcile" / "state.db"
    assert b"P1102" not in state.read_bytes()
    assert b"sorrelby" not in state.read_bytes().lower()


def test_an_export_that_is_missing_or_cut_off_stops_the_plan(
    demo: Path, vidigami: Vidigami, reconcile: Run
) -> None:
    reconcile("apply", "maple-grove", "--auto-approve")
    vidigami.upload_all(demo / "schools" / "vidigami" / "0001")
    vidigami.export(demo / "schools" / "vidigami" / "exports")
    users = demo / "schools" / "vidigami" / "exports" / "users.csv"
    users.write_bytes(users.read_bytes()[:5000])
    code, out, err = reconcile("plan", "maple-grove")
    assert (code, out) == (1, "")
    assert "schools/vidigami/exports/users.csv:" in err
    users.unlink()
    code, out, err = reconcile("plan", "maple-grove")
    assert (code, out) == (1, "")
    assert err.startswith("schools/vidigami/exports/users.csv: no such file; export the users there,")
