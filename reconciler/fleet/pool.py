"""Warm processes of this machine, which schools cannot take along: none is started anew for a school."""

from __future__ import annotations

import gc
import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pebble import ProcessPool

T = TypeVar("T")

_WAITING = 4
"""Schools that wait for each process: it is never without work, and no more is held than that."""


class WarmPool:
    """So many processes, kept from one run to the next; begun when there is something to do."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._processes: ProcessPool | None = None
        self._beginning = Lock()

    def run(
        self,
        work: Callable[[str], T],
        names: Sequence[str],
        failed: Callable[[str, str], T],
        timeout: float,
    ) -> Iterator[T]:
        """As of Engine. A process that takes longer than `timeout` is killed, and another takes its place."""
        from pebble import ProcessExpired  # noqa: PLC0415 - seldom needed

        to_do, running = iter(names), dict[Future[T], str]()
        while True:
            while len(running) < self._jobs * _WAITING and (name := next(to_do, "")):
                running[self._begun().schedule(work, args=[name], timeout=timeout)] = name
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                try:
                    yield future.result()
                except TimeoutError:
                    yield failed(name, f"gave up after {timeout:g} seconds (--timeout)")
                except ProcessExpired as error:
                    yield failed(name, f"its process died (exit code {error.exitcode})")
                except BrokenProcessPool:  # it died between two schools, and nobody can tell at which
                    yield failed(name, "its process died")

    def stop(self) -> None:
        """End all processes, whatever they are at."""
        if self._processes:
            self._processes.stop()  # type: ignore[no-untyped-call]
            self._processes.join()

    def _begun(self) -> ProcessPool:
        from pebble import ProcessPool  # noqa: PLC0415 - seldom needed

        with self._beginning:
            if self._processes is None or not self._processes.active:
                # Not forked: threads of a library may hold locks that nobody in the copy would let go of.
                self._processes = ProcessPool(
                    max_workers=self._jobs, context=get_context("spawn"), initializer=_prepare
                )
            return self._processes


def _prepare() -> None:
    """See that a process ends with the one that started it: nobody would stop a school that hangs."""
    gc.set_threshold(100_000)  # as the command line does: nearly all that a school makes is freed by counting
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
