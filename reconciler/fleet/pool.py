"""Warm processes of this machine, which schools cannot take along: none is started anew for a school."""

from __future__ import annotations

import gc
import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from reconciler.fleet.defects import defect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pebble import ProcessPool

T = TypeVar("T")

_WAITING = 4
"""Schools that wait for each process: it is never without work, and no more is held than that."""
_TRIES = 3
"""How often processes are begun for a school, where they break at once."""


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
        to_do, running = iter(names), dict[Future[T], str]()
        while True:
            while len(running) < self._jobs * _WAITING and (name := next(to_do, "")):
                running[self._schedule(work, name, timeout)] = name
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                if error := future.exception():
                    if isinstance(error, BrokenProcessPool):
                        self._end_if_broken()
                    yield failed(name, _why(error, timeout))
                else:
                    yield future.result()

    def stop(self) -> None:
        """End all processes, whatever they are at."""
        if self._processes:
            self._processes.stop()  # type: ignore[no-untyped-call]
            self._processes.join()

    def _schedule(self, work: Callable[[str], T], name: str, timeout: float) -> Future[T]:
        """What will come of a name; of one that no process could be found for, that too."""
        for _ in range(_TRIES):
            try:
                return self._begun().schedule(work, args=[name], timeout=timeout)
            except RuntimeError as error:  # they broke just now: others take their place
                trouble = error
        nothing: Future[T] = Future()
        nothing.set_exception(trouble)
        return nothing

    def _begun(self) -> ProcessPool:
        from pebble import ProcessPool  # noqa: PLC0415 - seldom needed

        self._end_if_broken()
        with self._beginning:
            if self._processes is None:
                # Not forked: threads of a library may hold locks that nobody in the copy would let go of.
                self._processes = ProcessPool(
                    max_workers=self._jobs, context=get_context("spawn"), initializer=_prepare
                )
            return self._processes

    def _end_if_broken(self) -> None:
        """End what is left of processes that broke: they would go on with schools that are told as failed."""
        with self._beginning:
            if self._processes and not _is_whole(self._processes):
                self.stop()
                self._processes = None


def _is_whole(processes: ProcessPool) -> bool:
    try:
        return processes.active
    except BrokenProcessPool:  # the machine could not even begin them
        return False


def _why(error: BaseException, timeout: float) -> str:
    """Why there is nothing of a school, where its process gave this in its place."""
    from pebble import ProcessExpired  # noqa: PLC0415 - seldom needed

    if isinstance(error, TimeoutError):
        return f"gave up after {timeout:g} seconds (--timeout)"
    if isinstance(error, ProcessExpired):
        return f"its process died (exit code {error.exitcode})"
    if isinstance(error, BrokenProcessPool):  # it died between two schools, and nobody can tell at which
        return "its process died"
    return defect(error)


def _prepare() -> None:
    """See that a process ends with the one that started it: nobody would stop a school that hangs."""
    gc.set_threshold(100_000)  # as the command line does: nearly all that a school makes is freed by counting
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
