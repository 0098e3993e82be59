"""A Dask cluster of this machine: programs of their own, as a team would start them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Program:
    """A running program of Dask's."""

    process: subprocess.Popen[str]
    said: str
    """The line that says that it is there."""
    log: Thread
    """Reads the rest, so that it never waits for a reader."""

    def end(self) -> None:
        """As by a service manager; returns once all of its processes are gone."""
        self.process.terminate()
        self.process.wait()
        self.log.join()
        assert self.process.stderr
        self.process.stderr.close()


@contextmanager
def dask_cluster(
    workers: int = 2, environment: Mapping[str, str] | None = None, threads: int = 1
) -> Iterator[str]:
    """The address of a scheduler with workers of so many threads; the environment is the workers'."""
    with ExitStack() as running:
        scheduler = start_scheduler()
        running.callback(scheduler.end)
        address = scheduler.said.split()[-1]
        for _ in range(workers):
            running.callback(start_worker(address, environment, threads).end)
        yield address


def start_scheduler() -> Program:
    """A scheduler at a free port; its address is the last word that it said."""
    return _start("scheduler", "--host", "127.0.0.1", "--port", "0", until="Scheduler at:")


def start_worker(address: str, environment: Mapping[str, str] | None = None, threads: int = 1) -> Program:
    """A worker, which its nanny starts again when it is lost."""
    # What schools take is held by processes of the worker's, which Dask does not look at.
    words = ("--nthreads", str(threads), "--memory-limit", "0")
    return _start("worker", address, *words, until="Registered to:", environment=environment)


def _start(program: str, *words: str, until: str, environment: Mapping[str, str] | None = None) -> Program:
    command = [sys.executable, "-m", "dask", program, *words, "--no-dashboard"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    assert process.stderr
    said = next((line for line in process.stderr if until in line), "")
    assert said, f"{program} never said {until!r}"
    log = Thread(target=process.stderr.read, daemon=True)
    log.start()
    return Program(process, said.strip(), log)
