"""Guards: how much one plan may change before somebody has to look, and what they say of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Basis = Literal["percent", "count", "off", "first import", "calendar"]

FREEZE = "calendar.freeze"
ADDITIONS_ONLY = "calendar.additions_only"
CALENDAR_GUARDS = (FREEZE, ADDITIONS_ONLY)
"""Guards that hold on certain days, whatever a plan's size."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many objects of a population one plan may change in one way.

    From a population of `floor` on, `percent` of it holds, rounded down; below `floor`, `count` alone.
    A figure equal to the limit passes, one more trips the guard.
    """

    percent: int
    count: int
    floor: int

    def basis(self, population: int) -> Basis:
        """Which of the two holds for a population."""
        return "percent" if population >= self.floor else "count"

    def allowed(self, population: int) -> int:
        """The largest figure that passes; whole numbers throughout, so that the boundary is exact."""
        if self.basis(population) == "count":
            return self.count
        return self.percent * population // 100


NONE_ALLOWED = Limit(0, 0, 0)

DEFAULT_GUARDS: Mapping[str, Limit | None] = MappingProxyType(
    {
        "users.deactivate": Limit(percent=10, count=5, floor=50),
        "memberships.remove": Limit(percent=10, count=25, floor=250),
        "memberships.remove_per_group": Limit(percent=30, count=15, floor=50),
        "relationships.remove": Limit(percent=10, count=10, floor=100),
        "users.rekey": Limit(percent=10, count=5, floor=50),
        "users.rename": Limit(percent=10, count=5, floor=50),
        "users.update": Limit(percent=30, count=15, floor=50),
        "users.reactivate": Limit(percent=10, count=5, floor=50),
        "users.create": Limit(percent=30, count=15, floor=50),
        "groups.create": Limit(percent=30, count=15, floor=50),
        "memberships.add": Limit(percent=30, count=75, floor=250),
        "memberships.add_per_group": Limit(percent=50, count=25, floor=50),
        "relationships.add": Limit(percent=30, count=30, floor=100),
    }
)
"""Guard -> its limit (None is off), the dangerous ones first: what is taken away, then what is overwritten.

They stand in the rule sets of Vidigami too; a setting that no file gives falls back to these, so that a
school is never without a guard unless it says `off`. Each floor is the population of which the percent is
the count, so that a school that grows past it is not held by less than before.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard says of a whole plan."""

    guard: str
    """`<kind>.<action>`, such as `users.deactivate`; or `calendar.<window>`."""
    figure: int
    """How many objects the plan changes in this way."""
    population: int
    """How many there were of ours when the plan was made."""
    limit: int | None
    """The largest figure that passes; None where there is no limit."""
    basis: Basis
    """What gave the limit: `percent`, `count` or `calendar`; or why there is none: `off`, `first import`."""
    percent: int | None = None
    """The percent that gave the limit."""
    detail: str = ""
    """Of a limit per group, the key of the group that is furthest above it; of the calendar's, its days."""

    @property
    def on_a_day(self) -> bool:
        """Whether it is the calendar's, and holds on certain days."""
        return self.guard in CALENDAR_GUARDS

    def told(self) -> str:
        """What was counted, and what may be."""
        if self.on_a_day:
            changes = "removals and deactivations" if self.guard == ADDITIONS_ONLY else "changes"
            return f"{self.figure:,} {changes}, and from {self.detail} there may be none"
        of = f" of {self.detail}" if self.detail else ""
        share = f" ({self.percent} %)" if self.basis == "percent" else ""
        return f"{self.figure:,} of {self.population:,}{of}, and the limit is {self.limit or 0:,}{share}"

    @property
    def tripped(self) -> bool:
        """Whether the plan changes more than the limit allows."""
        return self.limit is not None and self.figure > self.limit


@dataclass(frozen=True, slots=True)
class LiftedGuard:
    """A guard that somebody lifted for one plan, and why."""

    guard: str
    reason: str
