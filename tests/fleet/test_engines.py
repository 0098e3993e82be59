"""What every engine keeps to, and what a cluster adds: a worker that is lost costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcileError
from reconciler.fleet import DaskEngine, Engine, LocalEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [f"schools/s{number}.yaml" for number in range(25)]


def measure(name: str) -> tuple[str, int]:
    """What a worker makes of a name, and who it was."""
    return name.upper(), os.getpid()


def die_once(name: str, *, marks: str) -> tuple[str, int]:
    """The same, but for one worker, which is gone in the middle of its work."""
    mark = f"{marks}/{os.path.basename(name)}"  # noqa: PTH119 - as short as it gets
    if name.endswith("s12.yaml") and not os.path.exists(mark):  # noqa: PTH110
        with open(mark, "w", encoding="utf-8"):  # noqa: PTH123
            os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return measure(name)


def gave_up(name: str, why: str) -> tuple[str, int]:
    return f"{name}: {why}", 0


@contextmanager
def started(program: str, *words: str, until: str) -> Iterator[str]:
    """A program of Dask's, once it has said a word, with the line that has it."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", *words]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr
        for line in running.stderr:
            if until in line:
                yield line
                return
        raise AssertionError(f"{program} never said {until!r}")
    finally:
        running.kill()
        running.communicate()


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of a scheduler with two workers."""
    with ExitStack() as running:
        at = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        line = running.enter_context(started("dask_scheduler", *at, until="Scheduler at:"))
        address = line.split()[-1]
        for _ in range(2):
            worker = ("dask_worker", address, "--nthreads", "1", "--no-dashboard")
            running.enter_context(started(*worker, until="Registered to:"))
        yield address


@pytest.fixture(params=["local", "dask"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "local":
        return LocalEngine(jobs=2, timeout=60)
    return DaskEngine(request.getfixturevalue("cluster"))


def test_each_name_is_worked_on_once_elsewhere(engine: Engine) -> None:
    found = list(engine.run(measure, NAMES, gave_up))
    assert sorted(name for name, _ in found) == sorted(name.upper() for name in NAMES)
    assert os.getpid() not in {worker for _, worker in found}


def test_nothing_to_do_is_nothing(engine: Engine) -> None:
    assert list(engine.run(measure, [], gave_up)) == []


@pytest.mark.parametrize("engine", ["dask"], indirect=True)
def test_what_a_lost_worker_was_at_is_done_by_another(engine: Engine, tmp_path: Path) -> None:
    found = list(engine.run(partial(die_once, marks=str(tmp_path)), NAMES, gave_up))
    assert (tmp_path / "s12.yaml").exists()
    assert sorted(name for name, _ in found) == sorted(name.upper() for name in NAMES)


@pytest.mark.parametrize("engine", ["local"], indirect=True)
def test_a_process_that_dies_costs_one_school(engine: Engine, tmp_path: Path) -> None:
    found = [name for name, _ in engine.run(partial(die_once, marks=str(tmp_path)), NAMES, gave_up)]
    assert max(found) == "schools/s12.yaml: its process died (exit code -9)"
    assert len(found) == len(NAMES)


def test_a_cluster_that_is_not_there_is_told() -> None:
    engine = DaskEngine("tcp://127.0.0.1:9", patience=0.5)
    with pytest.raises(
        ReconcileError, match=r"^tcp://127\.0\.0\.1:9: there is no scheduler; see --scheduler$"
    ):
        list(engine.run(measure, NAMES, gave_up))
