"""`reconcile show`: a saved plan."""

from __future__ import annotations

from reconciler.cli.options import Format, Full, PlanFile, ShowNames, TextOrJson
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile show maple-grove.plan
  reconcile show maple-grove.plan --full --show-names
"""


def show(
    plan_file: PlanFile,
    view: Format = TextOrJson.TEXT,
    *,
    full: Full = False,
    show_names: ShowNames = False,
) -> None:
    """Show a plan that was saved with plan --out.

    Neither the exports nor the directory are read.
    """
    from reconciler import pipeline
    from reconciler.views import PLAN_VIEWS

    plan = pipeline.open_plan(plan_file)
    write(PLAN_VIEWS[view](plan, full=full, show_names=show_names, **look()))
