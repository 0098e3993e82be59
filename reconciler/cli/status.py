"""`reconcile status`: how each school stands."""

from __future__ import annotations

from datetime import UTC, datetime
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
from reconciler.cli.options import Format, TextOrJson
from reconciler.cli.progress import steps
from reconciler.cli.screen import look, write

if TYPE_CHECKING:
    from reconciler.model.fleet import SchoolStatus

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


def status(  # noqa: PLR0913 - one parameter an option
    schools: Schools = None,
    view: Format = TextOrJson.TEXT,
    jobs: Jobs = JOBS,
    timeout: SchoolTimeout = TIMEOUT,
    engine: Kind = EngineKind.LOCAL,
    scheduler: Scheduler = "",
    *,
    no_plan: NoPlan = False,
) -> None:
    """Show how each school stands, the worst first.

    When it was last applied and what came of it, how old and large its exports are, what is pending, which
    guards and errors hold it, and whether the handshake of a returning school is open. Changes nothing. Exit
    code 1 where a school fails, 3 where one is held.
    """
    from reconciler.cli.given import each_once
    from reconciler.config import school_id
    from reconciler.fleet import all_schools, check_schools
    from reconciler.views.status import status_json, status_text

    names = each_once(schools) if schools else all_schools()
    known: dict[str, SchoolStatus] = {}
    with steps() as tell:
        opened = EngineOptions(jobs, timeout, engine, scheduler).open()
        for one in check_schools(names, opened, plan=not no_plan):
            known[one.line.school] = one
            tell(f"{len(known):,} of {len(names):,} schools; {one.line.school} is done")
    found = [known[school_id(name)] for name in names]
    now = datetime.now(UTC)
    write(status_json(found, now) if view is TextOrJson.JSON else status_text(found, now, **look()))
    states = {one.line.state for one in found}
    if code := next((code for state, code in (("failed", 1), ("held", 3)) if state in states), 0):
        raise typer.Exit(code)
