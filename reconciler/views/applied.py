"""What became of many schools: a line each, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fleet import APPLIED_STATES
from reconciler.views.page import Page, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.fleet import SchoolApplied

_WORDS = {
    "failed": "failed",
    "incomplete": "incomplete",
    "held": "held",
    "waiting": "not begun",
    "applied": "applied",
    "none": "up to date",
}
_STYLES = {
    "failed": "bad",
    "incomplete": "bad",
    "held": "bad",
    "waiting": "~",
    "applied": "+",
    "none": "quiet",
}


def applied_text(schools: Sequence[SchoolApplied], *, width: int | None = None, colour: bool = False) -> str:
    """A line a school, the worst first; what there is to know of each whole below."""
    page = Page(width=width, colour=colour)
    page.line(_summary(schools), "title")
    page.line()
    ordered = sorted(schools, key=lambda one: (APPLIED_STATES.index(one.state), one.school))
    label = max((len(one.school) for one in ordered), default=0)
    for one in ordered:
        state = (f"{_WORDS[one.state]:<10}", _STYLES[one.state])
        page.spans([(f"{one.school:<{label}}  ", ""), state, (f"  {_done(one)}".rstrip(), "")])
    for one in ordered:
        if one.detail:
            page.title(one.school)
            for row in one.detail.splitlines():
                page.line(row, indent=2)
    return str(page)


def _summary(schools: Sequence[SchoolApplied]) -> str:
    numbers = {state: sum(one.state == state for one in schools) for state in APPLIED_STATES}
    told = ", ".join(f"{number:,} {_WORDS[state]}" for state, number in numbers.items() if number)
    return f"{plural(len(schools), 'school')}: {told or 'nothing to do'}"


def _done(one: SchoolApplied) -> str:
    if one.state in ("none", "failed") and not one.changes:
        return ""
    if one.done == one.changes:
        return plural(one.changes, "change")
    return f"{one.done:,} of {plural(one.changes, 'change')}"
