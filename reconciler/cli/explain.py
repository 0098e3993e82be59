"""`reconcile explain`: what a finding code means, or why somebody or a group is as it is."""

from __future__ import annotations

from textwrap import fill
from typing import Annotated

import typer

from reconciler.cli import complete
from reconciler.cli.options import ShowNames
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile explain
  reconcile explain shared-email
  reconcile explain maple-grove P1131
  reconcile explain maple-grove grade:5
"""

_WIDTH = 88
_LEVELS = {
    "error": "holds the whole run",
    "blocked": "this person or group is not carried on",
    "warning": "holds nothing, but should be looked at",
    "info": "holds nothing",
}

Subject = Annotated[
    str,
    typer.Argument(
        metavar="CODE|SCHOOL",
        help="A finding code, or a school.",
        show_default="all codes",
        autocompletion=complete.codes_and_schools,
    ),
]
Name = Annotated[
    str,
    typer.Argument(
        metavar="HOST_ID|GROUP",
        help="With a school: a Host ID, an id of the SIS, a group's key, or its category/name.",
        show_default="none",
    ),
]


def explain(subject: Subject = "", name: Name = "", *, show_names: ShowNames = False) -> None:
    """Say what a finding code means, or why somebody or a group is as it is.

    Without a code, all of them are listed. With a school and a Host ID: where somebody came from, what was
    read, what each rule made of it, their groups and through whom, the account now, what the plan would do,
    and findings with what to do; also for ids that are not imported. Changes nothing.
    """
    from reconciler.model import FINDING_CODES

    if name:
        _explain_why(subject, name, show_names=show_names)
    elif subject:
        _explain_code(subject)
    else:
        width = max(map(len, FINDING_CODES))
        write("".join(f"{one.code:<{width}}  {one.title}\n" for one in FINDING_CODES.values()))


def _explain_why(school: str, name: str, *, show_names: bool) -> None:
    from reconciler import pipeline
    from reconciler.views.explanation_text import explanation_text

    explanation = pipeline.explain(pipeline.load(school), name)
    write(explanation_text(explanation, show_names=show_names, **look()))


def _explain_code(code: str) -> None:
    from reconciler.cli.given import finding_code
    from reconciler.model import FINDING_CODES

    if code not in FINDING_CODES and (code.endswith(".yaml") or code in complete.schools(code)):
        whom = "name whom it is about: a Host ID, an id of the SIS, a group's key, or its category/name"
        raise typer.BadParameter(f"{code} is a school; {whom}", param_hint="HOST_ID|GROUP")
    known = finding_code(code)
    write(f"{known.code}: {known.title}\nLevel: {known.level} ({_LEVELS[known.level]})\n")
    for text in (known.meaning, f"What to do: {known.remedy}"):
        write("\n" + fill(text, _WIDTH) + "\n")
