"""What the stages have made of a school: all that an explanation rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import group_label
from reconciler.model import FINDING_CODES, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Changes, Desired, Directory, Resolution, Roster, School


@dataclass(frozen=True, slots=True)
class Evidence:
    """The outputs of the stages, and the directory as it stands."""

    school: School
    roster: Roster
    desired: Desired
    current: Directory
    resolution: Resolution
    changes: Changes
    findings: pl.DataFrame
    rows: pl.DataFrame
    """What the tables say of whom is asked about, as `roster.tell` gives it."""
    links: pl.DataFrame
    """The contacts that name them."""

    def group_names(self) -> dict[str, str]:
        """Group key -> `category/name`, of all that there are or will be."""
        groups = pl.concat(
            [side.groups.select("key", "target_id", "category", "name") for side in self._sides()]
        )
        named = groups.select(group_label("key", "target_id"), pl.format("{}/{}", "category", "name"))
        return dict(named.rows())

    def _sides(self) -> tuple[Directory, Directory]:
        return self.current, self.resolution.after


def tell_findings(findings: pl.DataFrame) -> Iterator[Fact]:
    """Each finding with what to do."""
    for row in findings.sort("code", "file", "line", "detail").iter_rows(named=True):
        where = f"{row['file']}:{row['line']}" if row["file"] and row["line"] else str(row["file"])
        yield Fact(f"{row['code']} ({row['level']}): {row['detail']}", where)
        yield Fact(f"  what to do: {FINDING_CODES[row['code']].remedy}")
