"""Guards: how much one plan may change before somebody has to look, and what they say of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Basis = Literal["percent", "count", "off", "first import"]


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
        "users.deactivate": Limit(percent=10, count=5, floor=20),
        "memberships.remove": Limit(percent=10, count=25, floor=50),
        "relationships.remove": Limit(percent=10, count=10, floor=50),
        "users.rename": Limit(percent=10, count=5, floor=20),
        "users.update": Limit(percent=30, count=10, floor=20),
        "users.reactivate": Limit(percent=10, count=5, floor=20),
        "users.create": Limit(percent=30, count=10, floor=20),
        "groups.create": Limit(percent=30, count=10, floor=20),
        "memberships.add": Limit(percent=30, count=50, floor=50),
        "relationships.add": Limit(percent=30, count=20, floor=50),
    }
)
"""Guard -> its limit (None is off), the dangerous ones first: what is taken away, then what is overwritten.

They stand in the rule sets of Vidigami too; a setting that no file gives falls back to these, so that a
school is never without a guard unless it says `off`.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard says of a whole plan."""

    guard: str
    """`<kind>.<action>`, such as `users.deactivate`."""
    figure: int
    """How many objects the plan changes in this way."""
    population: int
    """How many there were of ours when the plan was made."""
    limit: int | None
    """The largest figure that passes; None where there is no limit."""
    basis: Basis
    """`percent` or `count`, whichever gave the limit; `off` or `first import` where there is none."""
    percent: int | None = None
    """The percent that gave the limit."""

    @property
    def tripped(self) -> bool:
        """Whether the plan changes more than the limit allows."""
        return self.limit is not None and self.figure > self.limit
