"""What the bench starts as processes of their own gives what the bench reads."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.pipeline import apply_plan, plan_school
from tests.bench.floors import TABLES, bulk_load
from tests.bench.generate import write_exports

ROOT = Path(__file__).parents[2]
ACCEPTANCE = ROOT / "tests" / "acceptance" / "powerschool.yaml"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A directory of some 200 people, and the exports that it came from."""
    folder = tmp_path_factory.mktemp("bench")
    write_exports(folder / "exports", 200)
    places = {
        "EXPORTS": str(folder / "exports"),
        "DIRECTORY": str(folder / "directory.db"),
        "SCHOOL_YEAR": "2025-26",
    }
    school = load_school(ACCEPTANCE, places)
    apply_plan(plan_school(school), school, progress=lambda _done, _all: None)
    return places


def measured(what, places):
    command = [sys.executable, "-m", "tests.bench.profile", what, str(ACCEPTANCE)]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, **places}, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def test_the_stages_are_all_of_a_plan(places):
    spent = measured("stages", places)
    names = ("read directory", "read exports", "roster", "desired", "resolve", "diff", "start-up")
    assert list(spent) == ["start-up", *names[:-1], "findings, figures", "save", "show", "all"]
    assert min(spent.values()) > 0
    assert sum(spent.values()) - spent["all"] == pytest.approx(spent["all"], rel=0.01)


def test_a_warm_plan_takes_less_than_a_cold_one(places):
    warm = measured("warm", places)
    assert 0 < warm["cpu"] < measured("stages", places)["all"]
    assert warm["wall"] > 0
    assert warm["peak_mb"] > 0


def test_bulk_load_copies_every_row(places, tmp_path):
    directory = Path(places["DIRECTORY"])
    rows = bulk_load(directory, tmp_path / "new.db")
    copied, whole = (sqlite3.connect(path) for path in (tmp_path / "new.db", directory))
    for table in TABLES:
        every = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608 - a name of ours
        found = copied.execute(every).fetchall()
        assert found == whole.execute(every).fetchall()
        rows -= len(found)
    assert rows == 0
    copied.close()
    whole.close()
