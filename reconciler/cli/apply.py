"""`reconcile apply`: carry out a plan, after a look at it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import AdditionsOnly, Full, SchoolOrPlan, ShowNames
from reconciler.cli.progress import bar, make_plan, stopping_between_batches
from reconciler.cli.screen import look, remark, write
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.model import Plan, School

EXAMPLES = """\b
Examples:
  reconcile apply maple-grove
  reconcile apply maple-grove.plan --auto-approve
"""

AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Apply without asking, for scripts.")]


def apply(
    name: SchoolOrPlan,
    *,
    auto_approve: AutoApprove = False,
    additions_only: AdditionsOnly = False,
    full: Full = False,
    show_names: ShowNames = False,
) -> None:
    """Show the plan, ask, and make exactly these changes.

    Ends with the import summary. It can be repeated: a second run does nothing, and a run that was stopped
    goes on. Nothing is ever deleted. Exit code 3 where the plan is refused, 4 where something could not be
    done.
    """
    from reconciler import pipeline
    from reconciler.report import build_report
    from reconciler.views import plan_text, report_text

    plan, school = _plan_and_school(name, additions_only=additions_only)
    write(plan_text(plan, full=full, show_names=show_names, **look()))
    if plan.verdict == "none":
        return
    pipeline.refuse(plan, school)
    if not auto_approve:
        _ask()
    try:
        with bar() as shown, stopping_between_batches(shown) as progress:
            outcomes = pipeline.apply_plan(plan, school, progress=progress)
    except KeyboardInterrupt:
        remark("What was done stays done; the same command goes on from there.")
        raise
    write("\n" + report_text(build_report(plan, outcomes), show_names=show_names, **look()))
    if outcomes.incomplete:
        remark(f"Not everything was done. 'reconcile plan {plan.header.school_file}' shows what is left.")
        raise typer.Exit(4)


def _plan_and_school(name: str, *, additions_only: bool) -> tuple[Plan, School]:
    from reconciler import pipeline
    from reconciler.cli.given import means_plan

    if not means_plan(name):
        school = pipeline.load(name)
        return make_plan(school, additions_only=additions_only), school
    if additions_only:
        hint = "a saved plan is what it is; say it to 'reconcile plan SCHOOL --out FILE'"
        raise typer.BadParameter(hint, param_hint="--additions-only")
    plan = pipeline.open_plan(name)
    school = pipeline.load(plan.header.school_file)
    for notice in pipeline.notices(plan, school):
        remark(notice)
    return plan, school


def _ask() -> None:
    """Go on only with a person's `yes`."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise ReconcileError(
            "apply asks before it writes, and there is no terminal to ask on; nothing was written. Review the"
            " plan, then run apply with --auto-approve."
        )
    write("\nApply these changes? Only 'yes' goes on: ")
    if sys.stdin.readline().strip() != "yes":
        raise ReconcileError("Not applied; nothing was written.")
