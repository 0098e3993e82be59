"""The bench's exports are what they say: dirty, readable, and of the size asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.pipeline import plan_school
from tests.bench.generate import write_exports

ACCEPTANCE = Path(__file__).parents[1] / "acceptance" / "powerschool.yaml"
PEOPLE = 10_000


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """The plan of the exports, and of those a little later, each against an empty directory."""
    made = {}
    for later in (False, True):
        folder = tmp_path_factory.mktemp("exports")
        write_exports(folder, PEOPLE, later=later)
        places = {"EXPORTS": str(folder), "DIRECTORY": str(folder / "directory.db"), "SCHOOL_YEAR": "2025-26"}
        made[later] = plan_school(load_school(ACCEPTANCE, places))
    return made


def test_nearly_everybody_is_created(plans):
    assert 0.96 * PEOPLE < plans[False].changes.users.height < 0.99 * PEOPLE


def test_the_exports_are_dirty(plans):
    codes = set(plans[False].findings["code"])
    assert {"missing-id", "shared-email", "unknown-student", "no-parent", "orphan-parent"} <= codes


def test_one_in_a_hundred_is_another_a_little_later(plans):
    fields = ["host_id", "after_first_name", "after_last_name", "after_email"]
    before, after = (plans[later].changes.users.select(fields) for later in (False, True))
    changed = before.join(after, on=fields, how="anti").height
    assert 0.005 * PEOPLE < changed < 0.02 * PEOPLE
