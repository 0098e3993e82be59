"""Letters as files: a table for mail merge, and one page to print."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reconciler.views.harmless import harmless
from reconciler.views.html_page import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Family

COLUMNS = (
    *("letter", "host_id", "first_name", "last_name", "member_type", "shared_email"),
    *("shares_with", "children", "school"),
)
"""Of the table for mail merge: one row a person."""


def letters_html(texts: Sequence[str], school: str) -> str:
    """All letters as one page, a sheet each."""
    return render("letters", texts=list(texts), school=school)


def mail_merge(families: Sequence[Family], school: str) -> str:
    """The table with COLUMNS, harmless to a spreadsheet; it begins with a byte order mark.

    Without the mark, Word and Excel take UTF-8 for something else.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for family in families:
        for person in family.people:
            row = {
                "letter": f"{family.number:04d}",
                "host_id": person.host_id,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "member_type": person.member_type,
                "shared_email": family.email,
                "shares_with": ", ".join(other.name for other in family.people if other is not person),
                "children": ", ".join(person.children),
                "school": school,
            }
            writer.writerow({name: harmless(cell) for name, cell in row.items()})
    return "\ufeff" + text.getvalue()
