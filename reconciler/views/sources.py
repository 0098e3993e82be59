"""What a source gives, as text or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.views.page import Page, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import SeenTable

FORMAT = 1
"""As in `plan_json`."""


def sources_text(
    tables: Sequence[SeenTable], title: str, *, width: int | None = None, colour: bool = False
) -> str:
    """Table by table: which field is read from which column, how often it is blank, how values look."""
    page = Page(width=width, colour=colour)
    page.line(title, "title")
    for table in tables:
        told = [plural(table.rows, "row"), table.encoding, table.modified and f"of {table.modified}"]
        page.title(f"{table.name}: {table.file}, {', '.join(filter(None, told))}")
        rows = [
            (one.field, one.header, f"{one.blank:,} blank" if one.blank else "", ", ".join(one.samples))
            for one in table.fields
        ]
        page.table(rows)
        if table.missing:
            page.prose(f"No column for: {', '.join(table.missing)}", "quiet", indent=2)
        if table.unread:
            page.prose(f"Not read: {', '.join(table.unread)}", "quiet", indent=2)
    return str(page)


def sources_json(tables: Sequence[SeenTable], title: str) -> str:
    """The same as a document."""
    document = {"format": FORMAT, "source": title, "tables": [asdict(table) for table in tables]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
