"""People and groups by campus, where each of several schools has groups of its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import SEVERAL_SCHOOLS

if TYPE_CHECKING:
    from reconciler.model import School


def at_each_campus(people: pl.DataFrame, school: School) -> pl.DataFrame:
    """People once for each campus of theirs, where groups are made per school."""
    if not school.groups.per_school:
        return people.with_columns(_NO_CAMPUS)
    campuses = pl.col("school_id").str.split(SEVERAL_SCHOOLS).list.unique(maintain_order=True)
    return people.with_columns(campuses).explode("school_id", empty_as_null=False)


@cache
def campus_of_key() -> pl.Expr:
    """How a group's key ends by the one campus in `school_id`, '' for none."""
    return pl.when(pl.col("school_id") == "").then(pl.lit("")).otherwise(pl.lit("@") + pl.col("school_id"))


_NO_CAMPUS = pl.lit("").alias("school_id")
