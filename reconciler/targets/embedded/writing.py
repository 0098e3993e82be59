"""A batch is carried out: the school year first, then each change against its precondition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.targets.embedded.groups import write_groups
from reconciler.targets.embedded.links import write_memberships, write_relationships
from reconciler.targets.embedded.users import write_users

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

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
    outcomes = _WRITERS[batch.kind](connection, batch.changes)
    return frames.check(
        batch.changes.select("id", kind=pl.lit(batch.kind)).join(
            outcomes, on="id", how="left", maintain_order="left"
        ),
        frames.OUTCOMES,
    )
