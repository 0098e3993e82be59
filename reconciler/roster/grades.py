"""Raw grades and graduation years -> the grade and the year that a student belongs to."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, where, with_values
from reconciler.frames import FINDINGS, findings, folded, one_finding, stack
from reconciler.keys import is_one_of

if TYPE_CHECKING:
    from reconciler.model import Grades, School

MISMATCHES_THAT_HOLD = 3
"""Below this many, most of them disagreeing may be chance."""
_RAW_YEAR = pl.col("grad_year").str.strip_chars().str.replace(r"\.0+$", "").alias("raw_year")
_IS_YEAR = pl.col("raw_year").str.contains("^(?:19|20|21)[0-9]{2}$").alias("is_year")
# PowerSchool writes 0 for a graduation year that nobody entered.
_IS_ZERO = pl.col("raw_year").str.contains("^0+$").alias("is_zero")
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
        pl.format("its graduation year is {}, its grade says {}", "_year", "_derived"),
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
    given = students[said].unique()  # a handful, of however many students
    frame = students.join(_settle(given, school), on=said, how="left", maintain_order="left")
    read = with_values(
        frame[students.columns],
        grade=frame["_settled_grade"],
        grad_year=frame["_settled_year"],
        unreadable=frame["_unreadable"],
    )
    return read, _findings(frame)


def _settle(given: pl.DataFrame, school: School) -> pl.DataFrame:
    """What each raw `grade` and `grad_year` together say: every number as text, '' for none."""
    read = given.select("grade", _number(school.grades), _RAW_YEAR)
    is_year, is_zero = read.select(_IS_YEAR, _IS_ZERO)
    grade, raw_year = read["number"], read["raw_year"]
    last_year, has_grade = school.school_year.end + school.grades.final, grade != ""
    year = choose(is_year, raw_year, "")
    derived = choose(has_grade, _less(last_year, grade), "")
    by_year = _less(last_year, year)
    levels = pl.Series([str(level.number) for level in school.grades.levels], dtype=pl.String)
    by_year = choose(is_one_of(by_year, levels), by_year, "")
    first, second = (grade, by_year) if school.groups.grade_from == "grade" else (by_year, grade)
    settled_grade = choose(first != "", first, second)
    bad_grade, bad_year = ~has_grade & (read["grade"] != ""), ~is_year & ~is_zero & (raw_year != "")
    no_grade = (settled_grade == "") & ~bad_grade
    # A year that fits no grade is as unreadable as one that is none: it takes nobody out of a group.
    misfit = no_grade & is_year
    return with_values(
        given,
        _settled_grade=settled_grade,
        _settled_year=choose(is_year, year, derived),
        _unreadable=choose(bad_grade | bad_year | misfit, "grad_year", ""),
        _year=year,
        _derived=derived,
        _bad_grade=bad_grade,
        _bad_year=bad_year,
        _neither=no_grade & ~bad_year & ~is_year,
        _misfit=misfit,
        _comparable=is_year & has_grade,
        _differs=is_year & has_grade & (year != derived),
    )


@lru_cache(maxsize=64)
def _number(grades: Grades) -> pl.Expr:
    """The grade's number as text, '' where the table of grades has none."""
    numbers = {value: str(level.number) for level in grades.levels for value in level.values}
    number = folded("grade").replace_strict(numbers, default="", return_dtype=pl.String)
    return (number if numbers else pl.lit("")).alias("number")


def _less(last_year: int, numbers: pl.Series) -> pl.Series:
    """As many fewer than the last year, as text; null where there is no number."""
    return (last_year - numbers.cast(pl.Int32, strict=False)).cast(pl.String)


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
