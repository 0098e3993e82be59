"""Exports -> Roster: read, merged, and blocked where two people share an e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.peers.plain.people import read_parents, read_staff, read_students
from tests.bench.peers.plain.values import ADDRESS, Finding, Person, Roster

if TYPE_CHECKING:
    from pathlib import Path


def read_roster(folder: Path, year: int) -> Roster:
    """Who the school's people are, by the five exports in a folder."""
    roster = Roster()
    students = read_students(folder / "students.txt", roster, year)
    read_staff(folder / "users.csv", roster)
    read_parents(folder, roster, students)
    _drop_invalid_emails(roster)
    _merge_staff_parents(roster)
    people = roster.people
    roster.relationships = {
        (student, roster.merged.get(parent, parent))
        for student, parent in roster.relationships
        if roster.merged.get(parent, parent) in people
    }
    _block_nameless(roster)
    _block_shared_emails(roster)
    return roster


def _drop_invalid_emails(roster: Roster) -> None:
    valid = ADDRESS.fullmatch
    for person in roster.people.values():
        if person.email and not valid(person.email):
            roster.findings.append(Finding("invalid-email", person.host_id, person.file, person.line))
            person.email = ""


def _merge_staff_parents(roster: Roster) -> None:
    """Staff and parents of one name and e-mail are one person, where each has one partner only."""
    staff: dict[tuple[str, str, str], list[Person]] = {}
    for person in roster.people.values():
        if person.member_type == "staff" and person.email and person.first_name and person.last_name:
            staff.setdefault(_identity(person), []).append(person)
    pairs: dict[tuple[str, str, str], list[Person]] = {}
    emails = {key[2] for key in staff}
    for person in roster.people.values():
        if person.member_type == "parent" and person.email.lower() in emails:
            key = _identity(person)
            if key in staff:
                pairs.setdefault(key, []).append(person)
    for key, parents in pairs.items():
        if len(parents) == len(staff[key]) == 1:
            kept, gone = staff[key][0], parents[0]
            roster.merged[gone.host_id] = kept.host_id
            del roster.people[gone.host_id]
            found = Finding("merged-staff-parent", kept.host_id, kept.file, kept.line, gone.host_id)
            roster.findings.append(found)


def _identity(person: Person) -> tuple[str, str, str]:
    return person.first_name.lower(), person.last_name.lower(), person.email.lower()


def _block_nameless(roster: Roster) -> None:
    for person in roster.people.values():
        if not person.first_name or not person.last_name:
            person.blocked = "missing-name"
            roster.findings.append(Finding("missing-name", person.host_id, person.file, person.line))


def _block_shared_emails(roster: Roster) -> None:
    owners: dict[str, Person] = {}
    sharers: dict[str, list[Person]] = {}
    for person in roster.people.values():
        email = person.email.lower()
        if not email:
            if person.member_type != "student" and not person.blocked:
                roster.findings.append(Finding("no-email", person.host_id, person.file, person.line))
            continue
        owner = owners.setdefault(email, person)
        if owner is not person:
            sharers.setdefault(email, [owner]).append(person)
    for people in sharers.values():
        ids = sorted(person.host_id for person in people)
        for person in people:
            person.blocked = person.blocked or "shared-email"
            others = " ".join(one for one in ids if one != person.host_id)
            roster.findings.append(Finding("shared-email", person.host_id, person.file, person.line, others))
