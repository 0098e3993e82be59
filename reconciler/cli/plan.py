"""`reconcile plan`: what apply would do, and why."""

from __future__ import annotations

from typing import Annotated

import typer

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
    SchoolName,
    ShowNames,
)
from reconciler.cli.progress import make_plan
from reconciler.cli.screen import remark
from reconciler.cli.shown import Shown, files_of

EXAMPLES = """\b
Examples:
  reconcile plan maple-grove
  reconcile plan maple-grove --out maple-grove.plan --out-html plan.html --show-names
  reconcile plan maple-grove --format json --detailed-exitcode
"""

DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit with 5 where there are changes to apply.")
]


def plan(  # noqa: PLR0913 - one parameter an option
    school: SchoolName,
    out: Out = None,
    view: PlanView = PlanFormat.TEXT,
    encrypt_to: EncryptTo = None,
    *,
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
    """
    from reconciler import pipeline, saved

    files = files_of(text=out_text, json=out_json, markdown=out_markdown, html=out_html, csv=out_csv)
    shown = Shown(view, files, full=full, show_names=show_names, pseudonyms=pseudonyms)
    saved.see_that_it_can_be_sealed(encrypt_to or [])
    made = make_plan(pipeline.load(school), additions_only=additions_only)
    if out:
        saved.save_plan(made, out, encrypt_to or [])
    shown.show(made)
    if out:
        remark(f"Saved to {out}; 'reconcile apply {out}' applies it.")
    if made.verdict == "held":
        raise typer.Exit(3)
    if detailed_exitcode and made.verdict == "changes":
        raise typer.Exit(5)
