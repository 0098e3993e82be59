"""What one command costs: its own process, cold, with the kernel's word for CPU and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall clock and of CPU (user and system, all threads), and the peak of resident MB."""

    wall: float
    cpu: float
    peak_mb: float


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end, its output thrown away.

    Raises:
        RuntimeError: it failed; what it wrote to standard error is the message.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        message = process.stderr.read() if process.stderr else ""
        # wait4 counts this child alone; getrusage(RUSAGE_CHILDREN) would keep the peak of all before it.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed ({process.returncode}): {message.strip()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def python(*arguments: str) -> list[str]:
    """A command line of this Python."""
    return [sys.executable, *arguments]


def cheapest(runs: Sequence[Cost]) -> Cost:
    """The least of each figure: what disturbs a run only ever adds to it."""
    return Cost(min(run.wall for run in runs), min(run.cpu for run in runs), min(run.peak_mb for run in runs))
