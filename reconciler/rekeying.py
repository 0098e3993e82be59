"""A directory under the Host IDs that its accounts are about to get."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from reconciler.keys import put

if TYPE_CHECKING:
    from reconciler.model import Directory


def under_final_ids(current: Directory, moves: pl.DataFrame) -> Directory:
    """The directory with each account that `moves` (`was, host_id`) names under its new Host ID.

    All that is theirs, memberships and relationships, stands under it, too.
    """
    return replace(
        current,
        users=_renamed(current.users, "host_id", moves),
        memberships=_renamed(current.memberships, "host_id", moves),
        relationships=_renamed(
            _renamed(current.relationships, "student_host_id", moves), "parent_host_id", moves
        ),
    )


def _renamed(frame: pl.DataFrame, column: str, moves: pl.DataFrame) -> pl.DataFrame:
    rows = frame[column].is_in(moves["was"].implode()).arg_true()
    new = frame.select(pl.col(column).gather(rows).replace(moves["was"], moves["host_id"]))
    return put(frame, rows, new)
