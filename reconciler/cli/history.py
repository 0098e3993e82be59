"""`reconcile history`: which plans were applied, when and by whom, and what came of them."""

from __future__ import annotations

from reconciler.cli.options import Format, SchoolName, TextOrJson
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile history maple-grove
  reconcile history maple-grove --format json
"""


def history(school: SchoolName, view: Format = TextOrJson.TEXT) -> None:
    """List the runs of a school: when, who, what came of it, and which plan it was.

    'made' counts the changes that were made or found made already; 'not made' those that were stale, failed,
    or under way when the run was stopped. Several runs of one plan have the same digits under 'plan'.
    """
    from reconciler import pipeline
    from reconciler.history import list_history
    from reconciler.views.history import history_json, history_text

    loaded = pipeline.load(school)
    runs = list_history(loaded)
    write(history_json(runs) if view is TextOrJson.JSON else history_text(loaded, runs, **look()))
