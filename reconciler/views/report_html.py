"""The import summary as a page for the school: it opens from a disk, prints, and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model import FINDING_CODES
from reconciler.views.html_page import render
from reconciler.views.names import NOBODY, who, without_addresses
from reconciler.views.report_text import HEADS, blocked_cells, people_in, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Report


def report_html(report: Report, *, show_names: bool = False, **_look: object) -> str:
    """The import summary as a page of its own; without `show_names` people are Host IDs."""
    names = report.names if show_names else NOBODY
    lists = {
        ("no-parent", "Students without an imported parent"): report.students_without_parent,
        ("ready", "Ready to be invited (new, with an e-mail)"): report.ready_to_invite,
    }
    return render(
        "report",
        report=report,
        header=report.header,
        heads=[HEADS[one.member_type] for one in report.members],
        rows=rows_of(report),
        total=[one.rows for one in report.members],
        not_done=[
            {part: without_addresses(text, names) for part, text in one.items()} for one in report.not_done
        ],
        blocked=_blocked(report, names),
        blocked_people=people_in(report.blocked),
        lists=[(*head, [who(one, names) for one in host_ids]) for head, host_ids in lists.items()],
        codes=FINDING_CODES,
    )


def _blocked(report: Report, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """By code, with what to do."""
    codes: dict[str, dict[str, Any]] = {}
    for one in report.blocked:
        known = FINDING_CODES[one.code]
        told = codes.setdefault(one.code, {"title": known.title, "remedy": one.remedy, "people": []})
        person, place, detail = blocked_cells(one, names)
        told["people"].append({"who": person, "place": place, "detail": detail})
    return list(codes.values())
