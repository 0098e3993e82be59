"""What is remembered of an apply, and that there is only one at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.record import TIME_TO_LIVE, Applier, recorded
from reconciler.apply.runner import run
from reconciler.errors import ReconcileError
from reconciler.state.audit import list_entries, verify_chain
from reconciler.state.journal import read_journal
from reconciler.state.leases import SILENT, LeaseHeldError, LeaseLostError, break_lease, read_lease
from reconciler.state.runs import list_runs, read_plan_header
from reconciler.state.scope import Scope
from reconciler.state.store import open_store
from reconciler.targets.interface import Batch
from tests.support import directories as d
from tests.support.plans import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from reconciler.model import Outcomes, Plan
    from reconciler.state.store import Store
    from reconciler.targets import Target

SCOPE = Scope("maple-grove", "dir-1")
MORNING = datetime(2025, 9, 1, 8, tzinfo=UTC)


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


def applier(
    who: str = "ana", *, host: str = "desk", process: str = "71", alive: bool | None = True
) -> Applier:
    return Applier(who, host, process, lambda _process: alive)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / ".reconcile" / "state.db")


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return d.new_directory(tmp_path / "directory.db")


@pytest.fixture
def plan() -> Plan:
    return make_plan(users=d.numbered(users=[d.creation("S1"), d.creation("S2")])["users"])


def apply(store: Store, target: Target, plan: Plan, who: Applier, clock: Clock | None = None) -> Outcomes:
    with recorded(store, SCOPE, plan, who, clock or Clock()) as record:
        outcomes = run(plan, target, journal=record, batch_size=1)
        record.end("incomplete" if outcomes.incomplete else "done")
    return outcomes


def test_a_run_is_remembered_with_every_change_and_what_became_of_it(store, target, plan):
    apply(store, target, plan, applier())
    with store.read() as tx:
        (one,) = list_runs(tx, SCOPE)
        batches = list(read_journal(tx, SCOPE, one.number))
        header = read_plan_header(tx, SCOPE, one.number)
        assert read_lease(tx, SCOPE) is None
        events = [(entry.who, entry.event) for entry in list_entries(tx, SCOPE)]
        assert not verify_chain(tx, SCOPE).broken
    assert (one.who, one.host, one.outcome, one.counts) == (
        "ana",
        "desk",
        "done",
        {"users": {"create": {"applied": 2}}},
    )
    rows = [row for batch in batches for row in batch.changes.select("host_id", "outcome").rows()]
    assert rows == [("S1", "applied"), ("S2", "applied")]
    assert header is not None
    assert header["directory_id"] == plan.header.directory_id
    assert events == [("ana", "run 1 started"), ("ana", "run 1 done")]


def test_a_batch_is_written_down_before_it_is_made(store, target, plan, monkeypatch):
    journalled: list[int] = []
    really_apply = target.apply

    def apply_and_look(batch: Batch) -> pl.DataFrame:
        with store.read() as tx:
            journalled.append(len(list(read_journal(tx, SCOPE, 1))))
        outcomes: pl.DataFrame = really_apply(batch)
        return outcomes

    monkeypatch.setattr(target, "apply", apply_and_look)
    apply(store, target, plan, applier())
    assert journalled == [1, 2]


def test_a_second_apply_is_told_who_applies_and_since_when(store, target, plan):
    with recorded(store, SCOPE, plan, applier(), Clock()), pytest.raises(LeaseHeldError) as held:
        apply(store, target, plan, applier("ben", host="other"))
    assert str(held.value) == (
        "maple-grove: an apply is under way, by ana, process 71, on desk since 2025-09-01 08:00:00 UTC, last"
        " seen 2025-09-01 08:00:00 UTC; wait until it is done. Without another sign of life it holds the"
        " school until 2025-09-01 08:05:00 UTC. If you know that it was stopped,"
        " `reconcile unlock maple-grove`"
    )
    assert target.read().users.is_empty()


@pytest.mark.parametrize(
    ("second", "later", "takes_over"),
    [
        (applier("ben", alive=False), timedelta(), True),  # this machine knows that the process is gone
        (applier("ben", alive=True), timedelta(), False),
        (applier("ben", host="other", alive=False), timedelta(), False),  # nobody knows of another machine
        (applier("ben", alive=None), timedelta(), False),  # nor of another container
        (applier("ben", alive=None), TIME_TO_LIVE, True),
        (applier("ben", process="72"), TIME_TO_LIVE, False),  # ana has slept, and is about to go on
        (applier("ben", process="72"), SILENT - timedelta(seconds=1), False),
        (applier("ben", process="72"), SILENT, True),  # another process has got the number, or ana's lives on
        (applier("ben", process="71"), TIME_TO_LIVE, True),  # a container that began again
        (applier("ben", host="other"), TIME_TO_LIVE, True),
        (applier("ben", host="other"), TIME_TO_LIVE - timedelta(seconds=1), False),
    ],
)
def test_who_may_take_over(store, target, plan, second, later, takes_over):
    clock = Clock()
    first = recorded(store, SCOPE, plan, applier(), clock)
    first.__enter__()  # and is killed
    clock.now += later
    if not takes_over:
        with pytest.raises(LeaseHeldError):
            apply(store, target, plan, second, clock)
        return
    apply(store, target, plan, second, clock)
    with store.read() as tx:
        assert [(one.who, one.outcome) for one in list_runs(tx, SCOPE)] == [
            ("ben", "done"),
            ("ana", "interrupted"),
        ]


def test_of_a_run_that_was_killed_the_next_one_notes_what_its_journal_has(store, target, plan):
    record = recorded(store, SCOPE, plan, applier(), Clock())
    journal = record.__enter__()
    batch = journal.open("users", plan.changes.users)
    journal.close(batch, target.apply(Batch("users", plan.changes.users, d.YEAR)))
    journal.open("users", plan.changes.users)  # and is killed
    apply(store, target, plan, applier("ben", alive=False))
    with store.read() as tx:
        assert [one.counts for one in list_runs(tx, SCOPE)] == [
            {"users": {"create": {"already": 2}}},
            {"users": {"create": {"applied": 2, "": 2}}},
        ]


def test_who_gives_no_sign_of_life_but_is_there_is_told_of(store, target, plan):
    clock = Clock()
    first = recorded(store, SCOPE, plan, applier(), clock)
    first.__enter__()  # and sleeps
    clock.now += TIME_TO_LIVE
    with pytest.raises(LeaseHeldError) as held:
        apply(store, target, plan, applier("ben", process="72"), clock)
    assert str(held.value) == (
        "maple-grove: an apply is under way, by ana, process 71, on desk since 2025-09-01 08:00:00 UTC, last"
        " seen 2025-09-01 08:00:00 UTC, and its process is still there; wait until it is done, or end that"
        " process. As long as that is there, it holds the school until 2025-09-01 20:00:00 UTC. If you know"
        " that it applies no more, `reconcile unlock maple-grove`"
    )


def test_an_apply_whose_lease_was_broken_makes_no_further_batch(store, target, plan, monkeypatch):
    really_apply = target.apply

    def apply_and_unlock(batch: Batch) -> pl.DataFrame:
        outcomes: pl.DataFrame = really_apply(batch)
        with store.write() as tx:
            break_lease(tx, SCOPE)
        return outcomes

    monkeypatch.setattr(target, "apply", apply_and_unlock)
    with pytest.raises(LeaseLostError, match="it was unlocked"):
        apply(store, target, plan, applier())
    assert target.read().users["host_id"].to_list() == ["S1"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ReconcileError("the disk is full"), "failed"), (KeyboardInterrupt(), "interrupted")],
)
def test_what_stops_an_apply_is_raised_and_remembered(store, plan, error, outcome):
    with pytest.raises(type(error)), recorded(store, SCOPE, plan, applier(), Clock()):
        raise error
    with store.read() as tx:
        assert [one.outcome for one in list_runs(tx, SCOPE)] == [outcome]
        assert read_lease(tx, SCOPE) is None


def test_the_first_error_is_told_where_the_store_went_away_too(store, target, plan, tmp_path, monkeypatch):
    def fail(_batch: Batch) -> pl.DataFrame:
        (tmp_path / ".reconcile" / "state.db").write_bytes(b"no store any more")
        raise ReconcileError("the directory is locked")

    monkeypatch.setattr(target, "apply", fail)
    with pytest.raises(ReconcileError, match="the directory is locked"):
        apply(store, target, plan, applier())
