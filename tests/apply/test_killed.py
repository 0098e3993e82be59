"""A run that is killed at any point is finished by the next one, and nothing tells that there were two."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from reconciler.apply.planfile import read_plan, write_plan
from reconciler.apply.runner import run
from reconciler.model import DirectoryInfo, TargetSettings
from reconciler.targets import open_target
from tests.support import directories as d
from tests.support import school_day
from tests.support.memory import HeldMemory
from tests.support.plans import make_header, make_plan

if TYPE_CHECKING:
    from reconciler.targets import Target

ROOT = Path(__file__).parents[2]
JOURNAL = "-journal"


class Uninterrupted(NamedTuple):
    """A directory before, the plan's file, and the directory after."""

    start: Path
    plan: Path
    after: dict[str, object]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    folder = tmp_path_factory.mktemp("uninterrupted")
    start, plan_file, whole = folder / "start.db", folder / "plan", folder / "whole.db"
    plan = school_day.plan(school_day.before(start))
    write_plan(plan, plan_file)
    shutil.copyfile(start, whole)
    target = _open(whole)
    run(plan, target)
    return Uninterrupted(start, plan_file, d.state(target))


@pytest.mark.parametrize("batches", [0, 1, 2, 4, 7])
def test_killed_between_batches(uninterrupted: Uninterrupted, tmp_path: Path, batches: int) -> None:
    path = tmp_path / "directory.db"
    shutil.copyfile(uninterrupted.start, path)
    _apply_until_killed(uninterrupted.plan, path, "batches", batches)
    assert (_open(path).info().school_year == "2026-27") == (batches > 0)
    _finish(uninterrupted, path)


@pytest.mark.parametrize("rows", [20, 29, 55, 100, 150])
def test_killed_inside_a_transaction(uninterrupted: Uninterrupted, tmp_path: Path, rows: int) -> None:
    path = tmp_path / "directory.db"
    shutil.copyfile(uninterrupted.start, path)
    _apply_until_killed(uninterrupted.plan, path, "rows", rows)
    assert path.with_name(path.name + JOURNAL).stat().st_size > 0
    _finish(uninterrupted, path)


@pytest.mark.parametrize("statements", [0, 1, 5])
def test_killed_while_the_directory_is_made(tmp_path: Path, statements: int) -> None:
    path, plan_file = tmp_path / "directory.db", tmp_path / "plan"
    users = d.numbered(users=[d.creation("S1")])["users"]
    write_plan(make_plan(users=users, header=make_header(new_directory=True, directory_year="")), plan_file)
    _apply_until_killed(plan_file, path, "statements", statements)
    assert _open(path).info() == DirectoryInfo("", "")
    run(read_plan(plan_file), _open(path))
    assert _open(path).info() == DirectoryInfo("dir-1", "2025-26")
    assert d.user(_open(path), "S1")["email"] == "s1@example.org"


def _open(path: Path) -> Target:
    return open_target(TargetSettings("embedded", str(path)), HeldMemory())


def _apply_until_killed(plan: Path, path: Path, what: str, length: int) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.support.killed", str(plan), str(path), what, str(length)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (process.returncode, process.stderr) == (-signal.SIGKILL, "")


def _finish(uninterrupted: Uninterrupted, path: Path) -> None:
    target = _open(path)
    assert d.state(target) != uninterrupted.after
    outcomes = run(read_plan(uninterrupted.plan), target)
    assert outcomes.frame["outcome"].is_in(["applied", "already"]).all()
    assert d.state(target) == uninterrupted.after
