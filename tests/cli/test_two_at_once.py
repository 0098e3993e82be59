"""Two who apply at the same moment never both write: one does, and the other is told."""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from reconciler import history
from reconciler.pipeline.places import load, state_of, target_of
from reconciler.state.audit import verify_chain
from reconciler.state.scope import find_scopes
from reconciler.state.store import open_store
from tests.support import directories as d
from tests.support.fleet_killed import GO_ON, killing
from tests.support.scim_servers import NAME, scim2_directories, sign_in
from tests.support.small_schools import write_exports, write_school

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

MINIMUM = "preflight: {minimum: {students: 1, staff: 1, parents: 1}}\n"
NAMES = ("ash", "birch", "elm", "fir", "oak")
KINDS = ("users", "groups", "memberships", "relationships")
STORES = ["sqlite", "postgresql"]
HEAVIER = [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"]
"""Many processes share a store that is PostgreSQL as a rule."""
ON_SCIM = ("birch", "oak")


@pytest.fixture
def schools(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A checkout with a few small schools that remember their runs in one store."""
    sign_in(monkeypatch)
    state = str(tmp_path / "state" / "state.db")
    if request.param == "postgresql":
        state = request.getfixturevalue("postgres").create_database()
    monkeypatch.setenv("RECONCILE_STATE", state)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "directories").mkdir()
    with scim2_directories(ON_SCIM) as servers:
        for name in NAMES:
            place = f"{{kind: embedded, path: ../directories/{name}.db}}"
            if name in servers:
                place = f"{{kind: scim, url: '{servers[name].url}', credentials: {NAME}}}"
            write_exports(tmp_path / "exports" / name, name)
            write_school(tmp_path, name, tmp_path / "exports" / name, place, MINIMUM)
        yield tmp_path


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", *arguments, "--auto-approve"],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def waiting(school: str, steps: int, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """An apply that stands still in the middle of a school, and the file that lets it go on."""
    variables, told = killing({school: ("waits", steps)})
    with start(*arguments, **variables) as process:
        while not (told / school).exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        try:
            yield process, told / GO_ON
        finally:
            (told / GO_ON).touch()


def made(school: str) -> list[int]:
    """How many changes each run of a school made that made any, the first one first; and the trail holds."""
    with open_store(state_of(load(school))).read() as tx:
        assert not any(verify_chain(tx, scope).broken for scope in find_scopes(tx, school))
    runs = [run for listed in history.list_history(load(school)).values() for run in listed]
    counts = [
        sum(outcomes.get("applied", 0) for actions in run.counts.values() for outcomes in actions.values())
        for run in sorted(runs, key=lambda one: one.started)
    ]
    return [count for count in counts if count]


def size(school: str) -> int:
    """How many changes it takes to make all that a directory holds."""
    state = d.state(target_of(load(school)))
    people = [user[0] for user in cast("list[tuple[object, ...]]", state["users"])]
    assert len(set(people)) == len(people)
    return sum(len(cast("list[object]", state[kind])) for kind in KINDS)


@pytest.mark.parametrize("schools", STORES, indirect=True)
@pytest.mark.parametrize(("school", "steps"), [("ash", 12), ("birch", 40)])
@pytest.mark.usefixtures("schools")
def test_the_second_is_told_who_applies(school: str, steps: int, reconcile: Run) -> None:
    with waiting(school, steps, school) as (first, go_on):
        before = d.state(target_of(load(school)))
        code, _, log = reconcile("apply", school, "--auto-approve")
        assert code == 1
        told = re.sub(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC", "T", log)
        assert told == f"{_under_way(school, first.pid)}\n"
        assert d.state(target_of(load(school))) == before
        go_on.touch()
        assert first.wait() == 0
    assert made(school) == [size(school)]
    assert reconcile("plan", school)[1].startswith("No changes.")


@pytest.mark.parametrize("schools", HEAVIER, indirect=True)
def test_of_two_fleets_each_school_is_applied_by_one(schools: Path, reconcile: Run) -> None:
    """The first stands still at elm, with plans for all; the second meanwhile does what it can."""
    assert reconcile("apply", "fir", "--auto-approve")[0] == 0
    write_exports(schools / "exports" / "fir", "fir", left=1)
    with waiting("elm", 12, "--all", "--jobs", "1") as (first, go_on):
        code, second, _ = reconcile("apply", "--all", "--auto-approve")
        go_on.touch()
        shown = first.communicate()[0]
    assert code == 1
    assert lines(second) == {
        "ash": "up to date",
        "birch": "up to date",
        "elm": "failed",
        "fir": "applied",
        "oak": "applied",
    }
    assert "elm: an apply is under way, by " in second
    # The second has made oak's directory, for which the first has no plan; in fir's nothing is left to do.
    assert first.returncode == 3
    assert lines(shown) == {**dict.fromkeys(NAMES, "applied"), "oak": "held"}
    assert re.search(r"The plan is for directory \w+, and this one is \w+; plan again for this one\.", shown)
    assert {name: made(name) for name in NAMES if name != "fir"} == {
        name: [size(name)] for name in NAMES if name != "fir"
    }
    assert len(made("fir")) == 2
    assert [name for name in NAMES if not reconcile("plan", name)[1].startswith("No changes.")] == []


@pytest.mark.parametrize("schools", HEAVIER, indirect=True)
@pytest.mark.usefixtures("schools")
def test_two_fleets_that_begin_together_end_as_one(reconcile: Run) -> None:
    both = [start("--all", "--jobs", "2") for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [log for _, log in said] == ["", ""]
    for process, (shown, _) in zip(both, said, strict=True):
        assert set(lines(shown).values()) <= {"applied", "up to date", "failed", "held"}, shown
        for name, state in lines(shown).items():
            reason = {"failed": f"  {name}: an apply is under way, by ", "held": " plan again for this one"}
            assert reason.get(state, "") in shown
        states = set(lines(shown).values())
        assert process.returncode == (1 if "failed" in states else 3 if "held" in states else 0)
    assert {name: sum(made(name)) for name in NAMES} == {name: size(name) for name in NAMES}
    assert [name for name in NAMES if not reconcile("plan", name)[1].startswith("No changes.")] == []


def lines(shown: str) -> dict[str, str]:
    """School -> the last that is said of it in a line."""
    found = [row for row in shown.splitlines() if row.startswith("  ") and row.split()[0] in NAMES]
    return {row.split()[0]: re.split(r"  +", row.strip())[1] for row in found}


def _under_way(school: str, process: int) -> str:
    who = f"{getpass.getuser()}, process {process}, on {socket.gethostname()}"
    return (
        f"{school}: an apply is under way, by {who} since T, last seen T; wait until it is done. Without"
        " another sign of life it holds the school until T. If you know that it was stopped,"
        f" `reconcile unlock {school}`"
    )
