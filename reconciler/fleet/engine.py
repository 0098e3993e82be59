"""Who does the work of many schools: processes of this machine, or a cluster that exists already.

A school that fails, hangs or takes its process along touches no other: that is what an engine is for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from reconciler.fleet.pool import WarmPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

TIMEOUT = 600.0
"""Seconds that a school may take."""


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
    """Warm processes of this machine."""

    jobs: int = 0
    """How many; 0 for as many as there are processors."""
    timeout: float = TIMEOUT

    def run(
        self, work: Callable[[str], T], names: Sequence[str], failed: Callable[[str, str], T]
    ) -> Iterator[T]:
        """As of Engine. A process that takes too long is killed, and another takes its place."""
        pool = WarmPool(min(self.jobs or _processors(), len(names)))
        try:
            yield from pool.run(work, names, failed, self.timeout)
        finally:
            pool.stop()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
