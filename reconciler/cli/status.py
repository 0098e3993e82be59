"""`reconcile status`: how each school stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from reconciler.cli import complete
from reconciler.cli.options import Format, TextOrJson
from reconciler.cli.progress import steps
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile status
  reconcile status maple-grove --no-plan
"""

Schools = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SCHOOL...",
        help="Schools: ids in schools/, or paths that end in .yaml.",
        show_default="all of schools/",
        autocompletion=complete.schools,
    ),
]
NoPlan = Annotated[bool, typer.Option("--no-plan", help="Plan nothing: faster, and says nothing of changes.")]


def status(schools: Schools = None, view: Format = TextOrJson.TEXT, *, no_plan: NoPlan = False) -> None:
    """Show how each school stands, the worst first.

    When it was last applied and what came of it, how old and large its exports are, what is pending, which
    guards and errors hold it, and whether the handshake of a returning school is open. Changes nothing. Exit
    code 1 where a school fails, 3 where one is held.
    """
    from reconciler.fleet import all_schools, check_schools
    from reconciler.views.status import status_json, status_text

    with steps() as tell:
        found = list(check_schools(schools or all_schools(), plan=not no_plan, tell=tell))
    now = datetime.now(UTC)
    write(status_json(found, now) if view is TextOrJson.JSON else status_text(found, now, **look()))
    states = {one.line.state for one in found}
    if code := next((code for state, code in (("failed", 1), ("held", 3)) if state in states), 0):
        raise typer.Exit(code)
