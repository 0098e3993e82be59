"""A plan as text: counts first, then what is taken away, then the rest, then the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.model.plan import ACTIONS
from reconciler.views.counts import SYMBOLS, count_actions, count_codes
from reconciler.views.findings_text import list_findings
from reconciler.views.items import ITEMS
from reconciler.views.names import names_of
from reconciler.views.page import CAP, Page, natural, pad, plural
from reconciler.views.plan_notes import settings_changes, unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Plan, Verdict

_GROUPS = 20
"""How many groups are told with the number of their memberships."""

_VERBS = {"rekey": "Give a new Host ID to"}
_LINKS = ("memberships", "relationships")
_PLURALS = {"student": "students", "staff": "staff", "parent": "parents"}
_COLUMNS = (("create", "add"), ("update",), ("rekey",), ("reactivate",), ("deactivate", "remove"))
_TAKEN = [(kind, action) for kind in ACTIONS for action in ACTIONS[kind] if SYMBOLS[action] == "-"]
_GIVEN = [(kind, action) for kind in ACTIONS for action in ACTIONS[kind] if SYMBOLS[action] != "-"]


def plan_text(  # noqa: PLR0913 - how it is to look
    plan: Plan,
    *,
    full: bool = False,
    show_names: bool = False,
    brief: bool = False,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """`plan` for a reader at a terminal.

    Without `full` no more than ten items of a sort are listed; without `show_names` people are Host IDs
    and changes the names of fields. `brief` is counts alone, and what holds the plan.
    """
    page = Page(width=width, colour=colour)
    names = names_of(plan.people, show_names=show_names)
    if plan.verdict == "none":
        _write_no_changes(page, plan)
        return str(page)
    _write_header(page, plan)
    _write_held(page, plan, names, full=full)
    page.line()
    _write_counts(page, plan)
    if brief:
        return str(page)
    for change in [*_TAKEN, *_GIVEN]:
        _write_changes(page, plan, change, names, full=full)
    _write_findings(page, plan, names, full=full)
    return str(page)


def _write_no_changes(page: Page, plan: Plan) -> None:
    number = plan.header.figures.active_users
    people = f"{number:,} people are" if number != 1 else "1 person is"
    tail = "Nothing is to be added" if plan.header.additions_only else f"{people} as the SIS has them"
    page.line(f"No changes. {tail}.")
    if waiting := unconfirmed(plan):
        page.prose(waiting)
    if codes := count_codes(plan.findings):
        page.prose("Findings: " + ", ".join(f"{number:,} {code}" for code, number in codes.items()))


def _write_header(page: Page, plan: Plan) -> None:
    header = plan.header
    if header.undoes:
        page.line(
            f"Undoes run {header.undoes}: the directory as it was, but for what has changed since", "title"
        )
        page.line()
    if header.rolls_over or (header.undoes and header.moves_year):
        kind = "a roll-over" if header.rolls_over else "back"
        page.line(f"School year {header.directory_year} -> {header.school_year}: {kind}", "title")
        page.line()
    directory = "a new directory" if header.new_directory else f"directory {header.directory_id}"
    page.line(f"{header.school_name} ({header.school}), {header.school_year}, {directory}", "title")
    if header.part:
        page.prose(
            f"A part of the plan (--only {', '.join(header.part)}): {len(plan.changes):,} of"
            f" {plural(header.whole, 'change')}; the rest is left for later."
        )
    if header.additions_only:
        page.line("Additions only: nobody leaves, and nothing is removed.")
    if header.settings_changes:
        page.prose(f"Settings since the last apply: {settings_changes(plan)}")
    if waiting := unconfirmed(plan):
        page.prose(waiting)
    if not header.baseline and not header.undoes:
        page.line(
            "No baseline: there is no last good run to hold the exports against; absolute minimums hold.",
            "quiet",
        )
    if header.sync == "plan_only":
        page.line("On trial (sync: plan_only): this plan can be read, but not applied.")


def _write_held(page: Page, plan: Plan, names: Mapping[str, str], *, full: bool) -> None:
    if plan.header.tripped:
        page.line()
        page.line("Held by guards: this is not what the school's limits and calendar allow.", "bad")
        for verdict in plan.header.tripped:
            _write_tripped(
                page, verdict, "See that it is meant" if plan.header.undoes else "Mend the exports"
            )
    if plan.has_errors:
        page.line()
        page.line("Held: nothing of this plan can be applied before this is mended.", "bad")
        list_findings(
            page, plan.findings.filter(level="error"), names, cap=None if full else CAP, remedies=True
        )


def _write_tripped(page: Page, verdict: Verdict, advice: str) -> None:
    advice = "Wait" if verdict.on_a_day else advice
    lift = f"apply PLANFILE --allow {verdict.guard} --reason TEXT"
    page.line(f"{verdict.guard}: {verdict.told()}. {advice}, or: {lift}", "bad", indent=2)


def _write_counts(page: Page, plan: Plan) -> None:
    counts = count_actions(plan)
    if not len(plan.changes):
        page.line("No change to anybody.")
        return
    columns = [
        cells
        for column in _COLUMNS
        if any(cells := _count_cells(counts, column))  # an action that nobody has takes no room
    ]
    label = max(map(len, counts))
    for at, (kind, actions) in enumerate(counts.items()):
        cells = [column[at] for column in columns] if any(actions.values()) else ["no change"]
        widths = [max(map(len, column)) for column in columns]
        spans = [(f"  {pad(cell, width)}", cell[:1]) for cell, width in zip(cells, widths, strict=False)]
        page.spans([(pad(kind, label), ""), *spans])
    alone = {kind: number for kind, number in plan.header.figures.unmanaged.items() if number}
    if alone:
        told = ", ".join(plural(number, kind[:-1]) for kind, number in alone.items())
        page.line(f"Not ours, and left alone: {told}", "quiet", indent=2)


def _count_cells(counts: Mapping[str, Mapping[str, int]], column: tuple[str, ...]) -> list[str]:
    """One cell a kind: sign, number and action, or '' for none."""
    found = [
        next(((action, actions[action]) for action in column if actions.get(action)), ("", 0))
        for actions in counts.values()
    ]
    width = max(len(f"{number:,}") for _, number in found)
    return [f"{SYMBOLS[action]} {number:>{width},} {action}" if action else "" for action, number in found]


def _write_changes(
    page: Page, plan: Plan, change: tuple[str, str], names: Mapping[str, str], *, full: bool
) -> None:
    kind, action = change
    frame = plan.changes.frames()[kind].filter(action=action)
    for block in _blocks(frame, kind):
        page.title(_block_title(block, kind, action))
        if kind == "memberships" and block.height > CAP and not full:
            _write_membership_counts(page, block, action)
            continue
        shown = block if full else block.head(CAP)
        items = [ITEMS[kind](row, names) for row in shown.iter_rows(named=True)]
        if kind in _LINKS and block["reason"].n_unique() > 1:
            items = [(*item, reason) for item, reason in zip(items, shown["reason"], strict=True)]
        page.changes(SYMBOLS[action], items)
        page.hidden(block.height - shown.height)


def _blocks(frame: pl.DataFrame, kind: str) -> list[pl.DataFrame]:
    """By reason; but links have as many reasons as people ("parent of S12"), so each item says its own."""
    if not frame.height:
        return []
    return (
        [frame] if kind in _LINKS else frame.sort("reason", "id").partition_by("reason", maintain_order=True)
    )


def _block_title(block: pl.DataFrame, kind: str, action: str) -> str:
    verb = _VERBS.get(action, action.capitalize())
    title = f"{verb} {plural(block.height, kind[:-1])}"
    if block["reason"].n_unique() == 1 and (reason := block["reason"][0]):
        title += f" ({reason})"
    if kind == "users":
        title += f": {_member_types(block)}"
    return title


def _member_types(block: pl.DataFrame) -> str:
    """`960 students, 68 staff`."""
    member_type = pl.when(pl.col("after_member_type") != "").then("after_member_type")
    types = block.select(member_type.otherwise("before_member_type").alias("type"))["type"]
    counts = dict(types.value_counts().iter_rows())
    return ", ".join(
        f"{counts[one]:,} {many if counts[one] != 1 else one}"
        for one, many in _PLURALS.items()
        if one in counts
    )


def _write_membership_counts(page: Page, block: pl.DataFrame, action: str) -> None:
    """By group, for a list of a thousand memberships says less than how many join each group."""
    counts = sorted(block["group"].value_counts().iter_rows(), key=lambda count: natural(count[0]))
    rows = [(group, f"{number:,}") for group, number in counts[:_GROUPS]]
    page.changes(SYMBOLS[action], rows, right=[1])
    rest = len(counts) - _GROUPS
    page.hidden(rest, f" group{'' if rest == 1 else 's'}; --full shows all")
    if len(counts) <= _GROUPS:
        page.line("--full shows each of them", "quiet", indent=4)


def _write_findings(page: Page, plan: Plan, names: Mapping[str, str], *, full: bool) -> None:
    blocked = plan.findings.filter(level="blocked")
    others = plan.findings.filter(pl.col("level").is_in(["warning", "info"]))
    cap = None if full else CAP
    if blocked.height:
        page.title(f"Blocked, and not carried on: {blocked.height:,}")
        list_findings(page, blocked, names, cap=cap)
    if others.height:
        page.title(f"Other findings: {others.height:,}")
        list_findings(page, others, names, cap=cap)
    if plan.findings.height:
        page.line()
        page.line("'reconcile explain CODE' says what a finding means and what to do.", "quiet")
