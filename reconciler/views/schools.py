"""Many schools: a line each, the worst first; and what became of their settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.fleet import STATES, SchoolLine
from reconciler.views.counts import SYMBOLS, count_actions, count_codes
from reconciler.views.markdown import LIMIT, Document
from reconciler.views.page import Page, plural
from reconciler.views.plan_json import plan_json
from reconciler.views.plan_markdown import SIGNALS, plan_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Plan
    from reconciler.model.fleet import Planned, SettingsChange

FORMAT = 1
"""As in `plan_json`."""
WORDS = {"failed": "failed", "held": "held", "changes": "with changes", "none": "up to date"}
WORDS["not planned"] = "not planned"
STYLES = {"failed": "bad", "held": "bad", "changes": "~", "none": "quiet", "not planned": ""}
"""State -> how it is said, and how it looks."""
_SIGNALS = {**SIGNALS, "failed": "\U0001f534"}
_LEAST = 1500
"""Characters below which a plan in a comment would say nothing."""


def line_of(planned: Planned) -> SchoolLine:
    """What a summary says of a school."""
    plan = planned.plan
    if plan is None:
        return SchoolLine(planned.school, "", "failed", {}, error=planned.error)
    held_by = [verdict.guard for verdict in plan.header.tripped]
    held_by += count_codes(plan.findings.filter(level="error"))
    return SchoolLine(
        planned.school,
        plan.header.school_name,
        plan.verdict,
        count_actions(plan),
        tuple(held_by),
        on_trial=plan.header.sync == "plan_only",
    )


def schools_text(lines: Sequence[SchoolLine], *, width: int | None = None, colour: bool = False) -> str:
    """A line a school, the worst first; errors whole below."""
    page = Page(width=width, colour=colour)
    if not lines:
        return "No school is touched.\n"
    page.line(summary_of(lines), "title")
    page.line()
    label = max(len(line.school) for line in lines)
    for line in worst_first(lines):
        state = f"{WORDS[line.state]:<12}"
        page.spans(
            [(f"{line.school:<{label}}  ", ""), (state, STYLES[line.state]), (f"  {pending(line)}", "")]
        )
    for line in worst_first(lines):
        if line.error:
            page.title(line.school)
            for row in line.error.splitlines():
                page.line(row, indent=2)
    return str(page)


def schools_markdown(lines: Sequence[SchoolLine], plans: Mapping[str, str], *, limit: int = LIMIT) -> str:
    """A table of all schools, the worst first, then the plan of each, as Markdown, as far as they fit.

    `plans` has the Markdown of schools by id.
    """
    page = Document(limit)
    page.title(summary_of(lines) if lines else "No school is touched", 3)
    worst = worst_first(lines)
    rows = [(f"{_SIGNALS[line.state]} {WORDS[line.state]}", line.school, pending(line)) for line in worst]
    shown = page.table(("", "school", "what would change"), rows)
    if shown < len(rows):
        page.add("", f"_... and {plural(len(rows) - shown, 'more school')}_")
    left_out = 0
    for line in worst:
        if body := plans.get(line.school, ""):
            left_out += not page.add("", "---", "", body)
    if left_out:
        page.end(
            f"{plural(left_out, 'plan')} left out: this comment is full. 'reconcile plan SCHOOL' shows each."
        )
    return str(page)


def share_of(schools: int) -> int:
    """The characters that each of so many plans may take in one comment."""
    return max((LIMIT - 8000) // max(schools, 1), _LEAST)


def plan_for_comment(plan: Plan, *, show_names: bool, limit: int) -> str:
    """A plan among others: nothing where nothing would change."""
    return "" if plan.verdict == "none" else plan_markdown(plan, show_names=show_names, limit=limit, level=3)


def school_json(planned: Planned, seen: Plan | None) -> str:
    """A school of `schools_json`; `seen` is its plan as it may be shown.

    As text: whoever makes one of many has no more to do than to put them together.
    """
    line = line_of(planned)
    told = {
        "school": line.school,
        "verdict": line.state,
        "summary": line.counts,
        "held_by": list(line.held_by),
        "error": line.error or None,
        "plan": None,
    }
    text = json.dumps(told, indent=2, ensure_ascii=False)
    return text.removesuffix("null\n}") + _indented(plan_json(seen).rstrip("\n")) + "\n}" if seen else text


def schools_json(schools: Sequence[str]) -> str:
    """One document of many schools, each of `school_json`; each `plan` is one of `plan_json`."""
    text = json.dumps({"format": FORMAT, "schools": []}, indent=2)
    listed = ",".join(f"\n    {_indented(school, 4)}" for school in schools)
    return text.removesuffix("]\n}") + listed + ("\n  " if schools else "") + "]\n}\n"


def _indented(text: str, by: int = 2) -> str:
    """A JSON value as it stands inside another. No string in it has the end of a line: those are escaped."""
    return text.replace("\n", "\n" + " " * by)


def settings_text(
    changes: Sequence[SettingsChange], ref: str, *, width: int | None = None, colour: bool = False
) -> str:
    """How settings differ from those of `ref`; schools with the same differences together."""
    page = Page(width=width, colour=colour)
    alike: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for change in changes:
        if change.changes:
            alike.setdefault(change.changes, []).append(change.school)
    for listed, schools in alike.items():
        page.title(f"{', '.join(schools)}: {plural(len(listed), 'setting')}")
        page.table([(place, f"{before} -> {after}") for place, before, after in listed])
    for change in changes:
        if change.note:
            page.title(change.school)
            for row in change.note.splitlines():
                page.line(row, "bad" if change.failed else "", indent=2)
    same = sum(not (change.changes or change.note) for change in changes)
    if same:
        page.line()
        page.line(f"{plural(same, 'school')} as at {ref}.", "quiet")
    return str(page)


def settings_json(changes: Sequence[SettingsChange], ref: str) -> str:
    """The same as a document."""
    schools = [
        {
            "school": change.school,
            "changes": [
                {"setting": place, "before": before, "after": after}
                for place, before, after in change.changes
            ],
            "note": change.note or None,
        }
        for change in changes
    ]
    return json.dumps({"format": FORMAT, "ref": ref, "schools": schools}, indent=2, ensure_ascii=False) + "\n"


def worst_first(lines: Sequence[SchoolLine]) -> list[SchoolLine]:
    """The schools in the order in which they ask for somebody."""
    return sorted(lines, key=lambda line: (STATES.index(line.state), line.school))


def summary_of(lines: Sequence[SchoolLine]) -> str:
    """`12 schools: 1 failed, 2 held, 9 up to date`."""
    numbers = {state: sum(line.state == state for line in lines) for state in STATES}
    told = ", ".join(f"{number} {WORDS[state]}" for state, number in numbers.items() if number)
    return f"{plural(len(lines), 'school')}: {told}"


def pending(line: SchoolLine) -> str:
    """What holds a school, what would change, and whether it may."""
    if line.error:
        return line.error.splitlines()[0]
    parts = [
        f"{kind} " + " ".join(f"{SYMBOLS[action]}{number:,}" for action, number in actions.items() if number)
        for kind, actions in line.counts.items()
        if any(actions.values())
    ]
    held = f"by {', '.join(line.held_by)}" if line.held_by else ""
    changes = ", ".join(parts)
    trial = "on trial" if changes and line.on_trial else ""
    return "; ".join(filter(None, (held, changes, trial))) or "nothing to change"
