"""2,900 public fictional people, one school year and the next, through the acceptance school, unedited.

The sample is not part of this repository; GRAND_BEND names the folder that holds it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.pipeline import apply_plan, plan_school
from reconciler.report import build_report
from tests.support.grand_bend import SAMPLE, needs_grand_bend

HERE = Path(__file__).parent

pytestmark = needs_grand_bend

DATA_SET = """
name: Acceptance school, Contacts data set
extends: [powerschool, vidigami-v2]
school_year: ${SCHOOL_YEAR}
source:
  kind: files
  path: ${EXPORTS}
  files: {students: students.txt, staff: users.csv, contacts_dataset: contacts_dataset.csv}
target: {kind: embedded, path: '${DIRECTORY}'}
sync: apply
calendar:
  rollover:
    - from: 2000-01-01
      to: 2099-12-31
      guards:
        users: {create: {percent: 50}, update: {percent: 50}, deactivate: {percent: 50}}
        memberships: {add: off, remove: off, add_per_group: off, remove_per_group: off}
"""


@pytest.fixture(params=["separate tables", "contacts data set"])
def school_in(request, tmp_path):
    """The school in one year or the other, always with the same directory."""
    file = HERE / "powerschool.yaml"
    if request.param == "contacts data set":
        file = tmp_path / "dataset.yaml"
        file.write_text(DATA_SET, encoding="utf-8")

    def load(year):
        folders = {"EXPORTS": str(SAMPLE / year), "DIRECTORY": str(tmp_path / "directory.db")}
        return load_school(file, folders | {"SCHOOL_YEAR": year})

    return load


def apply(school):
    plan = plan_school(school)
    outcomes = apply_plan(plan, school, progress=lambda _done, _total: None)
    assert set(outcomes.frame["outcome"]) <= {"applied"}
    return plan


def counts(plan):
    return {
        kind: dict(sorted(frame.group_by("action").len().rows()))
        for kind, frame in plan.changes.frames().items()
    }


def test_the_first_year_creates_everybody(school_in):
    plan = plan_school(school_in("2025-26"))
    assert counts(plan) == {
        "users": {"create": 2900},
        "groups": {"create": 13},
        "memberships": {"add": 2900},
        "relationships": {"add": 1872},
    }
    types = dict(plan.changes.users.group_by("after_member_type").len().rows())
    assert types == {"student": 960, "staff": 68, "parent": 1872}
    assert plan.findings.filter(plan.findings["level"] == "blocked").height == 0
    sizes = {group["name"]: group["after"] for group in plan.header.figures.groups}
    assert (sizes["Grade 1"], sizes["Grade 12"], sizes["Faculty"]) == (231, 239, 68)


def test_planning_after_applying_finds_nothing_to_do(school_in):
    apply(school_in("2025-26"))
    assert plan_school(school_in("2025-26")).verdict == "none"


def test_the_next_year_deactivates_those_who_left(school_in):
    apply(school_in("2025-26"))
    plan = apply(school_in("2026-27"))
    assert plan.header.rolls_over
    assert counts(plan)["users"] == {"deactivate": 239}
    types = dict(plan.changes.users.group_by("before_member_type").len().rows())
    assert types == {"student": 80, "parent": 159}
    assert plan.header.figures.active_users == 2661
    assert plan_school(school_in("2026-27")).verdict == "none"


def test_every_row_is_accounted_for(school_in):
    report = build_report(plan_school(school_in("2025-26")))
    for counted in report.members:
        parts = counted.created + counted.updated + counted.unchanged + counted.reactivated
        parts += counted.blocked + counted.merged + sum(counted.left_out.values())
        assert parts == counted.rows
