"""A batch is carried out: the school year first, then each change against its precondition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import frames
from reconciler.targets.embedded.groups import write_groups
from reconciler.targets.embedded.links import write_memberships, write_relationships
from reconciler.targets.embedded.users import made_ids, write_users
from reconciler.targets.judging import outcomes_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    import polars as pl

    from reconciler.targets.interface import Batch

_WRITERS: Mapping[str, Callable[[sqlite3.Connection, pl.DataFrame], pl.DataFrame]] = {
    "users": write_users,
    "groups": write_groups,
    "memberships": write_memberships,
    "relationships": write_relationships,
}


def write_batch(connection: sqlite3.Connection, batch: Batch) -> pl.DataFrame:
    """Carry out a batch inside a transaction; gives OUTCOMES in the order of the changes."""
    connection.execute("UPDATE directory SET school_year = ?", [batch.school_year])
    if batch.changes.is_empty():
        return frames.empty(frames.OUTCOMES)
    verdicts = _WRITERS[batch.kind](connection, batch.changes)
    made = made_ids(connection, batch.changes) if batch.kind == "users" else {}
    return outcomes_of(batch.kind, batch.changes, verdicts, made)
