"""`reconcile explain`: what a finding code means."""

from __future__ import annotations

from textwrap import fill
from typing import Annotated

import typer

from reconciler.cli.screen import write

EXAMPLES = """\b
Examples:
  reconcile explain
  reconcile explain shared-email
"""

_WIDTH = 88
_LEVELS = {
    "error": "holds the whole run",
    "blocked": "this person or group is not carried on",
    "warning": "holds nothing, but should be looked at",
    "info": "holds nothing",
}

Code = Annotated[str, typer.Argument(metavar="CODE", help="A finding code.", show_default="all, with titles")]


def explain(code: Code = "") -> None:
    """Say what a finding code means, and what to do.

    Without a code, all of them are listed.
    """
    from reconciler.cli.given import finding_code
    from reconciler.model import FINDING_CODES

    if not code:
        width = max(map(len, FINDING_CODES))
        write("".join(f"{one.code:<{width}}  {one.title}\n" for one in FINDING_CODES.values()))
        return
    known = finding_code(code)
    write(f"{known.code}: {known.title}\nLevel: {known.level} ({_LEVELS[known.level]})\n")
    for text in (known.meaning, f"What to do: {known.remedy}"):
        write("\n" + fill(text, _WIDTH) + "\n")
