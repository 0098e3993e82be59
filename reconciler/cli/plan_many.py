"""`reconcile plan` of many schools: one summary, and the worst exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.options import PlanFormat
from reconciler.cli.progress import steps
from reconciler.cli.screen import is_quiet, look, remark, write
from reconciler.cli.shown import Shown, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.engines import EngineOptions
    from reconciler.fleet import PlanOrder
    from reconciler.model.fleet import SchoolPlan

ONE_EACH = (PlanFormat.HTML, PlanFormat.CSV)
"""Formats that show one school: of many, a file each in a folder."""


def plan_many(  # noqa: PLR0913 - one parameter an option
    schools: Sequence[str],
    shown: Shown,
    engine: EngineOptions,
    *,
    out: Path | None,
    encrypt_to: Sequence[str],
    additions_only: bool,
    detailed_exitcode: bool,
) -> None:
    """Plan each school, show one summary, and leave with the worst exit code."""
    from reconciler.fleet import PlanOrder
    from reconciler.private_file import make_folder_for
    from reconciler.views.schools import share_of

    if shown.view in ONE_EACH:
        raise typer.BadParameter(f"shows one school; use --out-{shown.view} FOLDER", param_hint="--format")
    shown.appearance.check()
    folders = {str(view): shown.files[view] for view in ONE_EACH if view in shown.files}
    for folder in filter(None, (out, *folders.values())):
        make_folder_for(folder, "a file of each school")
    wanted = {shown.view, *shown.files}
    order = PlanOrder(
        additions_only=additions_only,
        out=out,
        encrypt_to=tuple(encrypt_to),
        folders=folders,
        comments=PlanFormat.MARKDOWN in wanted,
        documents=PlanFormat.JSON in wanted,
        appearance=shown.appearance,
        share=share_of(len(schools)),
    )
    kept = plan_them(schools, order, engine)
    for view, path in shown.files.items():
        if view not in ONE_EACH:
            write_file(path, _rendered(kept, view), view)
        else:
            remark(f"Wrote a file for each school to {path}.")
    states = {one.line.state for one in kept}
    if not (is_quiet() and states <= {"none"}):
        write(_rendered(kept, shown.view, screen=True))
    if out and states - {"failed"}:
        remark(f"Saved to {out}; 'reconcile apply {out / 'SCHOOL.plan'}' applies one.")
    codes = {"failed": 1, "held": 3, "changes": 5 if detailed_exitcode else 0}
    if code := next((codes[state] for state in codes if state in states and codes[state]), 0):
        raise typer.Exit(code)


def plan_them(schools: Sequence[str], order: PlanOrder, engine: EngineOptions) -> list[SchoolPlan]:
    """What became of each school's plan, in the order in which they were named."""
    from reconciler.config import school_id
    from reconciler.fleet import plan_schools

    kept: dict[str, SchoolPlan] = {}
    with steps() as tell:
        for planned in plan_schools(schools, order, engine.open()):
            kept[planned.line.school] = planned
            tell(f"{len(kept):,} of {len(schools):,} schools; {planned.line.school} is done")
    return [kept[school_id(name)] for name in schools]


def _rendered(kept: Sequence[SchoolPlan], view: PlanFormat, *, screen: bool = False) -> str:
    from reconciler.views.schools import schools_json, schools_markdown, schools_text

    lines = [one.line for one in kept]
    if view is PlanFormat.JSON:
        return schools_json([one.document for one in kept if one.document])
    if view is PlanFormat.MARKDOWN:
        return schools_markdown(lines, {one.line.school: one.comment for one in kept})
    return schools_text(lines, **look()) if screen else schools_text(lines)
