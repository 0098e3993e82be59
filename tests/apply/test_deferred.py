"""The journal of a run whose changes are handed over at the end, all of them or none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.record import Applier, recorded
from reconciler.apply.runner import run
from reconciler.errors import ReconcileError
from reconciler.state.journal import read_journal
from reconciler.state.runs import list_runs
from reconciler.state.scope import Scope
from reconciler.state.store import open_store
from reconciler.targets import open_target
from tests.support import directories as d
from tests.support.memory import HeldMemory
from tests.support.plans import make_header, make_plan
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Kept
    from reconciler.state.store import Store
    from reconciler.targets import Target

SCOPE = Scope("maple-grove", "dir-1")
ANA = Applier("ana", "desk", "71", lambda _process: False)
PLAN = make_plan(
    users=d.numbered(users=[d.creation("S1"), d.creation("S2"), d.creation("S1")])["users"],
    header=make_header(new_directory=True, directory_year=""),
)


class FullMemory(HeldMemory):
    """One that has no room for more than the first."""

    def keep(self, kept: Kept) -> None:
        del kept
        raise ReconcileError("the disk is full")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "state.db")


def sheets(tmp_path: Path, memory: HeldMemory | None = None) -> Target:
    return open_target(sheet_settings(tmp_path / "sheets"), memory or HeldMemory())


def apply(store: Store, target: Target) -> None:
    with recorded(store, SCOPE, PLAN, ANA, lambda: datetime.now(UTC)) as record:
        outcomes = run(PLAN, target, journal=record, batch_size=1)
        record.end("incomplete" if outcomes.incomplete else "done")


def told(store: Store, number: int = 1) -> list[tuple[str, str, str]]:
    """What the journal says became of each change."""
    with store.read() as tx:
        batches = list(read_journal(tx, SCOPE, number))
    return [row for one in batches for row in one.changes.select("host_id", "outcome", "detail").rows()]


def test_outcomes_are_written_down_once_all_of_it_is_handed_over(store, tmp_path, monkeypatch):
    target = sheets(tmp_path)
    really_finish = target.finish
    before: list[tuple[str, str, str]] = []

    def look_and_finish() -> str:
        before.extend(told(store))
        return really_finish()

    monkeypatch.setattr(target, "finish", look_and_finish)
    apply(store, target)
    assert before == [("S1", "", ""), ("S2", "", ""), ("S1", "", "")]
    assert told(store) == [("S1", "handed-over", ""), ("S2", "handed-over", ""), ("S1", "already", "")]


def test_nothing_counts_as_made_where_nothing_could_be_handed_over(store, tmp_path):
    (tmp_path / "sheets").write_text("", encoding="utf-8")
    with pytest.raises(ReconcileError, match="nothing was handed over"):
        apply(store, sheets(tmp_path))
    with store.read() as tx:
        assert [(one.outcome, one.counts) for one in list_runs(tx, SCOPE)] == [
            ("failed", {"users": {"create": {"already": 1, "failed": 2}}})
        ]
    assert told(store)[0] == ("S1", "failed", "nothing was handed over")


def test_nothing_counts_as_made_where_a_batch_could_not_be(store, tmp_path, monkeypatch):
    def fail(_batch: object) -> None:
        raise ReconcileError("no room")

    target = sheets(tmp_path)
    monkeypatch.setattr(target, "apply", fail)
    with pytest.raises(ReconcileError, match="no room"):
        apply(store, target)
    assert told(store) == [("S1", "failed", "nothing was handed over")]


def test_sheets_that_cannot_be_remembered_are_not_handed_over(store, tmp_path):
    with pytest.raises(ReconcileError, match="the disk is full"):
        apply(store, sheets(tmp_path, FullMemory()))
    assert [path.name for path in (tmp_path / "sheets").iterdir()] == [".gitignore"]
    assert {outcome for _, outcome, _ in told(store)} == {"failed", "already"}


def test_after_an_interrupt_nothing_is_said(store, tmp_path, monkeypatch):
    def interrupt() -> str:
        raise KeyboardInterrupt

    target = sheets(tmp_path)
    monkeypatch.setattr(target, "finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        apply(store, target)
    assert {outcome for _, outcome, _ in told(store)} == {""}


def test_where_changes_are_made_at_once_each_batch_is_closed_at_once(store, tmp_path, monkeypatch):
    target = d.new_directory(tmp_path / "directory.db")
    before: list[tuple[str, str, str]] = []

    def look() -> str:
        before.extend(told(store))
        return ""

    monkeypatch.setattr(target, "finish", look)
    apply(store, target)
    assert [outcome for _, outcome, _ in before] == ["applied", "applied", "already"]
