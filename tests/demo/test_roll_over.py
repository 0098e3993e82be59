from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config import load_school
from reconciler.pipeline import apply_plan, plan_school
from tests.demo.exports import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from reconciler.model import Plan, School


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """The demo school's plans for both years, each applied, and what was left to do after the second."""
    directory = tmp_path_factory.mktemp("demo") / "maple-grove.db"
    made = {}
    for year in ("2025-26", "2026-27"):
        school = maple_grove(directory, year)
        made[year] = plan_school(school)
        apply_plan(made[year], school, progress=lambda _done, _all: None)
    made["again"] = plan_school(maple_grove(directory, "2026-27"))
    return made


def maple_grove(directory: Path, year: str) -> School:
    return load_school(
        ROOT / "schools" / "maple-grove.yaml", {"DIRECTORY": str(directory), "SCHOOL_YEAR": year}
    )


def actions(changes: pl.DataFrame) -> dict[str, int]:
    return dict(changes["action"].value_counts().rows())


def codes(plan: Plan) -> set[str]:
    return set(plan.findings["code"])


def test_first_year_creates_everybody(plans: dict[str, Plan]) -> None:
    changes = plans["2025-26"].changes
    assert actions(changes.users) == {"create": 811}
    assert sorted(changes.groups["after_category"].value_counts().rows()) == [
        ("Academics", 17),  # fourteen grades and three divisions
        ("Arts", 1),
        ("Clubs", 4),
        ("Internal", 1),
    ]
    assert actions(changes.relationships) == {"add": 645}


def test_second_year_rolls_over(plans: dict[str, Plan]) -> None:
    users = plans["2026-27"].changes.users
    assert set(actions(users)) == {"create", "update", "deactivate"}
    leavers = users.filter(action="deactivate")["reason"].value_counts().rows()
    assert set(dict(leavers)) == {
        "graduated",
        "transferred",
        "no longer on the staff",
        "no child at the school",
    }
    assert actions(plans["2026-27"].changes.groups) == {}


def test_spoilt_number_holds_the_account(plans: dict[str, Plan]) -> None:
    plan = plans["2026-27"]
    held = plan.findings.filter(code="leaver-uncertain", file="")["host_id"].to_list()
    assert len(held) == 1
    assert not set(held) & set(plan.changes.users["host_id"])


def test_parents_with_each_others_email_get_their_own(plans: dict[str, Plan]) -> None:
    users = plans["2026-27"].changes.users
    cleared = users.filter((users["before_email"] != "") & (users["after_email"] == ""))
    assert cleared.height == 1
    assert users.filter(before_email=cleared["later_email"][0]).height == 1


def test_demo_shows_what_a_second_year_brings(plans: dict[str, Plan]) -> None:
    assert codes(plans["2025-26"]) >= {"no-parent", "ignored-column", "merged-staff-parent", "shared-email"}
    assert codes(plans["2026-27"]) >= {"blank-kept", "leaver-uncertain", "unknown-member"}


def test_nothing_is_left_to_do_after_applying(plans: dict[str, Plan]) -> None:
    again = plans["again"].changes
    assert [each.height for each in (again.users, again.groups, again.memberships, again.relationships)] == [
        0
    ] * 4
