from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.model import Report
from reconciler.report import build_report
from reconciler.views import report_csv, report_json, report_text
from reconciler.views.page import safe
from reconciler.views.report_files import COLUMNS
from tests.support.plans import (
    finding,
    group_size,
    make_header,
    make_outcomes,
    make_plan,
    membership,
    person,
    rows_read,
    user,
)

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8")
)


def make_report(*, applied: bool = True) -> Report:
    plan = make_plan(
        users=[
            user(1, "create", "S1"),
            user(2, "create", "S2"),
            user(3, "update", "T1"),
            user(4, "deactivate", "S99", fields="active"),
        ],
        memberships=[membership(5, "add", "S1"), membership(6, "add", "S2")],
        findings=[
            finding("missing-id", file="data/students.txt", line=13, detail="the id is blank"),
            finding("shared-email", "S3", file="data/students.txt", line=12, detail="shares it", others="P3"),
            finding("shared-email", "P3", file="data/persons.csv", line=2, detail="shares it", others="S3"),
            finding("no-parent", "S1", file="data/students.txt", line=2),
        ],
        people=[
            person("S1", "Ada", "Byron"),
            person("S2", "Cy", "Ek"),
            person("S3", "Di", "Fox"),
            person("P3", "Flo", "Fox"),
        ],
        ready=["S1", "S2"],
        header=make_header(
            active_users=2661,
            unmanaged={"users": 2},
            rows=[
                rows_read("student", "created", 2),
                rows_read("student", "unchanged", 1200),
                rows_read("student", "left-out", 30, "not enrolled"),
                rows_read("student", "blocked", 2, "shared-email"),
                rows_read("staff", "updated", 1),
                rows_read("parent", "blocked", 1, "shared-email"),
                rows_read("parent", "merged", 4, "merged-staff-parent"),
            ],
            groups=[group_size("Grade 1", 0, 2), group_size("Grade 12", 1020, 1020)],
        ),
    )
    outcomes = make_outcomes(plan, users_2="stale", memberships_6="failed") if applied else None
    return build_report(plan, outcomes)


def test_text_after_apply() -> None:
    assert report_text(make_report(), width=80) == dedent("""\
        Import summary: Maple Grove School (maple-grove), 2025-26
        From PowerSchool to directory dir-1, applied

                                  students  staff  parents
          created                        1      0        0
          updated                        0      1        0
          unchanged                  1,200      0        0
          blocked                        2      0        1
          merged                         0      0        4
          stale                          1      0        0
          left out: not enrolled        30      0        0
          ------------------------------------------------
          rows read                  1,234      1        5

        2,660 active users, 1 deactivated

        Not done: 2 changes
          stale   create  S2                       it has changed since
          failed  add     S2 in Academics/Grade 1

        Blocked: 3 people
          missing-id, a row without an id: 1
            (no id)  data/students.txt:13  the id is blank
            What to do: Give the person an id in the SIS, then export again.
          shared-email, people who share an e-mail: 2
            P3  data/persons.csv:2    shares it; with S3
            S3  data/students.txt:12  shares it; with P3
            What to do: Ask the family or the member of staff for an e-mail of their own
            and enter it in the SIS; until then, email.overrides can name one.

        Students without an imported parent: 1
          S1

        Ready to be invited (new, with an e-mail): 1
          S1

        Groups: 2
          Academics/Grade 1       1  was 0
          Academics/Grade 12  1,020

        Findings: 4
          1  missing-id    a row without an id
          1  no-parent     a student without a parent
          2  shared-email  people who share an e-mail

        'reconcile findings maple-grove' lists them with file and line.
    """)


def test_text_before_apply_says_so_and_shows_names_when_asked() -> None:
    shown = report_text(make_report(applied=False), show_names=True)
    assert "From PowerSchool to directory dir-1, planned, not applied\n" in shown
    assert "2,661 active users, 1 to be deactivated\n" in shown
    assert "    P3 Flo Fox  data/persons.csv:2    shares it; with S3 Di Fox\n" in shown
    assert "  S1 Ada Byron, S2 Cy Ek\n" in shown
    assert "Not done" not in shown


def test_text_has_no_names_otherwise() -> None:
    shown = report_text(make_report())
    assert not [name for name in ("Ada", "Byron", "Cy", "Ek", "Flo", "Fox", "@") if name in shown]


def test_text_of_nothing() -> None:
    header = make_header(directory_id="", school_file="tests/acceptance/powerschool.yaml")
    assert report_text(build_report(make_plan(header=header))) == dedent("""\
        Import summary: Maple Grove School (maple-grove), 2025-26
        From PowerSchool to a new directory, planned, not applied

                     students  staff  parents
          created           0      0        0
          updated           0      0        0
          unchanged         0      0        0
          blocked           0      0        0
          -----------------------------------
          rows read         0      0        0

        0 active users, 0 to be deactivated

        Blocked: 0 people

        Students without an imported parent: 0

        Ready to be invited (new, with an e-mail): 0

        Groups: 0
    """)


def test_a_partial_export_does_not_tell_how_many_are_active() -> None:
    header = replace(make_header(active_users=3), additions_only=True)
    shown = report_text(build_report(make_plan(header=header)))
    assert "\nAdditions only: all others stay as they are\n" in shown
    assert "active user" not in shown


def test_long_lists_point_to_the_csv() -> None:
    plan = make_plan(findings=[finding("no-parent", f"S{at}") for at in range(1000, 1040)])
    shown = report_text(build_report(plan))
    assert "Students without an imported parent: 40\n" in shown
    assert "S1029\n  ... and 10 more; --format csv has all\n" in shown


@pytest.mark.parametrize("applied", [True, False])
def test_json_keeps_to_its_schema(*, applied: bool) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(report_json(make_report(applied=applied)))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)] == []
    assert data["applied"] is applied


def test_json_has_every_figure_and_names() -> None:
    data: dict[str, Any] = json.loads(report_json(make_report()))
    assert data["members"][0] == {
        "member_type": "student",
        "rows": 1234,
        "created": 1,
        "updated": 0,
        "unchanged": 1200,
        "reactivated": 0,
        "blocked": 2,
        "merged": 0,
        "stale": 1,
        "failed": 0,
        "unknown": 0,
        "left_out": {"not enrolled": 30},
    }
    assert data["blocked"][2]["others"] == [{"host_id": "P3", "name": "Flo Fox"}]
    assert data["students_without_parent"] == [{"host_id": "S1", "name": "Ada Byron"}]
    assert data["ready_to_invite"] == [{"host_id": "S1", "name": "Ada Byron"}]
    assert data["groups"][0] == {
        "group_key": "grade:1",
        "group": "Academics/Grade 1",
        "before": 0,
        "after": 1,
    }
    assert (data["sis"], data["deactivated"], data["active_users"]) == ("PowerSchool", 1, 2660)
    assert data["unmanaged"] == {"users": 2}
    assert data["findings"] == {"missing-id": 1, "no-parent": 1, "shared-email": 2}
    assert [change["outcome"] for change in data["not_done"]] == ["stale", "failed"]


def test_csv_has_a_row_for_each_figure_person_and_thing() -> None:
    rows = list(csv.DictReader(io.StringIO(report_csv(make_report()))))
    assert tuple(rows[0]) == COLUMNS
    told = {(row["section"], row["member_type"], row["host_id"], row["code"], row["count"]) for row in rows}
    assert ("rows", "student", "", "rows", "1234") in told
    assert ("rows", "student", "", "left-out: not enrolled", "30") in told
    assert ("no-parent", "", "S1", "", "") in told
    assert ("ready", "", "S1", "", "") in told
    assert ("group", "", "", "grade:1", "1") in told
    assert ("not-done", "", "", "failed", "") in told
    assert ("finding", "", "", "no-parent", "1") in told
    blocked = [row for row in rows if row["host_id"] == "P3"]
    assert blocked == [
        {
            "section": "blocked",
            "member_type": "parent",
            "host_id": "P3",
            "name": "Flo Fox",
            "code": "shared-email",
            "count": "",
            "detail": "shares it",
            "others": "S3 Di Fox",
            "remedy": "Ask the family or the member of staff for an e-mail of their own and enter it in"
            " the SIS; until then, email.overrides can name one.",
            "file": "data/persons.csv",
            "line": "2",
        }
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_csv_cell_is_a_formula(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    plan = make_plan(
        findings=[
            finding("shared-email", "S1", file=evil, detail=evil, others=evil),
            finding("no-parent", evil),
        ],
        people=[{"host_id": "S1", "member_type": "student", "first_name": evil, "last_name": "Fox"}],
        header=make_header(groups=[{"key": evil, "category": evil, "name": "x", "before": 0, "after": 1}]),
    )
    rows = list(csv.reader(io.StringIO(report_csv(build_report(plan)), newline="")))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(start)]
    assert f"'{safe(evil)}" in cells
