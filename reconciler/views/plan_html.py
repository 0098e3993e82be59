"""A plan as one page, which opens from a disk and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.model import FINDING_CODES
from reconciler.views.counts import SYMBOLS, count_actions
from reconciler.views.findings_text import cells_of
from reconciler.views.html_page import render
from reconciler.views.names import names_of, who
from reconciler.views.page import natural, place
from reconciler.views.plan_data import TONES, plan_data
from reconciler.views.plan_notes import VERDICTS, notes_of

if TYPE_CHECKING:
    from reconciler.model import Plan

_LISTED = 2000
"""How many who are blocked are listed outside of the list of all findings, too."""


def plan_html(plan: Plan, *, show_names: bool = False, **_look: object) -> str:
    """`plan` as a page of its own, with a list to search and filter; without `show_names` it has no names."""
    counts = count_actions(plan)
    return render(
        "plan",
        plan=plan,
        header=plan.header,
        verdict=VERDICTS[plan.verdict],
        notes=notes_of(plan),
        counts={kind: actions for kind, actions in counts.items() if any(actions.values())},
        columns=[action for action in SYMBOLS if any(actions.get(action) for actions in counts.values())],
        signs=SYMBOLS,
        tones={action: TONES[sign] for action, sign in SYMBOLS.items()},
        held=_held(plan, show_names=show_names),
        groups=_groups(plan),
        blocked=_blocked(plan, show_names=show_names),
        data=plan_data(plan, show_names=show_names),
    )


def _held(plan: Plan, *, show_names: bool) -> dict[str, Any]:
    """What holds the plan, nothing if nothing does."""
    names = names_of(plan.people, show_names=show_names)
    errors: dict[str, dict[str, Any]] = {}
    for row in plan.findings.filter(level="error").iter_rows(named=True):
        person, found_at, detail = cells_of(row, names)
        known = FINDING_CODES[row["code"]]
        error = errors.setdefault(row["code"], {"title": known.title, "remedy": known.remedy, "found": []})
        error["found"].append({"detail": ": ".join(filter(None, (person, detail))), "place": found_at})
    guards = [(verdict.guard, verdict.told()) for verdict in plan.header.tripped]
    return {"guards": guards, "errors": errors} if guards or errors else {}


def _groups(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Category -> its groups, each with how many join and leave, and how wide that is drawn of 100."""
    moved = plan.changes.memberships.group_by("group_key", "action").agg(rows=pl.len())
    rows = {(key, action): number for key, action, number in moved.iter_rows()}
    widest = max(rows.values(), default=1)
    tree: dict[str, list[dict[str, Any]]] = {}
    for group in sorted(
        plan.header.figures.groups, key=lambda one: natural(f"{one['category']}/{one['name']}")
    ):
        come, gone = (rows.get((group["key"], action), 0) for action in ("add", "remove"))
        widths = {"come_width": round(100 * come / widest, 2), "gone_width": round(100 * gone / widest, 2)}
        tree.setdefault(str(group["category"]), []).append({**group, "come": come, "gone": gone, **widths})
    return tree


def _blocked(plan: Plan, *, show_names: bool) -> dict[str, Any]:
    """Those who are blocked, by code with what to do, and people who clash with each other together."""
    found = plan.findings.filter(level="blocked").sort("code", "file", "line", "host_id", "detail")
    if not found.height:
        return {}
    names = names_of(plan.people, show_names=show_names)
    emails = dict(plan.people.select("host_id", "email").iter_rows()) if show_names else {}
    listed = found.head(_LISTED)
    codes: dict[str, dict[str, Any]] = {}
    for row in listed.iter_rows(named=True):
        known = FINDING_CODES[row["code"]]
        told = codes.setdefault(row["code"], {"title": known.title, "remedy": known.remedy, "families": {}})
        together = frozenset({row["host_id"], *row["others"].split()}) - {""}
        shares = row["code"] == "shared-email"
        email = emails.get(row["host_id"], "") if shares else ""
        # A row without an id is nobody's: each stands alone.
        key = together or frozenset({place(row["file"], row["line"])})
        family = told["families"].setdefault(key, {"email": email, "people": []})
        _, found_at, detail = cells_of(row, names)
        one = {"who": who(row["host_id"], names), "detail": "" if shares else detail, "place": found_at}
        family["people"].append(one)
    return {"people": found.height, "codes": list(codes.values()), "more": found.height - listed.height}
