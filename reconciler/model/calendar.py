"""The school's calendar: when nothing may change, when nothing may go, and when everybody moves up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.guard import Limit


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `first` to `last`, both of them in it, as ISO 8601 dates: written so, they sort as text."""

    first: str
    last: str
    limits: Mapping[str, Limit | None] = field(default_factory=dict)
    """Guard -> the limit that holds in a roll-over, for those that it names."""

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Windows of dates in which other rules hold."""

    freeze: tuple[Window, ...] = ()
    """Nothing is applied."""
    additions_only: tuple[Window, ...] = ()
    """Nobody leaves, and nothing is removed."""
    rollover: tuple[Window, ...] = ()
    """Limits of their own hold."""


def window_of(windows: tuple[Window, ...], today: str) -> Window | None:
    """The first window that a day is in."""
    return next((window for window in windows if window.first <= today <= window.last), None)
