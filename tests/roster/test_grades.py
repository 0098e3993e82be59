"""Grades and graduation years: which decides, and what is said where they disagree."""

from __future__ import annotations

import pytest

from reconciler.roster import build_roster
from tests.support.looks import detail, found
from tests.support.schools import make_school, make_tables, student


def read(*students, **settings):
    return build_roster(make_tables(students=list(students)), make_school(settings))


@pytest.mark.parametrize(
    ("grade", "number", "year"),
    [
        ("0", "0", "2038"),
        ("KG", "0", "2038"),
        ("k", "0", "2038"),
        ("-1", "-1", "2039"),
        ("PK", "-1", "2039"),
        ("05", "5", "2033"),
    ],
)
def test_a_blank_graduation_year_comes_from_the_grade(grade, number, year):
    roster = read(student("1", grade=grade, grad_year=""))
    assert roster.people.select("grade", "grad_year").row(0) == (number, year)


@pytest.mark.parametrize("year", ["2033", "2033.0"])
def test_a_blank_grade_comes_from_the_graduation_year(year):
    roster = read(student("1", grade="", grad_year=year))
    assert roster.people.select("grade", "grad_year").row(0) == ("5", "2033")


def test_the_record_s_graduation_year_decides():
    roster = read(student("1", grade="4", grad_year="2033"))
    assert roster.people.select("grade", "grad_year").row(0) == ("5", "2033")
    assert detail(roster.findings, "grade-mismatch") == "its graduation year is 2033, its grade says 2034"


def test_the_grade_decides_where_the_school_says_so():
    roster = read(student("1", grade="4", grad_year="2033"), groups={"grade_from": "grade"})
    assert roster.people.select("grade", "grad_year").row(0) == ("4", "2033")


def test_a_graduation_year_of_zero_was_never_entered():
    assert read(student("1", grade="5", grad_year="0")).people["grad_year"].item() == "2033"


def test_an_unknown_grade_is_reported_and_takes_nobody_out_of_a_group():
    roster = read(student("1", grade="Reception", grad_year=""))
    assert found(roster.findings) == [("unknown-grade", "S1")]
    assert roster.held.rows() == [("S1", "groups", "unknown-grade")]


def test_a_student_with_neither_joins_no_grade_group():
    roster = read(student("1", grade="", grad_year=""))
    assert found(roster.findings) == [("no-grad-year", "S1")]
    assert roster.held.rows() == []


def test_most_students_disagreeing_is_the_wrong_school_year():
    roster = read(*(student(str(n)) for n in range(1, 6)), school_year="2026-27")
    errors = roster.findings.filter(roster.findings["level"] == "error")
    assert errors["detail"].to_list() == [
        (
            "5 of 5 students have a grade that disagrees with their graduation year; school_year in the"
            " school file is wrong, or the export is of another year"
        )
    ]


def test_a_few_students_disagreeing_is_a_warning():
    retained = [student(str(n), grade="4") for n in range(1, 4)]
    roster = read(*retained, *(student(str(n)) for n in range(4, 8)))
    assert set(roster.findings["level"]) == {"warning"}
