"""The runs of a school as text or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.model.plan import DONE
from reconciler.views.page import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import School
    from reconciler.state.runs import Run

_SHORT = 12
"""Digits of a plan's digest that tell it from others."""
_HEAD = ("run", "started (UTC)", "seconds", "who", "made", "not made", "plan", "outcome")


def history_text(
    school: School, runs: Mapping[str, Sequence[Run]], *, width: int | None = None, colour: bool = False
) -> str:
    """Each directory's runs, the newest first."""
    page = Page(width=width, colour=colour)
    if not any(runs.values()):
        page.line(f"{school.id}: nothing was applied yet.")
        return str(page)
    for directory, listed in runs.items():
        page.title(f"{school.name} ({school.id}), directory {directory}")
        page.table([_HEAD, *(_row(run) for run in listed)], right=(0, 2, 4, 5))
    return str(page)


def history_json(runs: Mapping[str, Sequence[Run]]) -> str:
    """`{directory id: [run]}`, with the counts by kind, action and outcome."""
    plain = {directory: [asdict(run) for run in listed] for directory, listed in runs.items()}
    return json.dumps(plain, indent=2, default=str) + "\n"


def _row(run: Run) -> tuple[str, ...]:
    seconds = f"{(run.ended - run.started).total_seconds():.1f}" if run.ended else ""
    counts = [
        item
        for of_kind in run.counts.values()
        for of_action in of_kind.values()
        for item in of_action.items()
    ]
    made = sum(number for outcome, number in counts if outcome in DONE)
    others = sum(number for outcome, number in counts if outcome not in DONE)
    return (
        str(run.number),
        f"{run.started:%Y-%m-%d %H:%M}",
        seconds,
        f"{run.who} on {run.host}",
        f"{made:,}",
        f"{others:,}",
        run.plan_digest[:_SHORT],
        f"undo of {run.undoes or 'another'}, {run.outcome}" if run.kind == "undo" else run.outcome,
    )
