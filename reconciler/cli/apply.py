"""`reconcile apply`: carry out a plan, after a look at it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import complete
from reconciler.cli.engines import (
    JOBS,
    TIMEOUT,
    EngineKind,
    EngineOptions,
    Jobs,
    Kind,
    Scheduler,
    SchoolTimeout,
)
from reconciler.cli.options import AdditionsOnly, Full, SchoolOrPlan, ShowNames
from reconciler.cli.progress import bar, make_plan, stopping_between_batches
from reconciler.cli.screen import is_quiet, look, remark, write
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import LiftedGuard, Outcomes, Plan, School

EXAMPLES = """\b
Examples:
  reconcile apply --all --canary maple-grove --max-changes 5000
  reconcile apply maple-grove
  reconcile apply maple-grove.plan --auto-approve
  reconcile apply maple-grove.plan --only S1093 --only grade:5
  reconcile apply maple-grove.plan --allow users.deactivate --reason 'the 2025 branch campus closed'
"""

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="HOST_ID|GROUP",
        help="Apply the part of the plan that somebody or a group needs; repeatable.",
    ),
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Apply without asking, for scripts.")]

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="GUARD",
        autocompletion=complete.guards,
        help="Lift one tripped guard, such as users.deactivate, for this saved plan alone; repeatable.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Plan and apply every school of schools/.")]
Canary = Annotated[
    list[str] | None,
    typer.Option(
        "--canary",
        metavar="SCHOOL",
        autocompletion=complete.schools,
        help="With --all: apply it first, and the others only if it ends clean; repeatable.",
    ),
]
MaxChanges = Annotated[
    int | None,
    typer.Option("--max-changes", metavar="N", min=0, help="With --all: the most changes of all together."),
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why --allow; nothing goes without it.")
]


def apply(  # noqa: PLR0913 - one parameter an option
    name: SchoolOrPlan = "",
    allow: Allow = None,
    reason: Reason = "",
    only: Only = None,
    canary: Canary = None,
    max_changes: MaxChanges = None,
    jobs: Jobs = JOBS,
    timeout: SchoolTimeout = TIMEOUT,
    engine: Kind = EngineKind.LOCAL,
    scheduler: Scheduler = "",
    *,
    every: All = False,
    auto_approve: AutoApprove = False,
    additions_only: AdditionsOnly = False,
    full: Full = False,
    show_names: ShowNames = False,
) -> None:
    """Show the plan, ask, and make exactly these changes.

    Ends with the import summary. It can be repeated: a second run does nothing, and a run that was stopped
    goes on. Nothing is ever deleted. Exit code 3 where the plan is refused, 4 where something could not be
    done. With --only, a student brings parents, relationships and groups; the rest can be applied later.
    A guard that holds the plan is lifted by name, with a reason, and for a saved plan only.

    With --all, schools go side by side, and one that fails, hangs or is held stops no other. Say it again and
    it goes on with what is left.
    """
    many = EngineOptions(jobs, timeout, engine, scheduler)
    if every:
        _refuse_with_all(name, allow, only, reason, full=full, show_names=show_names)
        from reconciler.cli.apply_many import apply_many

        apply_many(
            many,
            canaries=canary or [],
            max_changes=max_changes,
            additions_only=additions_only,
            ask=(lambda: None) if auto_approve else _ask,
        )
        return
    _refuse_without_all(name, canary=canary, max_changes=max_changes)
    many.refuse()
    lifted = _asked_to_lift(name, allow or [], reason)
    plan, school = _plan_and_school(name, only or [], additions_only=additions_only)
    _see_that_they_are_tripped(plan, school, lifted)
    _show(plan, full=full, show_names=show_names)
    if plan.verdict == "none":
        return
    _refuse(plan, school, lifted)
    if not auto_approve:
        _ask()
    outcomes = _carry_out(plan, school, lifted)
    _tell(plan, outcomes, show_names=show_names)
    if outcomes.incomplete:
        remark(f"Not everything was done. 'reconcile plan {plan.header.school_file}' shows what is left.")
        raise typer.Exit(4)


def _show(plan: Plan, *, full: bool, show_names: bool) -> None:
    """The plan, unless it changes nothing and all is to be quiet."""
    from reconciler.views import plan_text

    if plan.verdict != "none" or not is_quiet():
        write(plan_text(plan, full=full, show_names=show_names, brief=is_quiet(), **look()))


def _refuse(plan: Plan, school: School, lifted: Sequence[LiftedGuard]) -> None:
    """Go on only with a plan that may be applied; what of its guards is lifted is said."""
    from reconciler import pipeline

    guards = [one.guard for one in lifted]
    pipeline.refuse(plan, school, allowed=guards)
    if lifted:
        remark(f"Lifted for this plan alone: {', '.join(guards)}. Reason: {lifted[0].reason}")


def _carry_out(plan: Plan, school: School, lifted: Sequence[LiftedGuard]) -> Outcomes:
    from reconciler import pipeline

    try:
        with bar() as shown, stopping_between_batches(shown) as progress:
            return pipeline.apply_plan(plan, school, progress=progress, lifted=lifted)
    except KeyboardInterrupt:
        remark("What was done stays done; the same command goes on from there.")
        raise


def _tell(plan: Plan, outcomes: Outcomes, *, show_names: bool) -> None:
    """The import summary, or a line of it if all is to be quiet; and what somebody has to do next."""
    from reconciler.report import build_report
    from reconciler.views import report_text
    from reconciler.views.page import plural

    if is_quiet() and not outcomes.incomplete:
        done = "Handed over" if outcomes.handed_over else "Applied"
        write(f"\n{done}: {plural(len(plan.changes), 'change')}.\n")
    else:
        write("\n" + report_text(build_report(plan, outcomes), show_names=show_names, **look()))
    if outcomes.left:
        write(f"\n{outcomes.left}\n")


def _refuse_with_all(  # noqa: PLR0913 - what is said of one school
    name: str,
    allow: list[str] | None,
    only: list[str] | None,
    reason: str,
    *,
    full: bool,
    show_names: bool,
) -> None:
    of_one = {
        "SCHOOL|PLANFILE": name,
        "--allow": allow,
        "--only": only,
        "--reason": reason,
        "--full": full,
        "--show-names": show_names,
    }
    for hint, given in of_one.items():
        if given:
            raise typer.BadParameter("not together with --all", param_hint=hint)


def _refuse_without_all(name: str, *, canary: list[str] | None, max_changes: int | None) -> None:
    if not name:
        raise typer.BadParameter("name a school or a saved plan, or say --all", param_hint="SCHOOL|PLANFILE")
    for given, hint in ((canary, "--canary"), (max_changes is not None, "--max-changes")):
        if given:
            raise typer.BadParameter("only together with --all", param_hint=hint)


def _asked_to_lift(name: str, allow: list[str], reason: str) -> list[LiftedGuard]:
    """The guards to lift, each once, if they were asked for as they have to be."""
    from reconciler.cli.given import means_plan
    from reconciler.config.suggest import did_you_mean
    from reconciler.model import CALENDAR_GUARDS, DEFAULT_GUARDS, LiftedGuard

    if reason and not allow:
        raise typer.BadParameter(
            "it says why a guard is lifted; name one with --allow", param_hint="--reason"
        )
    if allow and not means_plan(name):
        hint = "only a saved plan can be let through; run 'reconcile plan SCHOOL --out FILE', and look at it"
        raise typer.BadParameter(hint, param_hint="--allow")
    guards = [*DEFAULT_GUARDS, *CALENDAR_GUARDS]
    for guard in allow:
        if guard not in guards:
            known = did_you_mean(guard, guards) or f"known are {', '.join(guards)}"
            raise typer.BadParameter(f"there is no guard '{guard}'; {known}", param_hint="--allow")
    if allow and not reason.strip():
        raise typer.BadParameter("missing; say why the guard is lifted", param_hint="--reason")
    return [LiftedGuard(guard, reason.strip()) for guard in dict.fromkeys(allow)]


def _see_that_they_are_tripped(plan: Plan, school: School, lifted: Sequence[LiftedGuard]) -> None:
    if not lifted:
        return
    from reconciler import pipeline

    tripped = [verdict.guard for verdict in pipeline.judge_now(plan, school) if verdict.tripped]
    for one in lifted:
        if one.guard not in tripped:
            told = f"tripped are {', '.join(tripped)}" if tripped else "no guard holds this plan"
            raise typer.BadParameter(f"{one.guard} is not tripped; {told}", param_hint="--allow")


def _plan_and_school(name: str, only: Sequence[str], *, additions_only: bool) -> tuple[Plan, School]:
    """The plan that is meant, or the part of it that `only` needs."""
    from reconciler import pipeline

    plan, school = _whole_plan(name, additions_only=additions_only)
    return (pipeline.part_of(plan, school, list(dict.fromkeys(only))) if only else plan), school


def _whole_plan(name: str, *, additions_only: bool) -> tuple[Plan, School]:
    from reconciler import pipeline, saved
    from reconciler.cli.given import means_plan

    if not means_plan(name):
        school = pipeline.load(name)
        return make_plan(school, additions_only=additions_only), school
    if additions_only:
        hint = "a saved plan is what it is; say it to 'reconcile plan SCHOOL --out FILE'"
        raise typer.BadParameter(hint, param_hint="--additions-only")
    plan = saved.open_plan(name)
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
