"""Ids as the SIS means them, in the tables as they were exported."""

from __future__ import annotations

import polars as pl

from reconciler.columns import with_values
from reconciler.frames import clean_ids


def with_clean_ids(table: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The table with ids, in those of these columns that it has, as `clean_id` has them."""
    there = [name for name in names if name in table.columns]
    unclean = table.select(pl.col(there).str.contains(".0", literal=True).any())
    cleaned = {name: clean_ids(table[name]) for name in there if unclean[name].any()}
    return with_values(table, **cleaned) if cleaned else table
