"""`reconcile sources`: whether a school's exports can be read, and what is in them."""

from __future__ import annotations

from reconciler.cli.options import Format, SchoolName, TextOrJson
from reconciler.cli.progress import steps
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile sources maple-grove
  reconcile sources maple-grove --format json
"""


def sources(school: SchoolName, view: Format = TextOrJson.TEXT) -> None:
    """Read a school's exports, and show what is in them.

    Table by table: which of our fields is read from which column, in how many rows it is blank, and what its
    first values look like, with every letter and digit hidden. Nothing is compared, and nothing is changed.
    """
    from reconciler import pipeline
    from reconciler.views.sources import sources_json, sources_text

    loaded = pipeline.load(school)
    with steps() as tell:
        tell("Reading the exports")
        tables = pipeline.look_at_sources(loaded)
    title = f"{loaded.name} ({loaded.id}): {loaded.source.kind}, {loaded.sis}"
    write(sources_json(tables, title) if view is TextOrJson.JSON else sources_text(tables, title, **look()))
