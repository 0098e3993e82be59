"""The clock, and the gate that paces all requests to a server."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """The time, and how to wait; a test has its own."""

    def now(self) -> float:
        """Seconds, from anywhere."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's."""

    def now(self) -> float:
        """Seconds since the machine started."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Gate:
    """Lets requests through one after the other, no faster than the server takes them.

    A server that says that it is busy makes all threads wait, and the gate slower; each answer makes it a
    little faster again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0
        self._interval = 0.0

    def wait(self) -> None:
        """Return once the next request may be made."""
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._clock.sleep(turn - now)

    def busy(self, seconds: float) -> None:
        """The server is busy, for so long at least."""
        with self._lock:
            self._interval = min(max(self._interval * 2, 0.05), 2.0)
            self._next = max(self._next, self._clock.now() + seconds)

    def answered(self) -> None:
        """The server has answered."""
        with self._lock:
            self._interval = self._interval * 0.9 if self._interval > 0.01 else 0.0
