"""`reconcile undo`: a plan that takes a run back."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import EncryptTo, Full, Out, PlanFormat, PlanView, SchoolName, ShowNames
from reconciler.cli.screen import remark
from reconciler.cli.shown import Shown
from reconciler.shown import Appearance

EXAMPLES = """\b
Examples:
  reconcile undo maple-grove 3
  reconcile undo maple-grove 3 --out back.plan
  reconcile apply back.plan
"""

Run = Annotated[
    int, typer.Argument(metavar="RUN", help="A run's number, as 'reconcile history SCHOOL' lists it.")
]


def undo(  # noqa: PLR0913 - one parameter an option
    school: SchoolName,
    run: Run,
    out: Out = None,
    view: PlanView = PlanFormat.TEXT,
    encrypt_to: EncryptTo = None,
    *,
    full: Full = False,
    show_names: ShowNames = False,
) -> None:
    """Plan the inverse of what a run did. Changes nothing.

    Whatever has been changed since is left alone, and listed. The plan goes through the same guards and the
    same apply as any other: save it with --out, then 'reconcile apply FILE'. Nothing is ever deleted: people
    whom the run created stay, inactive and in no group of ours; groups that it made stay, too.
    """
    from reconciler import pipeline, saved, undoing

    shown = Shown(view, appearance=Appearance(full, show_names))
    made = undoing.plan_undo(pipeline.load(school), run)
    if out:
        saved.save_plan(made, out, encrypt_to or [])
    shown.show(made)
    if out:
        remark(f"Saved as {out}. To take the run back: reconcile apply {out}")
    if made.verdict == "held":
        raise typer.Exit(3)
