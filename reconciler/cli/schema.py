"""`reconcile schema`: one of the JSON Schemas."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.screen import write

EXAMPLES = """\b
Example:
  reconcile schema school > school.schema.json
"""

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="school, ruleset, plan, or report (the import summary).")
]


def schema(name: Name) -> None:
    """Print one of the JSON Schemas."""
    from reconciler.config import schema_text

    write(schema_text(name))
