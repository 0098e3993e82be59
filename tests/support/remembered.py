"""Runs and changes for a state store, from the few values that a test is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconciler.frames import (
    GROUP_CHANGES,
    MEMBERSHIP_CHANGES,
    OUTCOMES,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
)
from reconciler.state.journal import close_batch, count_journal, open_batch
from reconciler.state.runs import end_run, start_run
from tests.support import plans

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection

    from reconciler.state.scope import Scope
    from reconciler.state.store import Store

NOW = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def start(tx: Connection, scope: Scope, **values: Any) -> int:
    """A run of Ana's that begins."""
    run: dict[str, Any] = {
        "kind": "apply",
        "plan_digest": "aa",
        "who": "ana",
        "host": "desk",
        "now": NOW,
        "header": {"school": "maple-grove"},
        "settings": {"groups": {"names": "keep"}},
    }
    return start_run(tx, scope, **run | values)


def finish(tx: Connection, scope: Scope, number: int, outcome: Any = "done", **values: Any) -> None:
    """The run is over an hour later, with the journal's counts."""
    counts = values.pop("counts", count_journal(tx, scope, number))
    end_run(tx, scope, number, outcome, counts=counts, now=values.pop("now", NOW + timedelta(hours=1)))


def users(*rows: plans.Row) -> pl.DataFrame:
    """USER_CHANGES; a row is as `plans.user` makes it."""
    return plans.frame(USER_CHANGES, list(rows))


def groups(*rows: plans.Row) -> pl.DataFrame:
    """GROUP_CHANGES."""
    return plans.frame(GROUP_CHANGES, list(rows))


def memberships(*rows: plans.Row) -> pl.DataFrame:
    """MEMBERSHIP_CHANGES."""
    return plans.frame(MEMBERSHIP_CHANGES, list(rows))


def relationships(*rows: plans.Row) -> pl.DataFrame:
    """RELATIONSHIP_CHANGES."""
    return plans.frame(RELATIONSHIP_CHANGES, list(rows))


def outcomes(kind: str, changes: pl.DataFrame, **missed: tuple[str, str]) -> pl.DataFrame:
    """OUTCOMES: all applied, but for `missed`: `_3=("stale", "it has moved")` is the change with the id 3."""
    rows = []
    for number in changes["id"]:
        outcome, detail = missed.get(f"_{number}", ("applied", ""))
        rows.append({"kind": kind, "id": number, "outcome": outcome, "detail": detail})
    return plans.frame(OUTCOMES, rows)


def journal(store: Store, scope: Scope, *batches: tuple[str, pl.DataFrame], **values: Any) -> int:
    """A whole run, done, of these batches; gives its number."""
    outcome = values.pop("outcome", "done")
    missed = values.pop("missed", {})
    with store.write() as tx:
        number = start(tx, scope, **values)
        for kind, changes in batches:
            batch = open_batch(tx, scope, number, kind, changes, now=NOW)
            close_batch(tx, scope, number, batch, outcomes(kind, changes, **missed), now=NOW)
        finish(tx, scope, number, outcome)
    return number
