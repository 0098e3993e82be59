"""The clock, and the gate that paces all requests to a server."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from reconciler.http.pace import MOST_ANSWERS, Pace, pack, shared_pace, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.shared_file import SharedFile

_WINDOW = 1.0
"""Seconds over which a rate is measured, and in which it is cut once at most."""
_KEPT_UP = 0.8
_FASTER = 0.995
"""By how much each answer shortens the interval."""
_FIRST = 0.05
"""Seconds between two requests to a server that takes none at all yet."""
_SLOWEST = 2.0


class Clock(Protocol):
    """The time, and how to wait; a test has its own."""

    def now(self) -> float:
        """Seconds, from anywhere."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's."""

    def now(self) -> float:
        """Seconds since the machine started, the same in all of its processes."""
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

    With a `shared` file, all gates of that file are one, of whatever processes; what they learnt serves the
    next ones for a minute. Where it cannot be used, the gate goes on with what it knows itself.
    """

    def __init__(self, clock: Clock, shared: SharedFile | None = None) -> None:
        self._clock, self._shared = clock, shared
        self._lock = threading.Lock()
        self._pace = Pace()

    def wait(self) -> None:
        """Return once the next request may be made."""
        with self._held() as (pace, now):
            turn = max(now, pace.turn)
            pace.turn = turn + pace.interval
        if turn > now:
            self._clock.sleep(turn - now)

    def busy(self, seconds: float, *, too_much: bool = False) -> None:
        """The server is busy, for so long at least; `too_much` says that we are the reason."""
        with self._held() as (pace, now):
            if too_much and now >= pace.judged:
                pace.interval = min(max(1 / (_KEPT_UP * _achieved(pace, now)), pace.interval), _SLOWEST)
                pace.judged = now + max(seconds, _WINDOW)
                del pace.answers[:]
            pace.turn = max(pace.turn, now + seconds)

    def answered(self) -> None:
        """The server has answered."""
        with self._held() as (pace, now):
            _leave_out_older(pace, now)
            del pace.answers[: 1 - MOST_ANSWERS]
            pace.answers.append(now)
            pace.interval *= _FASTER

    @contextmanager
    def _held(self) -> Iterator[tuple[Pace, float]]:
        """The pace, which nobody else changes meanwhile; and the moment."""
        with self._lock:
            if self._shared is None:
                yield self._pace, self._clock.now()
                return
            with self._shared.held() as file:
                now = self._clock.now()
                self._pace = unpack(file.read(), now) or self._pace
                yield self._pace, now
                self._pace.seen = now
                file.write(pack(self._pace))


def gate_of(url: str, clock: Clock) -> Gate:
    """The gate before the server of an address: one for all processes, if they go by the same clock."""
    return Gate(clock, shared_pace(url) if isinstance(clock, SystemClock) else None)


def _achieved(pace: Pace, now: float) -> float:
    """Answers a second, of the last window."""
    _leave_out_older(pace, now)
    if not pace.answers:
        return 1 / (pace.interval or _FIRST)
    return len(pace.answers) / max(now - pace.answers[0], _WINDOW / 10)


def _leave_out_older(pace: Pace, now: float) -> None:
    """Keep the answers of the last window alone."""
    del pace.answers[: bisect_right(pace.answers, now - _WINDOW)]
