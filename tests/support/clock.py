"""A clock that does not wait."""

from __future__ import annotations


class HeldClock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.time, self.waited = 0.0, list[float]()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.time += seconds
