"""`reconcile diff-config`: what a change to files and rule sets does to each school's settings."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import Format, TextOrJson
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile diff-config origin/main maple-grove
  reconcile diff-config origin/main --all --format json
"""

Ref = Annotated[str, typer.Argument(metavar="REF", help="A commit of git, such as origin/main.")]
Schools = Annotated[
    list[str] | None,
    typer.Argument(metavar="SCHOOL...", help="Schools: ids in schools/, or paths.", show_default="none"),
]
All = Annotated[bool, typer.Option("--all", help="Every school of schools/.")]


def diff_config(
    ref: Ref, schools: Schools = None, view: Format = TextOrJson.TEXT, *, every: All = False
) -> None:
    """Show how effective settings differ from those at another commit.

    Effective settings are a school's file laid over the rule sets that it extends: so a change to a rule set
    shows for each school that extends it. Compared with the commit where this branch left REF; what is not
    committed counts, too. Exit code 1 where a school's file has mistakes.
    """
    from reconciler.fleet import all_schools, compare_settings
    from reconciler.views.schools import settings_json, settings_text

    if bool(schools) == every:
        raise typer.BadParameter("name schools, or say --all", param_hint="SCHOOL")
    changes = list(compare_settings(ref, all_schools() if every else schools or []))
    write(settings_json(changes, ref) if view is TextOrJson.JSON else settings_text(changes, ref, **look()))
    if any(change.failed for change in changes):
        raise typer.Exit(1)
