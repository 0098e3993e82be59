"""What was measured, as aligned text and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.measure import Cost

OURS = "reconcile"
NOTES = """\
Each run is a process of its own, started cold; the runs of all tools take turns, and the least counts.
Whole job: read the five exports and the directory, validate them, work out accounts, groups, memberships and
relationships by all rules, save the plan, and report.
The others compare records: one a person, with their groups and children in it. Both sides are written in the
tool's own format beforehand, which is not measured.\
"""


@dataclass(slots=True)
class Row:
    """A tool; for each size what it cost, or why there is no figure."""

    tool: str
    version: str
    whole: bool
    cells: dict[str, Cost | str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def as_text(rows: Sequence[Row], sizes: Sequence[str]) -> str:
    """A table a size, with each tool's CPU beside ours."""
    parts = [_size_as_text(rows, size) for size in sizes]
    return "\n\n".join([*parts, "\n".join(remarks(rows)), NOTES])


def as_markdown(rows: Sequence[Row], sizes: Sequence[str]) -> str:
    """One table for a README, aligned: CPU seconds and peak MB by size."""
    header = ["tool", "whole job", *(f"{size} people" for size in sizes)]
    lines = [
        [f"{row.tool} {row.version}", "yes" if row.whole else "no", *(_cell(row, size) for size in sizes)]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    ruled = [header, ["-" * width for width in widths], *lines]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in ruled
    )


def remarks(rows: Sequence[Row]) -> list[str]:
    """What each tool found, where that is not what it should have found."""
    return [f"{row.tool}: {remark}" for row in rows for remark in row.remarks] or [
        "Every tool found what it had to find."
    ]


def _size_as_text(rows: Sequence[Row], size: str) -> str:
    width = max(len(f"{row.tool} {row.version}") for row in rows)
    lines = [f"{f'{size} people':<{width}}  whole job    wall s     CPU s   peak MB   CPU : ours"]
    ours = next((row.cells.get(size) for row in rows if row.tool == OURS), None)
    for row in rows:
        start = f"{f'{row.tool} {row.version}':<{width}}  {'yes' if row.whole else 'no':<9}"
        cost = row.cells.get(size, "")
        if isinstance(cost, str):
            lines.append(f"{start}  {cost}")
            continue
        ratio = "" if ours is None or isinstance(ours, str) else f"{cost.cpu / ours.cpu:11.2f}"
        lines.append(f"{start}  {cost.wall:8.2f}  {cost.cpu:8.2f}  {cost.peak_mb:8.0f}  {ratio}".rstrip())
    return "\n".join(lines)


def _cell(row: Row, size: str) -> str:
    cost = row.cells.get(size, "")
    return cost if isinstance(cost, str) else f"{cost.cpu:,.2f} s, {cost.peak_mb:,.0f} MB"
