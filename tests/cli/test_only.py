"""`apply --only`: a part of a plan now, the rest later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]

Run = tuple[int, str, str]


@pytest.fixture
def run(demo: Path, reconcile: Callable[..., Run]) -> Callable[..., Run]:
    """The command line, over the demo school without a directory."""
    assert demo == Path.cwd()
    return reconcile


def host_ids() -> list[str]:
    with closing(sqlite3.connect("schools/maple-grove.db")) as connection:
        return [row[0] for row in connection.execute("SELECT host_id FROM users ORDER BY 1")]


def test_a_part_of_a_saved_plan_is_applied_and_the_plan_does_the_rest(run: Callable[..., Run]) -> None:
    assert run("plan", "maple-grove", "--out", "whole.plan")[0] == 0
    code, shown, _ = run("apply", "whole.plan", "--only", "S1093", "--auto-approve")
    assert code == 0
    assert "\nA part of the plan (--only S1093): 17 of 3,038 changes; the rest is left for later.\n" in shown
    assert "\nA part of the plan: S1093. Rows are those of the whole plan.\n" in shown
    assert host_ids() == ["P1191", "P1192", "S1093"]
    assert run("apply", "whole.plan", "--auto-approve")[0] == 0
    assert len(host_ids()) == 811
    assert run("plan", "maple-grove", "--detailed-exitcode")[0] == 0


def test_a_part_is_no_baseline_and_no_finished_first_import(run: Callable[..., Run]) -> None:
    assert run("apply", "maple-grove", "--only", "S1093", "--auto-approve")[0] == 0
    code, shown, _ = run("plan", "maple-grove")
    assert code == 0
    assert "No baseline" in shown


def test_a_name_that_the_plan_does_not_have_is_told(run: Callable[..., Run]) -> None:
    code, _, said = run("apply", "maple-grove", "--only", "S10933", "--auto-approve")
    assert (code, said) == (
        1,
        "the plan changes nobody and no group called 'S10933'; did you mean 'S1093'?\n",
    )
    assert not Path("schools/maple-grove.db").exists()
