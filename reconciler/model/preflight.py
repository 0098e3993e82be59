"""How far exports may differ from the last good ones before nothing is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from reconciler.model.guard import Limit

DEFAULT_DRIFT = Limit(percent=20, count=10, floor=50)
DEFAULT_MINIMUM: Mapping[str, int] = MappingProxyType({"students": 10, "staff": 1, "parents": 1})


@dataclass(frozen=True, slots=True)
class PreflightSettings:
    """Limits of the exports, table by table. None is off."""

    drop: Limit | None = DEFAULT_DRIFT
    """By how many rows a table may have shrunk, of those that it had."""
    blank: Limit | None = DEFAULT_DRIFT
    """In how many rows more than before a column may be blank, of those that the table has."""
    minimum: Mapping[str, int] = field(default_factory=lambda: DEFAULT_MINIMUM)
    """Table -> the fewest rows that make sense, where there is nothing to compare with."""
    older: str = "refuse"
    """`refuse` or `allow` a file that is older than the one applied before."""
