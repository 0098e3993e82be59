"""The baseline: figures of the sources at the last completed apply, to hold the next exports against."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from reconciler.model import Baseline, TableFigures
from reconciler.state import tables
from reconciler.state.scope import lock_scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.state.scope import Scope


def keep_baseline(
    tx: Connection, scope: Scope, run: int, figures: Mapping[str, TableFigures], *, now: datetime
) -> None:
    """Make these figures the last good ones; in the transaction that ends the run."""
    lock_scope(tx, scope)
    tx.execute(delete(tables.baselines).where(scope.of(tables.baselines)))
    plain = {name: asdict(table) for name, table in figures.items()}
    tx.execute(insert(tables.baselines).values(**scope.columns, run=run, at=now, tables=plain))


def drop_baseline(tx: Connection, scope: Scope) -> None:
    """Have no last good figures any more; in the transaction that ends the run that undid something."""
    lock_scope(tx, scope)
    tx.execute(delete(tables.baselines).where(scope.of(tables.baselines)))


def read_baseline(tx: Connection, scope: Scope) -> Baseline | None:
    """The last good figures; None before the first apply that was completed."""
    found = tx.execute(select(tables.baselines).where(scope.of(tables.baselines))).one_or_none()
    if found is None:
        return None
    figures = {name: TableFigures(**table) for name, table in found.tables.items()}
    return Baseline(found.run, tables.to_text(found.at), figures)
