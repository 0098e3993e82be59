from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcileError
from reconciler.model import LiftedGuard
from reconciler.state.audit import append_entry
from reconciler.state.journal import count_journal
from reconciler.state.runs import (
    Run,
    interrupt_runs,
    last_settings,
    list_runs,
    read_plan_header,
    read_run,
)
from reconciler.state.scope import Scope, find_scopes
from tests.support.remembered import DAY, NOW, finish, start

if TYPE_CHECKING:
    from reconciler.state.store import Store


def test_a_run_is_remembered_whole(store: Store, scope: Scope) -> None:
    counts = {"users": {"create": {"applied": 3, "failed": 1}}}
    with store.write() as tx:
        number = start(tx, scope, kind="undo", lifted=[LiftedGuard("deactivate", "a class left")])
        finish(tx, scope, number, "incomplete", counts=counts)
    with store.read() as tx:
        assert read_run(tx, scope, number) == Run(
            number=1,
            kind="undo",
            plan_digest="aa",
            who="ana",
            host="desk",
            started=NOW,
            ended=NOW + timedelta(hours=1),
            outcome="incomplete",
            counts=counts,
            lifted=(LiftedGuard("deactivate", "a class left"),),
            purged=None,
            undoes=0,
        )
        assert read_plan_header(tx, scope, number) == {"school": "maple-grove"}


def test_runs_are_numbered_for_each_directory_of_each_school(store: Store) -> None:
    with store.write() as tx:
        one, other, third = Scope("maple", "d1"), Scope("maple", "d2"), Scope("oak", "d1")
        assert [start(tx, scope) for scope in (one, one, other, third, one)] == [1, 2, 1, 1, 3]
        assert [run.number for run in list_runs(tx, one)] == [3, 2, 1]
        assert find_scopes(tx, "maple") == [one, other]


def test_a_run_is_running_until_it_ends(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        start(tx, scope)
    with store.read() as tx:
        (run,) = list_runs(tx, scope)
        assert (run.outcome, run.ended, run.counts) == ("running", None, {})


def test_a_run_ends_once(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        number = start(tx, scope)
        finish(tx, scope, number)
        with pytest.raises(ReconcileError) as refused:
            finish(tx, scope, number, "failed")
        assert str(refused.value) == (
            "maple-grove: run 1 is not running any more, so somebody else has taken its place;"
            " `reconcile history maple-grove` says who"
        )
        assert read_run(tx, scope, number).outcome == "done"


def test_runs_of_a_process_that_was_killed_are_interrupted(store: Store, scope: Scope) -> None:
    other = Scope("maple-grove", "dir-2")
    with store.write() as tx:
        finish(tx, scope, start(tx, scope))
        numbers = [start(tx, scope), start(tx, scope)]
        start(tx, other)
        append_entry(tx, scope, event="apply", who="ana", details={}, now=NOW)
        assert interrupt_runs(tx, scope, NOW + DAY, count_journal) == numbers
        assert [run.outcome for run in list_runs(tx, scope)] == ["interrupted", "interrupted", "done"]
        assert list_runs(tx, scope)[0].ended == NOW + DAY
        assert list_runs(tx, other)[0].outcome == "running"
        assert interrupt_runs(tx, scope, NOW + DAY, count_journal) == []


@pytest.mark.parametrize(("runs", "there"), [(0, "there is none yet"), (2, "they go from 1 to 2")])
def test_a_run_that_is_not_there(store: Store, scope: Scope, runs: int, there: str) -> None:
    with store.write() as tx:
        for _ in range(runs):
            start(tx, scope)
        with pytest.raises(ReconcileError) as refused:
            read_run(tx, scope, 7)
    assert str(refused.value) == (
        f"maple-grove: there is no run 7 ({there}); `reconcile history maple-grove` lists them"
    )


def test_settings_are_those_of_the_last_apply_that_was_completed(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        assert last_settings(tx, scope) is None
        for outcome, kind, names in (
            ("done", "apply", "keep"),
            ("done", "apply", "enforce"),
            ("incomplete", "apply", "half done"),
            ("done", "undo", "of an undo"),
        ):
            finish(tx, scope, start(tx, scope, kind=kind, settings={"names": names}), outcome)
        start(tx, scope, settings={"names": "running"})
        assert last_settings(tx, scope) == {"names": "enforce"}


def test_moments_are_stored_in_one_zone(store: Store, scope: Scope) -> None:
    there = datetime(2025, 9, 1, 10, 0, tzinfo=timezone(timedelta(hours=2)))
    with store.write() as tx:
        assert read_run(tx, scope, start(tx, scope, now=there)).started == NOW


def test_a_moment_without_a_zone_is_a_mistake(store: Store, scope: Scope) -> None:
    with pytest.raises(Exception, match="has no time zone"), store.write() as tx:
        start(tx, scope, now=datetime(2025, 9, 1))  # noqa: DTZ001 - the mistake


def test_plain_data_comes_back_as_it_was(store: Store, scope: Scope) -> None:
    settings = {"b": [1, 2.5, None, True], "a": {"é\udc80\x00": "\U0001f600"}}
    with store.write() as tx:
        finish(tx, scope, start(tx, scope, settings=settings))
        assert last_settings(tx, scope) == settings
