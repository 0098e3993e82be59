"""Contacts -> whose parent somebody is, and which links prove nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.peers.plain.exports import Export
from tests.bench.peers.plain.values import NO, YES, Finding, clean_id, host_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.peers.plain.rows import Rows
    from tests.bench.peers.plain.values import Roster

PARENT, PERHAPS, NOT = 2, 1, 0
_ENROLLED = {"eligible", "duplicate"}


@dataclass(slots=True)
class Links:
    """What the contacts say."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    """Host IDs of an enrolled student and a parent."""
    weights: dict[str, int] = field(default_factory=dict)
    """Host ID of a contact -> the best that any link says: a parent, perhaps, or not."""


def read_links(path: Path, roster: Roster, students: Rows) -> Links:
    """Every contact, held against the rows of the students."""
    export = Export(path, "studentdcid", "personid", "isactive", "iscustodial")
    links, verdicts = Links(), dict[tuple[str, str], str]()
    by_dcid, states = _by_dcid(roster, students), students.states
    for dcid, person, *flags in export:
        flag = (flags[0], flags[1])
        verdict = verdicts.get(flag)
        if verdict is None:
            verdict = verdicts[flag] = _judge(flag[0].lower(), flag[1].lower())
        parent = host_id("parent", person)
        if verdict == "no":
            links.weights.setdefault(parent, NOT)
            continue
        student = by_dcid.get(clean_id(dcid), "")
        if not parent:
            code = "bad-id" if person else "missing-id"
            roster.findings.append(Finding(code, "", export.name, export.line))
            roster.parentless.add(student)
            continue
        if verdict == "yes" and not student:
            roster.findings.append(Finding("unknown-student", parent, export.name, export.line))
        weight = _weigh(verdict, states.get(student, "unclear"))
        if weight == PARENT:
            links.pairs.append((student, parent))
        if weight > links.weights.get(parent, -1):
            links.weights[parent] = weight
    if verdicts and not (any(flag[0] for flag in verdicts) and any(flag[1] for flag in verdicts)):
        raise ValueError(f"{export.name}: a flag is blank throughout; it decides who gets access")
    return links


def _by_dcid(roster: Roster, students: Rows) -> dict[str, str]:
    """DCID -> Host ID; one that two students have names neither."""
    owners: dict[str, str] = {}
    shared: set[str] = set()
    for host, _line, cells in students.named:
        dcid = clean_id(cells[-1])
        if owners.setdefault(dcid, host) != host:
            shared.add(dcid)
    owners.pop("", None)
    for host, _line, cells in students.named if shared - {""} else ():
        if cells[-1] and clean_id(cells[-1]) in shared:
            roster.unlinkable.add(host)
            owners.pop(clean_id(cells[-1]), None)
    return owners


def _judge(active: str, custodial: str) -> str:
    if (active not in YES and active in NO) or custodial in NO | {"f"}:
        return "no"
    return "yes" if active in YES and custodial in YES | {"t"} else "unclear"


def _weigh(verdict: str, state: str) -> int:
    if state in _ENROLLED:
        return PARENT if verdict == "yes" else PERHAPS
    return NOT if state == "gone" else PERHAPS
