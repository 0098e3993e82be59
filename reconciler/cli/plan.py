"""`reconcile plan`: what apply would do, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import AdditionsOnly, Format, Full, Out, SchoolName, ShowNames, TextOrJson
from reconciler.cli.progress import make_plan
from reconciler.cli.screen import look, remark, write

EXAMPLES = """\b
Examples:
  reconcile plan maple-grove
  reconcile plan maple-grove --out maple-grove.plan
  reconcile plan maple-grove --format json --detailed-exitcode
"""

DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit with 5 where there are changes to apply.")
]


def plan(  # noqa: PLR0913 - one parameter an option
    school: SchoolName,
    out: Out = None,
    view: Format = TextOrJson.TEXT,
    *,
    full: Full = False,
    show_names: ShowNames = False,
    additions_only: AdditionsOnly = False,
    detailed_exitcode: DetailedExitcode = False,
) -> None:
    """Show what would change in Vidigami, and change nothing.

    Reads the school's exports and its directory. Counts come first, then who is deactivated and what is
    removed, then the rest, then findings. Exit code 3 where an error or a guard holds the plan.
    """
    from reconciler import pipeline
    from reconciler.views import PLAN_VIEWS

    made = make_plan(pipeline.load(school), additions_only=additions_only)
    if out:
        pipeline.save_plan(made, out)
    write(PLAN_VIEWS[view](made, full=full, show_names=show_names, **look()))
    if out:
        remark(f"Saved to {out}; 'reconcile apply {out}' applies it.")
    if made.verdict == "held":
        raise typer.Exit(3)
    if detailed_exitcode and made.verdict == "changes":
        raise typer.Exit(5)
