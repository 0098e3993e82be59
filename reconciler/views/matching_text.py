"""What became of a school's accounts when they were held against the SIS: counts, and second accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.views.findings_text import list_findings
from reconciler.views.names import NOBODY
from reconciler.views.page import CAP, Page, pad, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from reconciler.model import School

_LINES = (
    ("matched", "matched", "by their Host ID"),
    ("decided", "decided", "by the crosswalk, and kept as they are there"),
    ("sure", "sure", "one person has the same e-mail and the same name"),
    ("likely", "likely", "one person comes near"),
    ("several", "several", "more than one person, or more than one account, comes near"),
    ("duplicate", "duplicates", "look like a second account of somebody who has one"),
    ("none", "none", "nobody comes near"),
)


def matching_text(  # noqa: PLR0913 - how it is to look, like every view
    school: School,
    counts: Mapping[str, int],
    duplicates: pl.DataFrame,
    *,
    show_names: bool = False,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """Accounts by what they are, how many people have none, and FINDINGS of `duplicates`.

    Host IDs that are e-mail addresses are left out, unless names are to be shown.
    """
    page = Page(width=width, colour=colour)
    total = sum(counts[name] for name, *_ in _LINES)
    page.line(f"{school.name} ({school.id}): {plural(total, 'account')}", "title")
    digits = max(len(f"{counts[name]:,}") for name in counts)
    label = max(len(word) for _, word, _ in _LINES)
    for name, word, meaning in _LINES:
        number = f"{counts[name]:,}".rjust(digits)
        page.line(f"{pad(word, label)}  {number}  {meaning}", indent=2)
    page.line()
    page.line(f"People of the SIS without an account: {counts['people']:,}")
    if duplicates.height:
        page.line()
        list_findings(page, duplicates, {} if show_names else NOBODY, cap=CAP, remedies=True)
    return str(page)
