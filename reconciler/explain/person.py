"""Somebody: where they came from, what became of each row, what they have, and what the plan would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.explain.evidence import tell_findings
from reconciler.frames import SEVERAL_SCHOOLS
from reconciler.model import Explanation, Fact, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.explain.evidence import Evidence
    from reconciler.model import School

_STATES = {
    "eligible": "counts",
    "duplicate": "does not count: rows of this Host ID say different things",
    "repeated": "says the same as another row, and was taken once",
    "unclear": "proves nothing: a value in it cannot be read",
    "excluded": "does not count: the exclude list keeps them out",
    "unidentified": "does not count: its id is missing, or does not look like one",
}
_A = {"student": "a student", "staff": "a member of staff", "parent": "a parent"}
_READ = ("grade", "grad_year", "status", "school_id")
_FLAGS = {"yes": "makes the parent one here", "no": "makes nobody a parent", "unclear": "proves nothing"}
_HELD = {
    "account": "the account stays as it is",
    "groups": "the groups stay as they are",
    "links": "the relationships stay as they are",
    "parents": "the relationships stay as they are",
    "staff-links": "relationships to members of staff stay as they are",
}


def host_ids_of(school: School, name: str) -> list[str]:
    """The Host IDs that a name may mean: itself, and an id of the SIS with each member type's prefix."""
    return list(dict.fromkeys([name, *(rules.prefix + name for rules in school.members.values())]))


def explain_person(evidence: Evidence, host_id: str) -> Explanation:
    """Everything about one Host ID, whether it is imported or not."""
    sections = {
        "In the exports": _rows(evidence, host_id),
        "As a contact": _contacts(evidence, host_id),
        "What the rules made of it": _rules(evidence, host_id),
        "Groups, as the SIS has them": _groups(evidence, host_id),
        "The account now": _account(evidence, host_id),
        "What the plan would do": _changes(evidence, host_id),
        "Findings": _findings(evidence, host_id),
    }
    told = {heading: tuple(facts) for heading, facts in sections.items()}
    if not told["In the exports"]:
        told["In the exports"] = (Fact(f"no row has the Host ID {host_id}"),)
    if not told["The account now"]:
        told["The account now"] = (Fact("there is none"),)
    if not told["What the plan would do"]:
        told["What the plan would do"] = (Fact("nothing"),)
    return Explanation(host_id, tuple(Section(heading, facts) for heading, facts in told.items() if facts))


def _rows(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    for row in evidence.rows.filter(host_id=host_id).iter_rows(named=True):
        values = {name: row[name].replace(SEVERAL_SCHOOLS, " and ") for name in _READ}
        said = ", ".join(f"{name} {value}" for name, value in values.items() if value)
        state = _STATES.get(row["state"]) or f"does not count: {row['reason'] or row['state']}"
        if row["state"] == "unclear" and row["reason"] not in ("", "unclear"):
            state = f"proves nothing: {row['reason']}"
        private = " ".join(filter(None, (row["first_name"], row["last_name"], row["email"])))
        yield Fact(f"{row['member_type']}{f' ({said})' if said else ''}: {state}", _place(row), private)


def _contacts(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    known = evidence.roster.relationships
    for row in evidence.links.sort("file", "line").iter_rows(named=True):
        if host_id not in (row["student_host_id"], row["parent_host_id"]):
            continue
        student = row["student_host_id"] or "a student who is not in the export"
        counts = _FLAGS[row["verdict"]]
        here = known.filter(student_host_id=row["student_host_id"], parent_host_id=row["parent_host_id"])
        if row["verdict"] == "yes" and not here.height:
            counts = f"would make a parent, but {_why_none(evidence, row)}"
        relation = f" ({row['relationship']})" if row["relationship"] else ""
        yield Fact(
            f"{row['parent_host_id']} of {student}{relation}: its flags say {row['verdict']}; {counts}",
            _place(row),
        )


def _why_none(evidence: Evidence, link: dict[str, object]) -> str:
    """Why a contact whose flags say yes makes no parent here."""
    if not link["student_host_id"]:
        return "there is no such student"
    if not evidence.roster.people.filter(host_id=link["student_host_id"]).height:
        return "that student does not count"
    if link["parent"] is None:
        return "no row of the export tells of them"
    return "their own row does not count, or they have another account"


def _rules(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    roster = evidence.roster
    for member, rules in evidence.school.members.items():
        if evidence.rows.filter(host_id=host_id, member_type=member).height:
            yield Fact(f"the Host ID is the prefix {rules.prefix!r} of {_A[member]} and the id of the SIS")
    for staff, parent in roster.merged.rows():
        if host_id in (staff, parent):
            yield Fact(f"{parent} and {staff} are one person: the account of {staff} stands for both")
    yield from _states(evidence, host_id)
    walk = roster.crosswalk
    for row in walk.filter((pl.col("old_host_id") == host_id) | (pl.col("new_host_id") == host_id)).iter_rows(
        named=True
    ):
        yield Fact(
            f"the crosswalk: {row['old_host_id']} -> {row['new_host_id']}, {row['decision']}", _place(row)
        )


def _states(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    """Blocked, held or gone."""
    roster = evidence.roster
    for person in roster.people.filter(host_id=host_id).iter_rows(named=True):
        if person["blocked"]:
            yield Fact(f"blocked: {person['blocked']}")
        # What has a value all the same (a year by the record, where the grade cannot be read) counts.
        if unread := [name for name in person["unreadable"].split() if not person[name]]:
            yield Fact(f"counts as not supplied: {', '.join(unread)}")
    for row in roster.held.filter(host_id=host_id).iter_rows(named=True):
        yield Fact(f"held, {row['reason']}: {_HELD[row['scope']]}")
    for row in roster.gone.filter(host_id=host_id).iter_rows(named=True):
        yield Fact(f"gone, as the SIS says: {row['cause']}")


def _groups(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    names = evidence.group_names()
    member = evidence.desired.directory.memberships.filter(host_id=host_id)
    for key, reason in member.select("group_key", "reason").sort("group_key").rows():
        yield Fact(f"{names.get(key, key)} ({key}): {reason}")


def _account(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    current = evidence.current
    for user in current.users.filter(host_id=host_id).iter_rows(named=True):
        active = "active" if user["active"] else f"inactive, by {user['deactivated_by'] or 'nobody known'}"
        opt_out = "opt-out" if user["opt_out"] else "no opt-out"
        private = " ".join(filter(None, (user["first_name"], user["last_name"], user["email"])))
        yield Fact(
            f"{user['member_type']}, {active}, {user['status']}, {user['role']}, {opt_out},"
            f" made by {user['origin']}",
            private=private,
        )
    names = evidence.group_names()
    for key, target_id, origin in (
        current.memberships.filter(host_id=host_id)
        .select("group_key", "group_target_id", "origin")
        .sort("group_key")
        .rows()
    ):
        yield Fact(f"in {names.get(key or f'#{target_id}', key)}, by {origin}")
    ends = (pl.col("student_host_id") == host_id) | (pl.col("parent_host_id") == host_id)
    for student, parent, origin in (
        current.relationships.filter(ends)
        .select("student_host_id", "parent_host_id", "origin")
        .sort(pl.all())
        .rows()
    ):
        yield Fact(f"{parent} is a parent of {student}, by {origin}")


def _changes(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    changes = evidence.changes
    mine = (pl.col("host_id") == host_id) | (pl.col("before_host_id") == host_id)
    for row in changes.users.filter(mine).sort("step").iter_rows(named=True):
        fields = (
            [name for name in row["fields"].split() if name != "active"] if row["action"] != "create" else []
        )
        about = f" {', '.join(fields)}" if fields else ""
        yield Fact(f"{row['action']} the account{about}: {row['reason']}")
    for row in changes.relationships.filter(
        (pl.col("student_host_id") == host_id) | (pl.col("parent_host_id") == host_id)
    ).iter_rows(named=True):
        yield Fact(
            f"{row['action']} {row['parent_host_id']} as a parent of {row['student_host_id']}:"
            f" {row['reason']}"
        )
    for row in changes.memberships.filter(host_id=host_id).iter_rows(named=True):
        yield Fact(
            f"{row['action']} to {row['group']}: {row['reason']}"
            if row["action"] == "add"
            else f"{row['action']} from {row['group']}: {row['reason']}"
        )


def _findings(evidence: Evidence, host_id: str) -> Iterator[Fact]:
    others = pl.col("others").str.split(" ").list.contains(host_id)
    yield from tell_findings(evidence.findings.filter((pl.col("host_id") == host_id) | others))


def _place(row: dict[str, object]) -> str:
    return f"{row['file']}:{row['line']}" if row["file"] else ""
