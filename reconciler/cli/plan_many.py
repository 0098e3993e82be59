"""`reconcile plan` of many schools: one summary, and the worst exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.options import PlanFormat
from reconciler.cli.progress import steps
from reconciler.cli.screen import is_quiet, look, remark, write
from reconciler.cli.shown import Shown, disguised, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Plan
    from reconciler.model.fleet import Planned, SchoolLine

ONE_EACH = {PlanFormat.HTML: ".html", PlanFormat.CSV: ".csv"}
"""Formats that show one school: of many, a file each in a folder."""


@dataclass(slots=True)
class _Gathered:
    """What is kept of plans once they are let go of."""

    lines: list[SchoolLine] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    documents: list[dict[str, object]] = field(default_factory=list)


def plan_many(  # noqa: PLR0913 - one parameter an option
    schools: Sequence[str],
    shown: Shown,
    *,
    out: Path | None,
    encrypt_to: Sequence[str],
    additions_only: bool,
    detailed_exitcode: bool,
) -> None:
    """Plan each school, show one summary, and leave with the worst exit code."""
    from reconciler.fleet import plan_schools
    from reconciler.views.schools import share_of

    if shown.view in ONE_EACH:
        raise typer.BadParameter(f"shows one school; use --out-{shown.view} FOLDER", param_hint="--format")
    for folder in filter(None, (out, *(shown.files.get(view) for view in ONE_EACH))):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = _Gathered()
    with steps() as tell:
        for planned in plan_schools(schools, additions_only=additions_only, tell=tell):
            _keep(planned, shown, kept, out, encrypt_to, share_of(len(schools)))
    for view, path in shown.files.items():
        if view not in ONE_EACH:
            write_file(path, _rendered(kept, view), view)
    states = {line.state for line in kept.lines}
    if not (is_quiet() and states <= {"none"}):
        write(_rendered(kept, shown.view, screen=True))
    if out and states - {"failed"}:
        remark(f"Saved to {out}; 'reconcile apply {out / 'SCHOOL.plan'}' applies one.")
    codes = {"failed": 1, "held": 3, "changes": 5 if detailed_exitcode else 0}
    if code := next((codes[state] for state in codes if state in states and codes[state]), 0):
        raise typer.Exit(code)


def _keep(  # noqa: PLR0913 - what to do with a plan
    planned: Planned, shown: Shown, kept: _Gathered, out: Path | None, encrypt_to: Sequence[str], share: int
) -> None:
    """Write the files of one school's plan, and keep what the summary says of it."""
    from reconciler import saved
    from reconciler.views.schools import line_of, plan_for_comment, school_json

    kept.lines.append(line_of(planned))
    plan = planned.plan
    if plan and out:
        saved.save_plan(plan, out / f"{planned.school}.plan", encrypt_to)
    seen: Plan | None = disguised(plan) if plan and shown.pseudonyms else plan
    wanted = {shown.view, *shown.files}
    if PlanFormat.JSON in wanted:
        kept.documents.append(school_json(planned, seen))
    if seen is None:
        return
    for view, ending in ONE_EACH.items():
        if view in shown.files:
            write_file(shown.files[view] / f"{planned.school}{ending}", shown.rendered(seen, view), view)
    if PlanFormat.MARKDOWN in wanted:
        kept.comments[planned.school] = plan_for_comment(seen, show_names=shown.show_names, limit=share)


def _rendered(kept: _Gathered, view: PlanFormat, *, screen: bool = False) -> str:
    from reconciler.views.schools import schools_json, schools_markdown, schools_text

    if view is PlanFormat.JSON:
        return schools_json(kept.documents)
    if view is PlanFormat.MARKDOWN:
        return schools_markdown(kept.lines, kept.comments)
    return schools_text(kept.lines, **look()) if screen else schools_text(kept.lines)
