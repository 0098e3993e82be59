"""The import summary as files for a CSS to work with: JSON and CSV, with names."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from reconciler.model import FINDING_CODES
from reconciler.views.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import BlockedPerson, MemberCounts, Report

FORMAT = 1
"""As in `plan_json`."""

COLUMNS = (
    "section",
    "member_type",
    "host_id",
    "name",
    "code",
    "count",
    "detail",
    "others",
    "remedy",
    "file",
    "line",
)
"""Of the CSV. Sections: rows, blocked, no-parent, ready, group, not-done, finding."""

_FIGURES = (
    *("created", "updated", "unchanged", "reactivated", "blocked", "merged"),
    *("stale", "failed", "unknown"),
)


def report_json(report: Report, **_look: object) -> str:
    """`report` as one JSON document; `schemas/report.schema.json` describes it."""
    header = report.header
    document = {
        "format": FORMAT,
        "school": header.school,
        "school_name": header.school_name,
        "school_year": header.school_year,
        "sis": header.sis,
        "directory": header.directory_id,
        "created": header.created,
        "tool_version": header.tool_version,
        "applied": report.applied,
        "handed_over": report.handed_over,
        "members": [_member(counts) for counts in report.members],
        "blocked": [_blocked(one, report.names) for one in report.blocked],
        "students_without_parent": _people(report.students_without_parent, report.names),
        "ready_to_invite": _people(report.ready_to_invite, report.names),
        "groups": [
            {
                "group_key": group.key,
                "group": f"{group.category}/{group.name}",
                "before": group.before,
                "after": group.after,
            }
            for group in report.groups
        ],
        "deactivated": report.deactivated,
        "active_users": report.active_users,
        "unmanaged": dict(header.figures.unmanaged),
        "not_done": [dict(change) for change in report.not_done],
        "findings": dict(report.findings),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def report_csv(report: Report, **_look: object) -> str:
    """`report` as CSV, one row a figure, a person or a thing, with COLUMNS.

    A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, which a name could
    smuggle in; such a cell gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({name: harmless(str(value)) for name, value in row.items()})
    return text.getvalue()


def _member(counts: MemberCounts) -> dict[str, object]:
    figures = {figure: getattr(counts, figure) for figure in _FIGURES}
    return {
        "member_type": counts.member_type,
        "rows": counts.rows,
        **figures,
        "left_out": dict(counts.left_out),
    }


def _blocked(one: BlockedPerson, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "host_id": one.host_id,
        "name": one.name,
        "member_type": one.member_type,
        "code": one.code,
        "detail": one.detail,
        "others": _people(one.others, names),
        "remedy": one.remedy,
        "file": one.file,
        "line": one.line,
    }


def _people(host_ids: tuple[str, ...], names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"host_id": host_id, "name": names.get(host_id, "")} for host_id in host_ids]


def _rows(report: Report) -> Iterator[dict[str, str | int]]:
    for counts in report.members:
        figures = {"rows": counts.rows, **{figure: getattr(counts, figure) for figure in _FIGURES}}
        figures |= {f"left-out: {reason}": number for reason, number in counts.left_out.items()}
        for figure, number in figures.items():
            yield {"section": "rows", "member_type": counts.member_type, "code": figure, "count": number}
    for one in report.blocked:
        yield {
            "section": "blocked",
            "member_type": one.member_type,
            "host_id": one.host_id,
            "name": one.name,
            "code": one.code,
            "detail": one.detail,
            "others": ", ".join(f"{other} {report.names.get(other, '')}".strip() for other in one.others),
            "remedy": one.remedy,
            "file": one.file,
            "line": one.line or "",
        }
    for section, host_ids in (
        ("no-parent", report.students_without_parent),
        ("ready", report.ready_to_invite),
    ):
        for host_id in host_ids:
            yield {"section": section, "host_id": host_id, "name": report.names.get(host_id, "")}
    yield from _things(report)


def _things(report: Report) -> Iterator[dict[str, str | int]]:
    for group in report.groups:
        yield {
            "section": "group",
            "name": f"{group.category}/{group.name}",
            "code": group.key,
            "count": group.after,
            "detail": f"{group.before} members before",
        }
    for change in report.not_done:
        yield {
            "section": "not-done",
            "name": change["what"],
            "code": change["outcome"],
            "detail": ": ".join(filter(None, (change["action"], change["detail"]))),
        }
    for code, number in report.findings.items():
        title = FINDING_CODES[code].title
        yield {"section": "finding", "code": code, "count": number, "detail": title}
