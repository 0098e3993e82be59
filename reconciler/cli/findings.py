"""`reconcile findings`: what a person should know or mend."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import complete
from reconciler.cli.options import Format, SchoolOrPlan, ShowNames, TextOrJson
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile findings maple-grove
  reconcile findings maple-grove --code shared-email --show-names
"""

Code = Annotated[
    str,
    typer.Option("--code", metavar="CODE", help="Only findings of this code.", autocompletion=complete.codes),
]


def findings(
    name: SchoolOrPlan, code: Code = "", view: Format = TextOrJson.TEXT, *, show_names: ShowNames = False
) -> None:
    """List all findings, with their file and line.

    The worst come first, and each kind says what to do about it. Exit code 3 where one
    of those listed is an error, which holds the run.
    """
    from reconciler.cli.given import finding_code, plan_of
    from reconciler.views import FINDINGS_VIEWS

    wanted = finding_code(code).code if code else ""
    plan = plan_of(name)
    found = plan.findings.filter(code=wanted) if wanted else plan.findings
    write(FINDINGS_VIEWS[view](found, plan.people, show_names=show_names, **look()))
    if (found["level"] == "error").any():
        raise typer.Exit(3)
