"""The rows of one member type: which of them are somebody eligible, gone, unclear, or nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.peers.plain.values import Finding, host_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.peers.plain.exports import Export
    from tests.bench.peers.plain.values import Roster

Cells = tuple[str, ...]
"""Id, the flag that decides, first name, last name, and what else the table has."""


@dataclass(slots=True)
class Rows:
    """What the rows of a table say of its people."""

    eligible: dict[str, tuple[int, Cells]] = field(default_factory=dict)
    """Host ID -> line and cells of its first row that counts."""
    states: dict[str, str] = field(default_factory=dict)
    """Host ID -> the best that any of its rows says: eligible, duplicate, unclear or gone."""
    named: list[tuple[str, int, Cells]] = field(default_factory=list)
    """Host ID, line and cells of every row with an id."""
    blank: bool = True
    """Whether the flag is blank throughout."""


def sort_rows(export: Export, member_type: str, judge: Callable[[str], str], roster: Roster) -> Rows:
    """Give every row its person; a row without a usable id is reported, and its names remembered."""
    rows, verdicts = Rows(), dict[str, str]()
    eligible, states, named = rows.eligible, rows.states, rows.named
    for cells in export:
        raw, flag = cells[0], cells[1]
        verdict = verdicts.get(flag)
        if verdict is None:
            verdict = verdicts[flag] = judge(flag.lower())
        host = host_id(member_type, raw)
        if not host:
            roster.nameless.add((member_type, cells[2].lower(), cells[3].lower()))
            if verdict != "gone":
                code = "bad-id" if raw else "missing-id"
                roster.findings.append(Finding(code, "", export.name, export.line))
            continue
        line = export.line
        named.append((host, line, cells))
        if verdict == "eligible":
            first = eligible.get(host)
            if first is None:
                eligible[host] = line, cells
                states[host] = "eligible"
            elif first[1][2:] != cells[2:]:
                states[host] = "duplicate"
        elif host not in states or (verdict == "unclear" and states[host] == "gone"):
            states[host] = verdict
    rows.blank = not any(verdicts)
    return rows


def report_rows(rows: Rows, file: str, roster: Roster) -> None:
    """Hold those of whom rows say different things, or nothing clear, and say so."""
    wrong = {"duplicate": "duplicate-id", "unclear": "leaver-uncertain"}
    found = {host: wrong[state] for host, state in rows.states.items() if state in wrong}
    roster.held |= found.keys()
    reported = set()
    for host, line, _cells in rows.named if found else ():
        if host in found and (found[host] == "duplicate-id" or host not in reported):
            reported.add(host)
            roster.findings.append(Finding(found[host], host, file, line))
