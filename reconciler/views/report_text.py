"""The import summary as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.model import FINDING_CODES
from reconciler.views.names import NOBODY, tell, who, without_addresses
from reconciler.views.page import Page, pad, place, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import BlockedPerson, Report

_FIGURES = (
    *("created", "updated", "unchanged", "reactivated", "blocked", "merged"),
    *("stale", "failed", "unknown"),
)
_ALWAYS = ("created", "updated", "unchanged", "blocked")
HEADS = {"student": "students", "staff": "staff", "parent": "parents"}
"""Member type -> how its column is called."""

_MANY = 30
"""How many Host IDs of a list are shown. CSV and JSON have them all."""


def report_text(
    report: Report,
    *,
    show_names: bool = False,
    width: int | None = None,
    colour: bool = False,
    **_look: object,
) -> str:
    """The import summary for a reader at a terminal; without `show_names` people are Host IDs."""
    page = Page(width=width, colour=colour)
    names = report.names if show_names else NOBODY
    _write_title(page, report)
    _write_rows(page, report)
    _write_not_done(page, report, names)
    _write_blocked(page, report, names)
    _write_people(page, "Students without an imported parent", report.students_without_parent, names)
    invited = "Ready to be invited (new, with an e-mail)"
    _write_people(page, invited, report.ready_to_invite, names)
    _write_groups(page, report)
    _write_findings(page, report)
    return str(page)


def _write_title(page: Page, report: Report) -> None:
    header = report.header
    page.line(f"Import summary: {header.school_name} ({header.school}), {header.school_year}", "title")
    directory = f"directory {header.directory_id}" if header.directory_id else "a new directory"
    page.line(f"From {header.sis} to {directory}, {report.state}")
    if header.undoes:
        page.line(f"Undoes run {header.undoes}")
    if header.part:
        page.prose(f"A part of the plan: {', '.join(header.part)}. Rows are those of the whole plan.")


def _write_rows(page: Page, report: Report) -> None:
    """A column a member type; each adds up to its last line."""
    shown = rows_of(report)
    total = [one.rows for one in report.members]
    heads = [HEADS[one.member_type] for one in report.members]
    widths = [max(len(head), len(f"{number:,}")) for head, number in zip(heads, total, strict=True)]
    label = max(map(len, [*shown, "rows read"]))
    page.line()
    page.line(_line("", heads, label, widths), indent=2)
    for name, numbers in shown.items():
        page.line(_line(name, [f"{number:,}" for number in numbers], label, widths), indent=2)
    page.line("-" * (label + sum(widths) + 2 * len(widths)), "quiet", indent=2)
    page.line(_line("rows read", [f"{number:,}" for number in total], label, widths), indent=2)
    page.line()
    will = "" if report.applied else " to be"
    if report.header.additions_only:
        page.line("Additions only: all others stay as they are")
        return
    active = plural(report.active_users, "active user")
    page.line(f"{active}, {report.deactivated:,}{will} deactivated")


def rows_of(report: Report) -> dict[str, list[int]]:
    """What became of rows -> how many of each member type; figures that nobody has are left out."""
    lines = {figure: [getattr(one, figure) for one in report.members] for figure in _FIGURES}
    for reason in sorted({reason for one in report.members for reason in one.left_out}):
        lines[f"left out: {reason}"] = [one.left_out.get(reason, 0) for one in report.members]
    return {name: numbers for name, numbers in lines.items() if any(numbers) or name in _ALWAYS}


def _line(name: str, cells: Sequence[str], label: int, widths: Sequence[int]) -> str:
    numbers = (pad(cell, width, right=True) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([pad(name, label), *numbers])


def _write_not_done(page: Page, report: Report, names: Mapping[str, str]) -> None:
    if not report.not_done:
        return
    page.title(f"Not done: {plural(len(report.not_done), 'change')}")
    numbers = Counter(one["outcome"] for one in report.not_done)
    if "unknown" in numbers:  # they may be far down a long list
        page.line(", ".join(f"{number:,} {outcome}" for outcome, number in sorted(numbers.items())), indent=2)
    shown = report.not_done[:_MANY]
    parts = ("outcome", "action", "what", "detail")
    page.table([[without_addresses(one[part], names) for part in parts] for one in shown])
    page.hidden(len(report.not_done) - len(shown), "; --format csv has all", indent=2)


def _write_blocked(page: Page, report: Report, names: Mapping[str, str]) -> None:
    page.title(f"Blocked: {plural(people_in(report.blocked), 'person', 'people')}")
    for code in sorted({one.code for one in report.blocked}):
        of_code = [one for one in report.blocked if one.code == code]
        page.line(f"{code}, {FINDING_CODES[code].title}: {len(of_code):,}", indent=2)
        page.table([blocked_cells(one, names) for one in of_code], indent=4)
        page.prose(f"What to do: {of_code[0].remedy}", indent=4)


def people_in(blocked: Sequence[BlockedPerson]) -> int:
    """Somebody with two findings is one person; a row without an id is somebody too."""
    return len({one.host_id or (one.file, one.line) for one in blocked})


def blocked_cells(one: BlockedPerson, names: Mapping[str, str]) -> tuple[str, str, str]:
    """Who, where, and why."""
    detail = tell(one.host_id, one.detail, one.others, names)
    return who(one.host_id, names) or "(no id)", place(one.file, one.line), detail


def _write_people(page: Page, title: str, host_ids: Sequence[str], names: Mapping[str, str]) -> None:
    page.title(f"{title}: {len(host_ids):,}")
    shown = host_ids[:_MANY]
    if shown:
        page.prose(", ".join(who(host_id, names) for host_id in shown), indent=2)
    page.hidden(len(host_ids) - len(shown), "; --format csv has all", indent=2)


def _write_groups(page: Page, report: Report) -> None:
    page.title(f"Groups: {len(report.groups):,}")
    rows = [
        (
            f"{group.category}/{group.name}",
            f"{group.after:,}",
            "" if group.before == group.after else f"was {group.before:,}",
        )
        for group in report.groups
    ]
    if rows:
        page.table(rows, right=[1])


def _write_findings(page: Page, report: Report) -> None:
    if not report.findings:
        return
    page.title(f"Findings: {sum(report.findings.values()):,}")
    rows = [(f"{number:,}", code, FINDING_CODES[code].title) for code, number in report.findings.items()]
    page.table(rows, right=[0])
    page.line()
    header = report.header
    usual = f"schools/{header.school}.yaml"
    name = header.school if header.school_file == usual else header.school_file
    page.line(f"'reconcile findings {name}' lists them with file and line.", "quiet")
