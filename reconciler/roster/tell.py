"""What the tables say of somebody, row by row, and what became of each row: by the roster's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import stack
from reconciler.roster.crosswalk import read_crosswalk
from reconciler.roster.judge import judge_rows

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.model import School, Tables

ROWS_TOLD = dict.fromkeys(
    (
        *("member_type", "host_id", "state", "reason", "file"),
        *("first_name", "last_name", "email", "grade", "grad_year", "status", "school_id"),
    ),
    pl.String,
) | {"line": pl.UInt32}
"""A row of a member type's table: what it says, its `state`, and why it does not count."""


def tell_rows(tables: Tables, school: School, host_ids: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """ROWS_TOLD of these Host IDs, and LINKS of contacts that name one of them on either end."""
    asked = pl.Series(sorted(host_ids), dtype=pl.String).implode()
    judged = judge_rows(tables, school, read_crosswalk(tables, school))
    told = [frame.filter(pl.col("host_id").is_in(asked)).select(*ROWS_TOLD) for frame in judged.rows.values()]
    ends = pl.col("student_host_id").is_in(asked) | pl.col("parent_host_id").is_in(asked)
    return stack(told, ROWS_TOLD), judged.links.filter(ends)
