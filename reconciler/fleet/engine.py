"""Who does the work of many schools: processes of this machine, or a cluster that exists already.

A school that fails, hangs or takes its process along touches no other: that is what an engine is for.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

TIMEOUT = 600.0
"""Seconds that a school may take."""
_WAITING = 4
"""Schools that wait for each process: it is never without work, and no more is held than that."""


class Engine(Protocol):
    """Does the same work for each of many schools."""

    def run(
        self, work: Callable[[str], T], names: Sequence[str], failed: Callable[[str, str], T]
    ) -> Iterator[T]:
        """What `work` gives for each name, as soon as it is known, in any order.

        `work` and what it gives are pickled. `failed` makes of a name, and why there is none, what stands in
        its place where a process has died or taken too long.
        """


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Warm processes of this machine: none is started anew for a school."""

    jobs: int = 0
    """How many; 0 for as many as there are processors."""
    timeout: float = TIMEOUT

    def run(
        self, work: Callable[[str], T], names: Sequence[str], failed: Callable[[str, str], T]
    ) -> Iterator[T]:
        """As of Engine. A process that takes too long is killed, and another takes its place."""
        from pebble import ProcessExpired, ProcessPool  # noqa: PLC0415 - seldom needed

        jobs = min(self.jobs or _processors(), len(names))
        if not jobs:
            return
        # Not forked: threads of a library may hold locks that nobody in the copy would let go of.
        pool = ProcessPool(max_workers=jobs, context=get_context("spawn"))
        to_do, running = iter(names), dict[Future[T], str]()
        try:
            while True:
                while len(running) < jobs * _WAITING and (name := next(to_do, "")):
                    running[pool.schedule(work, args=[name], timeout=self.timeout)] = name
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    try:
                        yield future.result()
                    except TimeoutError:
                        yield failed(name, f"gave up after {self.timeout:g} seconds (--timeout)")
                    except ProcessExpired as error:
                        yield failed(name, f"its process died (exit code {error.exitcode})")
            pool.close()  # type: ignore[no-untyped-call]
        finally:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
