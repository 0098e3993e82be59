"""Of which school year an export is: grade and graduation year of its students say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from reconciler.model import Grades


def guess_year(students: pl.DataFrame, grades: Grades) -> tuple[int, int, int]:
    """The year in which the school year ends, how many students say so, and how many say anything.

    `students` are rows as read, with `grade` and `grad_year`. All are 0 where nobody has both.
    """
    if not {"grade", "grad_year"} <= set(students.columns):
        return 0, 0, 0
    numbers = {value.lower(): level.number for level in grades.levels for value in level.values}
    grade = pl.col("grade").str.to_lowercase().replace_strict(numbers, default=None, return_dtype=pl.Int64)
    ends = students.select(end=pl.col("grad_year").cast(pl.Int64, strict=False) - (grades.final - grade))
    counts = ends.drop_nulls()["end"].value_counts().sort("count", "end", descending=True)
    if not counts.height:
        return 0, 0, 0
    end, most = counts.row(0)
    return int(end), int(most), int(counts["count"].sum())
