"""The journal: each batch of changes is written down before it is carried out, and closed after it.

A batch is one row with all its changes in one packed frame: a run may have a million changes, and what is
asked of them is the whole run in order (undo), their counts (history, kept beside), or one person's (forget).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import func, insert, select, update

from reconciler.errors import ReconcileError
from reconciler.frames import (
    GROUP_CHANGES,
    MEMBERSHIP_CHANGES,
    OUTCOMES,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
    check,
)
from reconciler.model.plan import KINDS
from reconciler.state import tables
from reconciler.state.packing import pack, unpack
from reconciler.state.runs import read_run, require_running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.frames import Schema
    from reconciler.state.runs import Counts
    from reconciler.state.scope import Scope

CHANGES: Mapping[str, Schema] = {
    "users": USER_CHANGES,
    "groups": GROUP_CHANGES,
    "memberships": MEMBERSHIP_CHANGES,
    "relationships": RELATIONSHIP_CHANGES,
}
"""Kind -> the schema of its changes."""
BATCH_OUTCOMES = {name: OUTCOMES[name] for name in ("id", "outcome", "detail", "made_id")}
"""OUTCOMES of one kind."""


@dataclass(frozen=True, slots=True)
class JournalBatch:
    """A batch of a run, as it was carried out."""

    batch: int
    """Counts from 1 in each run."""
    kind: str
    opened: datetime
    closed: datetime | None
    """None where the run was stopped within it: then the outcomes are not known."""
    changes: pl.DataFrame
    """The changes of its kind in their order, with `outcome` ('' where it is not known) and `detail`, and
    `made_id`, the target id of an account that was created ('' in journals of before it was written down).

    Of a change that was forgotten, Host IDs are `(forgotten)` and all other values are blank.
    """


_row = tables.batches.c


def open_batch(  # noqa: PLR0913 - which run, and what it is about to do
    tx: Connection, scope: Scope, run: int, kind: str, changes: pl.DataFrame, *, now: datetime
) -> int:
    """Write down the changes that are about to be carried out; gives the number of the batch.

    `changes` are of the kind's schema. Commit before the target is touched: that is what the journal is for.

    Raises:
        ReconcileError: the run is over.
    """
    require_running(tx, scope, run)
    last = tx.execute(select(func.max(_row.batch)).where(scope.of(tables.batches), _row.run == run)).scalar()
    changes = check(changes, CHANGES[kind])
    tx.execute(
        insert(tables.batches).values(
            **scope.columns,
            run=run,
            batch=(last or 0) + 1,
            kind=kind,
            size=changes.height,
            opened=now,
            counts=_count(changes.select("action", outcome=pl.lit(""))),
            changes=pack(changes),
        )
    )
    return (last or 0) + 1


def close_batch(  # noqa: PLR0913 - which batch, and what became of it
    tx: Connection, scope: Scope, run: int, batch: int, outcomes: pl.DataFrame, *, now: datetime
) -> None:
    """Write down what became of a batch: OUTCOMES, one row for each of its changes.

    Raises:
        ReconcileError: the run is over, or the batch is not open.
        ValueError: the outcomes are not those of the batch's changes.
    """
    require_running(tx, scope, run)
    one = (scope.of(tables.batches), _row.run == run, _row.batch == batch, _row.closed.is_(None))
    found = tx.execute(select(_row.kind, _row.changes).where(*one)).one_or_none()
    if found is None:
        raise ReconcileError(f"{scope.school_id}: batch {batch} of run {run} is not open in the journal")
    actions = unpack(found.changes, {name: CHANGES[found.kind][name] for name in ("id", "action")})
    outcomes = check(outcomes, OUTCOMES)
    if not outcomes["id"].sort().equals(actions["id"].sort()) or (outcomes["kind"] != found.kind).any():
        raise ValueError(f"the outcomes are not those of batch {batch} of run {run}")
    values = {
        "closed": now,
        "outcomes": pack(outcomes.select(*BATCH_OUTCOMES)),
        "counts": _count(actions.join(outcomes, on="id")),
    }
    tx.execute(update(tables.batches).where(*one).values(values))


def read_journal(tx: Connection, scope: Scope, run: int) -> Iterator[JournalBatch]:
    """The batches of a run in their order, one in memory at a time.

    Raises:
        ReconcileError: there is no such run, its values were purged, or the journal is damaged.
    """
    if purged := read_run(tx, scope, run).purged:
        raise ReconcileError(
            f"{scope.school_id}: the changes of run {run} were purged on {purged:%Y-%m-%d};"
            " only their counts are left"
        )
    of_run = (scope.of(tables.batches), _row.run == run)
    for batch in tx.execute(select(_row.batch).where(*of_run).order_by(_row.batch)).scalars().all():
        row = tx.execute(select(tables.batches).where(*of_run, _row.batch == batch)).one()
        try:
            changes = unpack(row.changes, CHANGES[row.kind])
            outcomes = unpack(row.outcomes, BATCH_OUTCOMES) if row.outcomes else None
        except (TypeError, ValueError) as error:
            raise ReconcileError(
                f"{scope.school_id}: batch {batch} of run {run} is damaged in the journal;"
                " restore the state store from a backup"
            ) from error
        yield JournalBatch(batch, row.kind, row.opened, row.closed, _joined(changes, outcomes))


def count_journal(tx: Connection, scope: Scope, run: int) -> Counts:
    """How many changes of each kind, action and outcome a run has. Purging leaves it as it is."""
    total: dict[str, dict[str, dict[str, int]]] = {}
    rows = tx.execute(select(_row.kind, _row.counts).where(scope.of(tables.batches), _row.run == run))
    for kind, counts in rows.all():
        for action, outcomes in counts.items():
            of_action = total.setdefault(kind, {}).setdefault(action, {})
            for outcome, changes in outcomes.items():
                of_action[outcome] = of_action.get(outcome, 0) + changes
    return {kind: total[kind] for kind in KINDS if kind in total}


def _count(changes: pl.DataFrame) -> dict[str, dict[str, int]]:
    """`action, outcome` -> action -> outcome -> changes."""
    counts: dict[str, dict[str, int]] = {}
    for action, outcome, number in (
        changes.group_by("action", "outcome").len().sort("action", "outcome").rows()
    ):
        counts.setdefault(action, {})[outcome] = number
    return counts


def _joined(changes: pl.DataFrame, outcomes: pl.DataFrame | None) -> pl.DataFrame:
    if outcomes is None:
        return changes.with_columns(outcome=pl.lit(""), detail=pl.lit(""), made_id=pl.lit(""))
    return changes.join(outcomes, on="id", how="left", maintain_order="left")
