"""Raw grades and graduation years -> the grade and the year that a student belongs to."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import where, with_values
from reconciler.frames import FINDINGS, findings, folded, one_finding, stack

if TYPE_CHECKING:
    from reconciler.model import Grades, School

MISMATCHES_THAT_HOLD = 3
"""Below this many, most of them disagreeing may be chance."""
_RAW_YEAR = pl.col("grad_year").str.strip_chars().str.replace(r"\.0+$", "")
_IS_YEAR = _RAW_YEAR.str.contains("^(?:19|20|21)[0-9]{2}$")
_GRADE, _YEAR, _DERIVED = pl.col("_grade"), pl.col("_year"), pl.col("_derived")
_NO_GRADE = (pl.col("_settled_grade") == "") & ~pl.col("_bad_grade")
_TROUBLE: tuple[tuple[str, str, str | pl.Expr], ...] = (
    ("_bad_grade", "unknown-grade", "its grade level is not in the table of grades, and counts as blank"),
    ("_bad_year", "no-grad-year", "its graduation year is not a year, and counts as blank"),
    (
        "_neither",
        "no-grad-year",
        "it has neither a grade level nor a graduation year, so it joins no grade group",
    ),
    (
        "_misfit",
        "no-grad-year",
        "no grade has its graduation year, and its grade level is blank, so it joins no grade group",
    ),
    (
        "_differs",
        "grade-mismatch",
        pl.format("its graduation year is {}, its grade says {}", _YEAR, _DERIVED),
    ),
)
"""What may be amiss: a flag, the finding's code, and its detail."""


def read_grades(students: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Students with `grade` (its number) and `grad_year` (the calendar year) settled, and the findings.

    The record's own graduation year decides, and where it is blank school-year end + final grade - grade;
    `groups.grade_from: grade` turns that round for the grade. Students also have `host_id, file, line`; what
    comes back has `unreadable` too, which names the fields whose value counts as not supplied.
    """
    said = ["grade", "grad_year"]
    settled = students[said].unique()  # a handful, of however many students
    for step in _steps(school.grades, school.school_year.end, school.groups.grade_from):
        settled = settled.with_columns(step)
    frame = students.join(settled, on=said, how="left", maintain_order="left")
    read = with_values(
        frame[students.columns],
        grade=frame["_settled_grade"],
        grad_year=frame["_settled_year"],
        unreadable=frame["_unreadable"],
    )
    return read, _findings(frame)


@lru_cache(maxsize=64)
def _steps(grades: Grades, end: int, grade_from: str) -> list[list[pl.Expr]]:
    """How to find out, step by step, what a raw `grade` and `grad_year` together say."""
    numbers = {value: level.number for level in grades.levels for value in level.values}
    last_year = end + grades.final
    by_year = last_year - _YEAR
    by_year = pl.when(by_year.is_in([level.number for level in grades.levels])).then(by_year)
    choice = [_GRADE, by_year] if grade_from == "grade" else [by_year, _GRADE]
    derived = (last_year - _GRADE).cast(pl.Int32)
    read = [
        folded("grade").replace_strict(numbers, default=None, return_dtype=pl.Int32).alias("_grade")
        if numbers
        else pl.lit(None, pl.Int32).alias("_grade"),
        pl.when(_IS_YEAR).then(_RAW_YEAR).cast(pl.Int32).alias("_year"),
        # PowerSchool writes 0 for a graduation year that nobody entered.
        (~_IS_YEAR & (_RAW_YEAR != "") & ~_RAW_YEAR.str.contains("^0+$")).alias("_bad_year"),
    ]
    settle = [
        derived.alias("_derived"),
        pl.coalesce(choice).cast(pl.String).fill_null("").alias("_settled_grade"),
        pl.coalesce(_YEAR, derived).cast(pl.String).fill_null("").alias("_settled_year"),
        (_GRADE.is_null() & (pl.col("grade") != "")).alias("_bad_grade"),
        (_YEAR.is_not_null() & derived.is_not_null()).alias("_comparable"),
        (derived != _YEAR).fill_null(value=False).alias("_differs"),
    ]
    # A year that fits no grade is as unreadable as one that is none: it takes nobody out of a group.
    misfit = _NO_GRADE & _YEAR.is_not_null()
    bad = pl.any_horizontal("_bad_grade", "_bad_year", misfit)
    judge = [
        misfit.alias("_misfit"),
        (_NO_GRADE & ~pl.col("_bad_year") & _YEAR.is_null()).alias("_neither"),
        pl.when(bad).then(pl.lit("grad_year")).otherwise(pl.lit("")).alias("_unreadable"),
    ]
    return [read, settle, judge]


def _findings(frame: pl.DataFrame) -> pl.DataFrame:
    found = [findings(where(frame, frame[flag]), code, detail) for flag, code, detail in _TROUBLE]
    differing, comparable = frame["_differs"].sum(), frame["_comparable"].sum()
    if differing >= MISMATCHES_THAT_HOLD and differing * 2 > comparable:
        found.append(
            one_finding(
                "grade-mismatch",
                f"{differing:,} of {comparable:,} students have a grade that disagrees with their"
                " graduation year; school_year in the school file is wrong, or the export is of another year",
                level="error",
            )
        )
    return stack(found, FINDINGS)
