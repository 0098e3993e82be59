"""How schools stand: a line each, the worst first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.views.page import Page, pad, plural
from reconciler.views.schools import FORMAT, STYLES, WORDS, pending, summary_of, worst_first

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.model.fleet import SchoolStatus

_HEADS = ("school", "state", "last apply", "exports", "pending")
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def status_text(
    schools: Sequence[SchoolStatus], now: datetime, *, width: int | None = None, colour: bool = False
) -> str:
    """A table of all schools, the worst first; errors whole below. `now` is what ages are counted from."""
    page = Page(width=width, colour=colour)
    if not schools:
        return "No schools.\n"
    by_id = {id(one.line): one for one in schools}
    listed = [by_id[id(line)] for line in worst_first([one.line for one in schools])]
    page.line(summary_of([one.line for one in schools]), "title")
    page.line()
    rows = [_row(one, now) for one in listed]
    widths = [max(len(row[at]) for row in [_HEADS, *rows]) for at in range(len(_HEADS))]
    page.line(
        "  ".join(pad(head, size) for head, size in zip(_HEADS, widths, strict=True)), "quiet", indent=2
    )
    for one, row in zip(listed, rows, strict=True):
        cells = [pad(cell, size) for cell, size in zip(row, widths, strict=True)]
        page.spans(
            [(f"{cells[0]}  ", ""), (cells[1], STYLES[one.line.state]), ("  " + "  ".join(cells[2:]), "")]
        )
    for one in listed:
        if one.line.error:
            page.title(one.line.school)
            for line in one.line.error.splitlines():
                page.line(line, indent=2)
    return str(page)


def status_json(schools: Sequence[SchoolStatus], now: datetime) -> str:
    """The same as a document; no names and no e-mails are in it."""
    told = [
        {
            "school": one.line.school,
            "state": one.line.state,
            "on_trial": one.on_trial,
            "last_apply": None
            if one.last is None
            else {
                "run": one.last.number,
                "started": one.last.started.isoformat(timespec="seconds"),
                "outcome": one.last.outcome,
            },
            "exports": {
                "oldest": one.exports.isoformat(timespec="seconds") if one.exports else None,
                "bytes": one.size,
            },
            "pending": one.line.counts,
            "held_by": list(one.line.held_by),
            "open_handshake": one.open_handshake,
            "error": one.line.error or None,
        }
        for one in schools
    ]
    document = {"format": FORMAT, "now": now.isoformat(timespec="seconds"), "schools": told}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _row(one: SchoolStatus, now: datetime) -> tuple[str, ...]:
    last = (
        f"run {one.last.number}, {_age(one.last.started, now)}, {one.last.outcome}" if one.last else "never"
    )
    exports = f"{_age(one.exports, now)}, {_size(one.size)}" if one.exports else "none"
    told = [pending(one.line)] if one.line.state != "not planned" else []
    if one.open_handshake:
        told.insert(0, f"the handshake is open ({plural(one.open_handshake, 'finding')})")
    school = one.line.school + (" (trial)" if one.on_trial else "")
    return school, WORDS[one.line.state], last, exports, "; ".join(told)


def _age(then: datetime, now: datetime) -> str:
    """`today`, `1 day ago`, `12 days ago`."""
    days = (now - then).days
    return f"{plural(days, 'day')} ago" if days > 0 else "today"


def _size(size: int) -> str:
    """`312 kB`, `1.4 MB`."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return plural(size, "byte")
