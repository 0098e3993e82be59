"""Raw grades and graduation years -> the grade and the year that a student belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import findings, folded, one_finding

if TYPE_CHECKING:
    from reconciler.model import School

MISMATCHES_THAT_HOLD = 3
"""Below this many, most of them disagreeing may be chance."""


def read_grades(students: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Students with `grade` (its number) and `grad_year` (the calendar year) settled, and the findings.

    The record's own graduation year decides, and where it is blank school-year end + final grade - grade;
    `groups.grade_from: grade` turns that round for the grade. Students also have `host_id, file, line`; what
    comes back has `unreadable` too, which names the fields whose value counts as not supplied.
    """
    given = students.select("grade", "grad_year").unique()  # a handful, of however many students
    frame = students.join(
        _settle(given, school), on=["grade", "grad_year"], how="left", maintain_order="left"
    ).with_columns(grade="_settled_grade", grad_year="_settled_year", unreadable="_unreadable")
    return frame.select(*students.columns, "unreadable"), _findings(frame)


def _settle(given: pl.DataFrame, school: School) -> pl.DataFrame:
    """What each raw `grade` and `grad_year` together say."""
    frame = _read_values(given, school)
    last_year = school.school_year.end + school.grades.final
    derived = (last_year - pl.col("_grade")).cast(pl.Int32)
    by_year = last_year - pl.col("_year")
    by_year = pl.when(by_year.is_in([level.number for level in school.grades.levels])).then(by_year)
    choice = (
        [pl.col("_grade"), by_year] if school.groups.grade_from == "grade" else [by_year, pl.col("_grade")]
    )
    frame = frame.with_columns(_derived=derived).with_columns(
        _settled_grade=pl.coalesce(choice).cast(pl.String).fill_null(""),
        _settled_year=pl.coalesce("_year", "_derived").cast(pl.String).fill_null(""),
    )
    # A year that fits no grade is as unreadable as one that is none: it takes nobody out of a group.
    frame = frame.with_columns(
        _misfit=(pl.col("_settled_grade") == "") & pl.col("_year").is_not_null() & ~pl.col("_bad_grade")
    )
    bad = pl.any_horizontal("_bad_grade", "_bad_year", "_misfit")
    return frame.with_columns(_unreadable=pl.when(bad).then(pl.lit("grad_year")).otherwise(pl.lit("")))


def _read_values(given: pl.DataFrame, school: School) -> pl.DataFrame:
    numbers = {value: level.number for level in school.grades.levels for value in level.values}
    raw_year = pl.col("grad_year").str.strip_chars().str.replace(r"\.0+$", "")
    is_year = raw_year.str.contains("^(?:19|20|21)[0-9]{2}$")
    return given.with_columns(
        _grade=folded("grade").replace_strict(numbers, default=None, return_dtype=pl.Int32)
        if numbers
        else pl.lit(None, pl.Int32),
        _year=pl.when(is_year).then(raw_year).cast(pl.Int32),
        # PowerSchool writes 0 for a graduation year that nobody entered.
        _bad_year=~is_year & (raw_year != "") & ~raw_year.str.contains("^0+$"),
    ).with_columns(_bad_grade=pl.col("_grade").is_null() & (pl.col("grade") != ""))


def _findings(frame: pl.DataFrame) -> pl.DataFrame:
    both = pl.col("_year").is_not_null() & pl.col("_derived").is_not_null()
    differ = frame.filter(both & (pl.col("_year") != pl.col("_derived")))
    unknown = frame.filter("_bad_grade")
    found = [
        findings(
            unknown, "unknown-grade", "its grade level is not in the table of grades, and counts as blank"
        ),
        findings(
            frame.filter("_bad_year"),
            "no-grad-year",
            "its graduation year is not a year, and counts as blank",
        ),
        findings(
            frame.filter(
                (pl.col("grade") == "")
                & ~pl.col("_bad_grade")
                & ~pl.col("_bad_year")
                & (pl.col("_year").is_null())
            ),
            "no-grad-year",
            "it has neither a grade level nor a graduation year, so it joins no grade group",
        ),
        findings(
            frame.filter("_misfit"),
            "no-grad-year",
            "no grade has its graduation year, and its grade level is blank, so it joins no grade group",
        ),
        findings(
            differ,
            "grade-mismatch",
            pl.format("its graduation year is {}, its grade says {}", pl.col("_year"), pl.col("_derived")),
        ),
    ]
    comparable = frame.filter(both).height
    if differ.height >= MISMATCHES_THAT_HOLD and differ.height * 2 > comparable:
        found.append(
            one_finding(
                "grade-mismatch",
                f"{differ.height:,} of {comparable:,} students have a grade that disagrees with their"
                " graduation year; school_year in the school file is wrong, or the export is of another year",
                level="error",
            )
        )
    return pl.concat(found)
