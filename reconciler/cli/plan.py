"""`reconcile plan`: what apply would do, and why."""

from __future__ import annotations

from typing import Annotated

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
from reconciler.cli.options import (
    AdditionsOnly,
    EncryptTo,
    Full,
    Out,
    OutCsv,
    OutHtml,
    OutJson,
    OutMarkdown,
    OutText,
    PlanFormat,
    PlanView,
    Pseudonyms,
    ShowNames,
)
from reconciler.cli.progress import make_plan
from reconciler.cli.screen import remark
from reconciler.cli.shown import Shown, files_of
from reconciler.shown import Appearance

EXAMPLES = """\b
Examples:
  reconcile plan maple-grove
  reconcile plan --all --out plans
  reconcile plan --changed-since origin/main --out-markdown comment.md
  reconcile plan maple-grove --out maple-grove.plan --out-html plan.html --show-names
  reconcile plan maple-grove --format json --detailed-exitcode
"""

Schools = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SCHOOL...",
        help="Schools: ids in schools/, or paths that end in .yaml.",
        autocompletion=complete.schools,
        show_default="none",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Plan every school of schools/.")]
ChangedSince = Annotated[
    str,
    typer.Option(
        "--changed-since",
        metavar="REF",
        help="Plan the schools whose file, rule sets or lists differ from where this branch left REF.",
    ),
]
DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit with 5 where there are changes to apply.")
]


def plan(  # noqa: PLR0913 - one parameter an option
    schools: Schools = None,
    out: Out = None,
    view: PlanView = PlanFormat.TEXT,
    encrypt_to: EncryptTo = None,
    changed_since: ChangedSince = "",
    jobs: Jobs = JOBS,
    timeout: SchoolTimeout = TIMEOUT,
    engine: Kind = EngineKind.LOCAL,
    scheduler: Scheduler = "",
    *,
    every: All = False,
    full: Full = False,
    show_names: ShowNames = False,
    pseudonyms: Pseudonyms = False,
    additions_only: AdditionsOnly = False,
    detailed_exitcode: DetailedExitcode = False,
    out_text: OutText = None,
    out_json: OutJson = None,
    out_markdown: OutMarkdown = None,
    out_html: OutHtml = None,
    out_csv: OutCsv = None,
) -> None:
    """Show what would change in Vidigami, and change nothing.

    Reads the school's exports and its directory. Counts come first, then who is deactivated and what is
    removed, then the rest, then findings. Exit code 3 where an error or a guard holds the plan.

    Of several schools there is one line each, the worst first, and the worst exit code; one that fails does
    not stop the others. Then --out, --out-html and --out-csv name folders, with one file a school.
    """
    from reconciler import pipeline, saved
    from reconciler.cli.plan_many import plan_many

    files = files_of(out, text=out_text, json=out_json, markdown=out_markdown, html=out_html, csv=out_csv)
    shown = Shown(view, files, Appearance(full, show_names, pseudonyms))
    saved.see_that_it_can_be_sealed(encrypt_to or [])
    names = _which(schools or [], every=every, changed_since=changed_since)
    many = EngineOptions(jobs, timeout, engine, scheduler)
    if len(names) != 1 or every or changed_since:
        plan_many(
            names,
            shown,
            many,
            out=out,
            encrypt_to=encrypt_to or [],
            additions_only=additions_only,
            detailed_exitcode=detailed_exitcode,
        )
        return
    many.refuse()
    made = make_plan(pipeline.load(names[0]), additions_only=additions_only)
    if out:
        saved.save_plan(made, out, encrypt_to or [])
    shown.show(made)
    if out:
        remark(f"Saved to {out}; 'reconcile apply {out}' applies it.")
    codes = {"held": 3, "changes": 5 if detailed_exitcode else 0}
    if code := codes.get(made.verdict, 0):
        raise typer.Exit(code)


def _which(schools: list[str], *, every: bool, changed_since: str) -> list[str]:
    """The schools that are meant; exactly one of three ways says it."""
    if sum(map(bool, (schools, every, changed_since))) != 1:
        hint = "name a school, or say --all or --changed-since REF, one of the three"
        raise typer.BadParameter(hint, param_hint="SCHOOL")
    if schools:
        from reconciler.cli.given import each_once

        return each_once(schools)
    from reconciler.fleet import all_schools, changed_schools

    if every:
        return all_schools()
    touched, gone = changed_schools(changed_since)
    for school in gone:
        remark(f"schools/{school}.yaml was removed: that school is not planned, and all stays as it is.")
    return touched
