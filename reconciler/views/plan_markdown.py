"""A plan for a pull request: verdict and counts, what holds it, dangers, then the rest in sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.model import FINDING_CODES
from reconciler.model.plan import ACTIONS
from reconciler.views.counts import SYMBOLS, count_actions, count_codes
from reconciler.views.findings_text import LEVELS, cells_of, level_of
from reconciler.views.items import ITEMS
from reconciler.views.markdown import LIMIT, Document, code, escape
from reconciler.views.names import names_of
from reconciler.views.page import natural, place, plural
from reconciler.views.plan_notes import VERDICTS, notes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Plan

_MANY = 50
_FEW = 15
_GROUPS = 40
"""Items of a list of what is taken away, of any other list, and groups with their number of memberships."""

SIGNALS: Mapping[str, str] = {"held": "\U0001f534", "changes": "\U0001f7e1", "none": "\U0001f7e2"}
"""Verdict -> a red, yellow or green circle, which is seen first."""
_HEADS: Mapping[str, tuple[str, ...]] = {
    "users": ("user", "what", "why", "from"),
    "groups": ("group", "what", "why"),
    "memberships": ("user", "group", "why"),
    "relationships": ("user", "relationship", "why"),
}
_TAKEN = [(kind, action) for kind in ACTIONS for action in ACTIONS[kind] if SYMBOLS[action] == "-"]
_GIVEN = [(kind, action) for kind in ACTIONS for action in ACTIONS[kind] if SYMBOLS[action] != "-"]


def plan_markdown(
    plan: Plan, *, show_names: bool = False, limit: int = LIMIT, level: int = 3, **_look: object
) -> str:
    """`plan` as Markdown of at most `limit` characters, its first heading of this level.

    Without `show_names` people are Host IDs, and changes the names of fields.
    """
    page = Document(limit)
    names = names_of(plan.people, show_names=show_names)
    _write_head(page, plan, level)
    _write_held(page, plan, names)
    hidden = [_write_changes(page, plan, change, names, _MANY) for change in _TAKEN]
    hidden += [_write_blocked(page, plan, names)]
    hidden += [_write_changes(page, plan, change, names, _FEW) for change in _GIVEN]
    _write_codes(page, plan)
    if left_out := sum(hidden):
        page.end(
            f"{plural(left_out, 'row')} left out, or counted alone. The whole:"
            f" {code('reconcile show PLANFILE --full')}, or {code('reconcile plan SCHOOL --full')}."
        )
    return str(page)


def _write_head(page: Document, plan: Plan, level: int) -> None:
    header = plan.header
    verdict = f"{SIGNALS[plan.verdict]} {VERDICTS[plan.verdict]}"
    page.title(f"{verdict}: {header.school_name} ({header.school}), {header.school_year}", level)
    counts = count_actions(plan)
    used = [action for action in SYMBOLS if any(actions.get(action) for actions in counts.values())]
    rows = [
        (kind, *(f"{actions[action]:,}" if actions.get(action) else "" for action in used))
        for kind, actions in counts.items()
        if any(actions.values())
    ]
    if plan.verdict == "none":
        page.add(f"{plural(header.figures.active_users, 'active user')}, as the SIS has them.", "")
    if used:
        page.table(("", *(f"{SYMBOLS[action]} {action}" for action in used)), rows, right=len(used))
    for note in notes_of(plan):
        page.add("", escape(note[:1000]))


def _write_held(page: Document, plan: Plan, names: Mapping[str, str]) -> None:
    if plan.header.tripped:
        page.title("Held by guards")
        page.table(
            ("guard", "what it says"), [(verdict.guard, verdict.told()) for verdict in plan.header.tripped]
        )
    errors = plan.findings.filter(level="error")
    if errors.height:
        page.title(f"Held by errors: {errors.height:,}")
        _list_findings(page, errors, names)


def _write_changes(
    page: Document, plan: Plan, change: tuple[str, str], names: Mapping[str, str], most: int
) -> int:
    """The changes of one kind and action; gives how many of them are not shown one by one."""
    kind, action = change
    frame = plan.changes.frames()[kind].filter(action=action)
    if not frame.height:
        return 0
    title = f"{SYMBOLS[action]} {action.capitalize()} {plural(frame.height, kind[:-1])}"
    if change in _TAKEN:
        page.title(title)
        return _list_changes(page, plan, kind, frame, names, most)
    with page.folded(title):
        return _list_changes(page, plan, kind, frame, names, most)


def _list_changes(  # noqa: PLR0913 - what to list, of what, how
    page: Document, plan: Plan, kind: str, frame: pl.DataFrame, names: Mapping[str, str], most: int
) -> int:
    if kind == "memberships" and frame.height > most:
        counts = sorted(frame["group"].value_counts().iter_rows(), key=lambda count: natural(count[0]))
        shown = page.table(
            ("group", "users"), [(group, f"{number:,}") for group, number in counts[:_GROUPS]], right=1
        )
        _say_more(page, len(counts) - shown, "group")
        return frame.height
    rows = _in_order(frame, kind).head(most)
    places = _places(plan, rows) if kind == "users" else {}
    cells = [
        (*ITEMS[kind](row, names), row["reason"], *([places[row["host_id"]]] if kind == "users" else []))
        for row in rows.iter_rows(named=True)
    ]
    shown = page.table(_HEADS[kind], cells)
    _say_more(page, frame.height - shown, kind[:-1])
    return frame.height - shown


def _in_order(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    return frame.sort("reason", "id") if kind == "users" else frame.sort("id")


def _places(plan: Plan, rows: pl.DataFrame) -> dict[str, str]:
    """Host ID -> where the export tells of them, '' where it does not."""
    people = rows.select("host_id").join(plan.people, on="host_id", how="left")
    told = people.select("host_id", pl.col("file").fill_null(""), pl.col("line").fill_null(0))
    return {host_id: place(file, line) for host_id, file, line in told.iter_rows()}


def _write_blocked(page: Document, plan: Plan, names: Mapping[str, str]) -> int:
    found = plan.findings.filter(level="blocked")
    if not found.height:
        return 0
    with page.folded(f"Blocked, and not carried on: {found.height:,}"):
        return _list_findings(page, found, names)


def _list_findings(page: Document, found: pl.DataFrame, names: Mapping[str, str]) -> int:
    """Findings by code, with what to do; gives how many are not shown."""
    hidden = 0
    for finding, number in count_codes(found).items():
        known = FINDING_CODES[finding]
        page.add("", f"{code(finding)}, {escape(known.title)}: {number:,}. {escape(known.remedy)}", "")
        of_code = found.filter(code=finding).sort("file", "line", "host_id", "detail").head(_FEW)
        shown = page.table(
            ("who", "where", "what"), [cells_of(row, names) for row in of_code.iter_rows(named=True)]
        )
        _say_more(page, number - shown, "finding")
        hidden += number - shown
    return hidden


def _write_codes(page: Document, plan: Plan) -> None:
    """All other findings, as numbers."""
    others = plan.findings.filter(pl.col("level").is_in(["warning", "info"]))
    if not others.height:
        return
    counts = count_codes(others)
    levels = {finding: level_of(others, finding) for finding in counts}
    rows: Sequence[tuple[str, ...]] = [
        (levels[finding], finding, FINDING_CODES[finding].title, f"{counts[finding]:,}")
        for finding in sorted(counts, key=lambda finding: (LEVELS.index(levels[finding]), finding))
    ]
    with page.folded(f"Other findings: {others.height:,}"):
        page.table(("level", "code", "what it is", "number"), rows, right=1)


def _say_more(page: Document, number: int, noun: str) -> None:
    if number > 0:
        page.add("", f"_... and {plural(number, f'more {noun}')}_")
