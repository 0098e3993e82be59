"""A command over many schools, watched while it runs: its CPU apart from its workers', and their memory."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SHARES = (0.1, 0.5, 1.0)
"""How much of the schools is done when memory is looked at."""
_TOLD = re.compile(r"([\d,]+) of [\d,]+ schools; ")


@dataclass(slots=True)
class Run:
    """Seconds of wall clock; of CPU, of the command itself, and of all processes that it or a cluster had."""

    wall: float = 0.0
    own_cpu: float = 0.0
    cpu: float = 0.0
    own_mb: list[float] = field(default_factory=list)
    """Resident, for each of SHARES."""
    worker_mb: list[float] = field(default_factory=list)
    """The same, of the largest process of a worker."""
    shown: str = ""
    """What the command said of the schools."""


def watch(
    command: Sequence[str],
    folder: Path,
    schools: int,
    environment: Mapping[str, str],
    cluster: Sequence[int] = (),
    at_a_third: Callable[[], None] = lambda: None,
) -> Run:
    """Run a command, told with --verbose, to its end; `cluster` are the processes that work for it.

    Raises:
        RuntimeError: it failed.
    """
    run, marks = Run(), [max(1, int(share * (schools - 1))) for share in SHARES]
    before, start = _cpu_of(cluster), time.perf_counter()
    # A pipe would be full before anybody reads it.
    shown = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed below
    process = subprocess.Popen(
        list(command),
        cwd=folder,
        env={**os.environ, **environment},
        stdout=shown,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    said, disturbed = [], False
    for line in process.stderr:
        said.append(line)
        done = int(told[1].replace(",", "")) if (told := _TOLD.search(line)) else 0
        if done >= schools / 3 and not disturbed:
            disturbed = True
            at_a_third()
        if done and len(run.own_mb) < len(marks) and done >= marks[len(run.own_mb)]:
            _look(run, psutil.Process(process.pid), cluster)
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with shown:
        shown.seek(0)
        run.shown = shown.read()
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(command)} failed ({process.returncode}): {said[-1:]} {run.shown[:500]}"
        )
    run.wall = time.perf_counter() - start
    run.cpu = usage.ru_utime + usage.ru_stime + _cpu_of(cluster) - before
    return run


def _look(run: Run, process: psutil.Process, cluster: Sequence[int]) -> None:
    """Write down what the command and the workers hold now."""
    own = process.cpu_times()
    run.own_cpu = own.user + own.system  # up to here: all but what is shown at the end
    run.own_mb.append(_resident(process))
    workers = [*process.children(recursive=True), *_family(cluster)]
    run.worker_mb.append(max(map(_resident, workers)))


def _resident(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(process.memory_info().rss) / 2**20
    return 0.0


def _family(pids: Sequence[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
    return found


def _cpu_of(pids: Sequence[int]) -> float:
    """What these, their children, and children that are gone have spent."""
    spent = 0.0
    for process in _family(pids):
        with suppress(psutil.Error):
            times = process.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent
