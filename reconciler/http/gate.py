"""The clock, and the gate that paces all requests to a server."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Protocol

_WINDOW = 1.0
"""Seconds over which a rate is measured, and in which it is cut once at most."""
_KEPT_UP = 0.8
_FASTER = 0.995
"""By how much each answer shortens the interval."""
_FIRST = 0.05
"""Seconds between two requests to a server that takes none at all yet."""
_SLOWEST = 2.0
_MOST_ANSWERS = 1000


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

    What it takes is learnt: one that says that it is asked too much (429) makes all threads wait, and is
    asked at 0.8 of the rate that it kept up with; each answer raises the rate a little again. That happens
    once a window, however many requests were refused in it, and one that is merely busy (503) only makes
    them wait: threads that each halved the rate would starve the run.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0
        self._interval = 0.0
        self._answers: deque[float] = deque(maxlen=_MOST_ANSWERS)
        self._judged = float("-inf")
        """Until when the last cut counts."""

    @property
    def interval(self) -> float:
        """Seconds between two requests; 0 as long as the server has never been asked too much."""
        return self._interval

    def wait(self) -> None:
        """Return once the next request may be made."""
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._clock.sleep(turn - now)

    def busy(self, seconds: float, *, too_much: bool = False) -> None:
        """The server is busy, for so long at least; `too_much` says that we are the reason."""
        with self._lock:
            now = self._clock.now()
            if too_much and now >= self._judged:
                self._interval = min(max(1 / (_KEPT_UP * self._achieved(now)), self._interval), _SLOWEST)
                self._judged = now + max(seconds, _WINDOW)
                self._answers.clear()
            self._next = max(self._next, now + seconds)

    def answered(self) -> None:
        """The server has answered."""
        with self._lock:
            self._answers.append(self._clock.now())
            self._interval *= _FASTER

    def _achieved(self, now: float) -> float:
        """Answers a second, of the last window."""
        recent = [at for at in self._answers if at > now - _WINDOW]
        if not recent:
            return 1 / (self._interval or _FIRST)
        return len(recent) / max(now - recent[0], _WINDOW / 10)
