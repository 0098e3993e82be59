"""An apply whose target is slow gives signs of life, so that nobody else takes it for dead."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.heartbeat import kept_alive
from reconciler.apply.record import TIME_TO_LIVE, Applier, recorded
from reconciler.apply.runner import run
from reconciler.errors import ReconcileError
from reconciler.state.leases import LeaseHeldError, LeaseLostError, break_lease, read_lease
from reconciler.state.runs import list_runs
from reconciler.state.scope import Scope, lock_scope
from reconciler.state.store import Store, open_store
from tests.support import directories as d
from tests.support.plans import make_plan
from tests.support.remembered import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from reconciler.model import Outcomes, Plan
    from reconciler.targets import Target
    from reconciler.targets.interface import Batch

SCOPE = Scope("maple-grove", "dir-1")
OFTEN = 0.01
ANA = Applier("ana", "desk", "71", lambda _process: True)
BEN = Applier("ben", "other", "72", lambda _process: True)


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread; not for ever."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "nothing has happened for five seconds"
        time.sleep(0.005)


def beats() -> bool:
    """Whether a thread gives signs of life."""
    return any(thread.name == "lease" for thread in threading.enumerate())


def last_seen(store: Store) -> datetime:
    with store.read() as tx:
        lease = read_lease(tx, SCOPE)
    assert lease
    return lease.seen


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / ".reconcile" / "state.db")
    url: str = request.getfixturevalue("postgres").empty_database()
    return url


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return d.new_directory(tmp_path / "directory.db")


@pytest.fixture
def plan() -> Plan:
    return make_plan(users=d.numbered(users=[d.creation("S1"), d.creation("S2")])["users"])


@pytest.fixture
def meanwhile(target: Target, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """What happens while the target is at the first batch, before it writes."""

    def let(happen: Callable[[], None]) -> None:
        really_apply, to_come = target.apply, [happen]

        def apply_slowly(batch: Batch) -> pl.DataFrame:
            while to_come:
                to_come.pop()()
            outcomes: pl.DataFrame = really_apply(batch)
            return outcomes

        monkeypatch.setattr(target, "apply", apply_slowly)

    return let


def apply(
    store: Store, target: Target, plan: Plan, clock: Clock, who: Applier = ANA, every: float = OFTEN
) -> Outcomes:
    with recorded(store, SCOPE, plan, who, clock, every=every) as record:
        outcomes = run(plan, target, journal=record, batch_size=1)
        record.end("done")
    return outcomes


def outcomes_of_runs(store: Store) -> list[tuple[str, str]]:
    with store.read() as tx:
        return [(one.who, one.outcome) for one in list_runs(tx, SCOPE)]


def test_a_batch_may_take_longer_than_the_lease_lives(where, target, plan, meanwhile):
    store, clock = open_store(where), Clock()

    def take_long() -> None:
        for _ in range(3):
            clock.now += TIME_TO_LIVE - timedelta(seconds=1)
            until(lambda: last_seen(store) == clock.now)
            with pytest.raises(LeaseHeldError, match="by ana, process 71, on desk"):
                apply(store, target, plan, clock, BEN)

    meanwhile(take_long)
    assert set(apply(store, target, plan, clock).frame["outcome"]) == {"applied"}
    assert outcomes_of_runs(store) == [("ana", "done")]


def test_a_passing_trouble_of_the_store_ends_no_apply(where, target, plan, meanwhile):
    store, clock = open_store(where), Clock()
    impatient = open_store(where, patience=0.02)

    def lock_for_a_while() -> None:
        with store.write() as tx:
            lock_scope(tx, SCOPE)
            clock.now += timedelta(minutes=1)
            time.sleep(0.2)  # some signs of life fail
        until(lambda: last_seen(store) == clock.now)

    meanwhile(lock_for_a_while)
    assert set(apply(impatient, target, plan, clock).frame["outcome"]) == {"applied"}
    assert outcomes_of_runs(store) == [("ana", "done")]


def test_whose_lease_was_broken_gives_no_more_signs_and_begins_no_batch(where, target, plan, meanwhile):
    store = open_store(where)

    def unlock() -> None:
        assert beats()
        with store.write() as tx:
            break_lease(tx, SCOPE)
        until(lambda: not beats())

    meanwhile(unlock)
    with pytest.raises(LeaseLostError, match="it was unlocked"):
        apply(store, target, plan, Clock())
    assert target.read().users["host_id"].to_list() == ["S1"]  # the batch in flight


def test_who_lost_touch_for_too_long_begins_no_batch_beside_another(where, target, plan, meanwhile):
    """No sign of life gets through, as while the server of the store cannot be reached."""
    store, clock = open_store(where), Clock()

    def be_taken_over() -> None:
        clock.now += TIME_TO_LIVE
        apply(store, target, plan, clock, BEN)

    meanwhile(be_taken_over)
    with pytest.raises(ReconcileError, match="somebody else has taken its place"):
        apply(store, target, plan, clock, every=3600)
    assert outcomes_of_runs(store) == [("ben", "done"), ("ana", "interrupted")]


@pytest.mark.parametrize("error", [None, ReconcileError("the disk is full"), KeyboardInterrupt()])
def test_signs_of_life_end_with_the_apply(tmp_path, plan, error):
    store = open_store(tmp_path / "state.db")

    def go() -> None:
        with recorded(store, SCOPE, plan, ANA, Clock(), every=OFTEN) as record:
            until(beats)
            if error:
                raise error
            record.end("done")

    if error:
        with pytest.raises(type(error)):
            go()
    else:
        go()
    assert not beats()
    with store.read() as tx:
        assert read_lease(tx, SCOPE) is None


def test_one_sign_that_fails_is_followed_by_others():
    given: list[int] = []

    def keep() -> None:
        given.append(len(given))
        if len(given) < 3:
            raise ReconcileError("the store cannot be reached")

    with kept_alive(keep, OFTEN):
        until(lambda: len(given) > 4)
    assert not beats()


def test_a_sign_that_hangs_does_not_hold_up_the_end():
    hangs, goes_on = threading.Event(), threading.Event()

    def keep() -> None:
        hangs.set()
        goes_on.wait(5)

    with kept_alive(keep, OFTEN, grace=0.05):
        assert hangs.wait(5)
    assert beats()
    goes_on.set()
    until(lambda: not beats())
