"""Exports held against those of the last good run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model import Baseline, TableFigures
from reconciler.preflight import hold_against, measure
from tests.support.looks import detail, found
from tests.support.schools import make_school, make_tables, staff, student

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import Tables

THEN = "2025-09-01T08:00:00+00:00"


def figures(rows: int = 100, **values: Any) -> TableFigures:
    usual: dict[str, Any] = {
        "file": "students.csv",
        "header": "cafe",
        "encoding": "utf-8",
        "blank": {"email": rows // 10},
        "modified": THEN,
        "digest": f"{rows}",
    }
    return TableFigures(rows=rows, **usual | values)


def held(
    now: TableFigures, then: TableFigures | None = None, *, partial: bool = False, **settings: Any
) -> pl.DataFrame:
    """The findings of a students table that is `now`, and was `then`."""
    baseline = Baseline(3, THEN, {"students": then}) if then else None
    school = make_school({"preflight": settings})
    return hold_against(make_tables(), {"students": now}, baseline, school, partial=partial)


def codes(findings: pl.DataFrame) -> list[str]:
    return findings["code"].to_list()


def test_the_same_export_again_is_no_trouble() -> None:
    assert codes(held(figures(), figures())) == []


@pytest.mark.parametrize(
    ("rows", "was", "dropped"),
    [(80, 100, False), (79, 100, True), (39, 49, False), (38, 49, True), (0, 10, False), (300, 100, False)],
)
def test_a_table_may_shrink_by_the_limit_and_no_more(rows: int, was: int, *, dropped: bool) -> None:
    assert (codes(held(figures(rows), figures(was))) == ["rows-dropped"]) == dropped


def test_a_drop_names_its_figures() -> None:
    findings = held(figures(50), figures(100))
    assert detail(findings, "rows-dropped") == (
        "the students table has 50 rows, and had 100 at the last good run (run 3, 2025-09-01): 50 fewer, and"
        " preflight.drop allows 20"
    )
    assert findings["file"].to_list() == ["students.csv"]
    assert findings["level"].to_list() == ["error"]


def test_a_school_sets_the_limit_or_puts_it_off() -> None:
    assert codes(held(figures(50), figures(100), drop="off")) == []
    assert codes(held(figures(99), figures(100), drop=0)) == ["rows-dropped"]
    assert codes(held(figures(50), figures(100), drop={"percent": 50})) == []


@pytest.mark.parametrize(("blank", "blanked"), [(10, False), (30, False), (31, True), (100, True)])
def test_a_column_may_have_so_many_more_blanks(blank: int, *, blanked: bool) -> None:
    findings = held(figures(blank={"email": blank}), figures(blank={"email": 10}))
    assert (codes(findings) == ["column-blanked"]) == blanked


def test_blanks_are_compared_as_a_share() -> None:
    assert codes(held(figures(120, blank={"email": 60}), figures(100, blank={"email": 50}))) == []


@pytest.mark.parametrize(("filled", "blanked"), [(2, False), (3, True)])
def test_a_column_that_lost_all_of_its_few_values_is_told(filled: int, *, blanked: bool) -> None:
    findings = held(figures(blank={"email": 100}), figures(blank={"email": 100 - filled}))
    assert (codes(findings) == ["column-blanked"]) == blanked


def test_blank_emails_name_their_figures() -> None:
    findings = held(figures(blank={"email": 100}), figures(blank={"email": 4}))
    assert detail(findings, "column-blanked") == (
        "email of the students table is blank in 100 of 100 rows; at the last good run (run 3, 2025-09-01) it"
        " was in 4 of 100"
    )


def test_a_column_that_is_new_is_not_held_against_anything() -> None:
    assert codes(held(figures(blank={"email": 10, "grade": 100}), figures(blank={"email": 10}))) == []


@pytest.mark.parametrize(
    ("modified", "older"),
    [("2025-09-01T07:00:00+00:00", False), ("2025-09-01T06:59:59+00:00", True), ("", False)],
)
def test_a_file_older_than_the_last_is_refused(modified: str, *, older: bool) -> None:
    findings = held(figures(modified=modified, digest="other"), figures())
    assert (codes(findings) == ["older-export"]) == older


def test_the_very_same_file_is_never_older_and_a_school_may_allow_it() -> None:
    old = "2024-09-01T08:00:00+00:00"
    assert codes(held(figures(modified=old), figures())) == []
    assert codes(held(figures(modified=old, digest="other"), figures(), older="allow")) == []
    assert detail(held(figures(modified=old, digest="other"), figures()), "older-export") == (
        "the students table is of 2024-09-01 08:00, and the last good run (run 3, 2025-09-01) had one of"
        " 2025-09-01 08:00"
    )


def test_other_headers_and_another_encoding_are_told_and_hold_nothing() -> None:
    findings = held(figures(header="beef", encoding="windows-1252"), figures())
    assert findings["level"].to_list() == ["warning"]
    assert detail(findings, "export-changed") == (
        "the students table has other headers and the encoding windows-1252, not utf-8, as at the last good"
        " run (run 3, 2025-09-01)"
    )
    assert detail(held(figures(header="beef"), figures()), "export-changed") == (
        "the students table has other headers than at the last good run (run 3, 2025-09-01)"
    )


def test_a_table_that_was_not_there_before_is_not_compared() -> None:
    findings = held(figures(5), replace(figures(), rows=0, blank={}))
    assert codes(findings) == []


@pytest.mark.parametrize(("rows", "few"), [(9, True), (10, False)])
def test_without_a_baseline_absolute_minimums_hold(rows: int, *, few: bool) -> None:
    findings = held(figures(rows), minimum={"students": 10})
    assert (codes(findings) == ["too-few-rows"]) == few
    assert codes(held(figures(rows), figures(rows), minimum={"students": 10})) == []


def test_a_part_of_the_school_is_held_against_nothing() -> None:
    assert codes(held(figures(1), figures(), partial=True)) == []
    assert codes(held(figures(1), minimum={"students": 10}, partial=True)) == []


def test_one_file_for_two_tables_is_told() -> None:
    tables = make_tables()
    school = make_school()
    twice = {"staff": figures(file="users.csv"), "parents": figures(file="persons.csv")}
    findings = hold_against(tables, twice, None, school, partial=False)
    assert detail(findings, "same-export") == "source.files gives the same file as staff and as parents"
    empty = {name: replace(one, rows=0) for name, one in twice.items()}
    assert found(hold_against(tables, empty, None, school, partial=False)) == []


def at(*school_ids: str) -> Tables:
    rows = [student(str(n), school_id=school_id) for n, school_id in enumerate(school_ids)]
    return make_tables(students=rows, staff=[staff("1")])


def test_students_at_none_of_the_declared_schools_are_told() -> None:
    school = make_school({"school_ids": ["10", "20"]})
    findings = hold_against(at("30", "30"), {}, None, school, partial=False)
    assert detail(findings, "no-students-here") == "none of 2 students is at 10, 20 (school_ids)"
    for here in ("20", "20.0"):
        assert found(hold_against(at("30", here), {}, None, school, partial=False)) == []


def test_tables_are_measured_without_the_schools_own_lists() -> None:
    tables = make_tables(
        students=[student("1", email=""), student("2", preferred_name="Uni")],
        exclude=[{"host_id": "S9", "reason": "asked"}],
    )
    measured = measure(tables)
    assert "exclude" not in measured
    assert measured["students"].rows == 2
    assert measured["students"].blank["email"] == 1
    assert measured["students"].blank["preferred_name"] == 1
    assert measured["students"].blank["id"] == 0
    assert measured["students"].header != measured["staff"].header
