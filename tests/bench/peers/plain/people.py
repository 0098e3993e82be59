"""Exports -> the people of each member type, and what is uncertain about the others."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from tests.bench.peers.plain.exports import Export
from tests.bench.peers.plain.links import PARENT, PERHAPS, read_links
from tests.bench.peers.plain.rows import Rows, report_rows, sort_rows
from tests.bench.peers.plain.values import FINAL_GRADE, GRADES, NO, YES, Finding, Person, clean_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.peers.plain.values import Roster


def read_students(path: Path, roster: Roster, year: int) -> Rows:
    """Students who are enrolled; `year` is that in which the school year ends."""
    columns = ("first_name", "last_name", "?preferred_name", "?student_email|email")
    export = Export(path, "student_number", "enroll_status", *columns, "?grade_level", "?classof", "dcid")
    rows = sort_rows(export, "student", _enrolled, roster)
    _refuse_blank(rows, "enroll_status", export.name)
    for host, (line, cells) in rows.eligible.items():
        if rows.states[host] == "eligible":
            _id, _flag, first, last, preferred, email, grade, class_of, _dcid = cells
            person = Person(host, "student", first, last, preferred, email, export.name, line)
            _settle_grade(person, grade, class_of, roster, year)
            roster.people[host] = person
    for host, state in rows.states.items():
        if state == "gone":
            roster.gone[host] = "transferred"
    for host, _line, cells in rows.named:
        if cells[1] == "3" and host in roster.gone:
            roster.gone[host] = "graduated"
    report_rows(rows, export.name, roster)
    return rows


def read_staff(path: Path, roster: Roster) -> None:
    """Staff who are current."""
    export = Export(path, "users_dcid", "status", "first_name", "last_name", "?preferred_name", "?email_addr")
    rows = sort_rows(export, "staff", _current, roster)
    _refuse_blank(rows, "status", export.name)
    for host, (line, cells) in rows.eligible.items():
        if rows.states[host] == "eligible":
            _id, _flag, first, last, preferred, email = cells
            roster.people[host] = Person(host, "staff", first, last, preferred, email, export.name, line)
    roster.gone |= {host: "no longer on the staff" for host, state in rows.states.items() if state == "gone"}
    report_rows(rows, export.name, roster)


def read_parents(folder: Path, roster: Roster, students: Rows) -> None:
    """Persons whom a link makes the parent of a student, their links and their e-mails."""
    links = read_links(folder / "contacts.csv", roster, students)
    export = Export(folder / "persons.csv", "id", "?isactive", "firstname", "lastname")
    rows = sort_rows(export, "parent", _active, roster)
    if rows.blank:  # then nothing is said by it
        rows.states = dict.fromkeys(rows.states, "eligible")
        rows.eligible = {host: (line, cells) for host, line, cells in rows.named}
    for host, state in rows.states.items():
        weight = links.weights.get(host, 0)
        if state != "gone" and weight != PARENT:
            rows.states[host] = "unclear" if weight == PERHAPS else "orphan"
    emails = read_emails(folder / "emails.csv")
    for host, (line, cells) in rows.eligible.items():
        state = rows.states[host]
        if state == "eligible":
            email = emails.get(host[1:], "")
            roster.people[host] = Person(host, "parent", cells[2], cells[3], "", email, export.name, line)
        elif state == "orphan":
            roster.findings.append(Finding("orphan-parent", host, export.name, line))
    none = {
        host: "no child at the school" for host, state in rows.states.items() if state in {"gone", "orphan"}
    }
    roster.gone |= none
    for host, weight in links.weights.items():
        if weight and host not in rows.states:
            roster.held.add(host)
            if weight == PARENT:
                roster.findings.append(Finding("unknown-parent", host, "contacts.csv"))
    roster.relationships = set(links.pairs)
    report_rows(rows, export.name, roster)


def read_emails(path: Path) -> dict[str, str]:
    """Person's id -> their primary address, else the first by priority."""
    export = Export(
        path, "personid", "emailaddress|email", "?isprimaryemailaddress", "?emailaddresspriorityorder"
    )
    best: dict[str, tuple[bool, float, str]] = {}
    for raw, email, primary, priority in export:
        if not email or not raw:
            continue
        person = clean_id(raw)
        rank = (primary.lower() not in YES, _number(priority), email)
        known = best.get(person)
        if known is None or rank < known:
            best[person] = rank
    return {person: rank[2] for person, rank in best.items()}


def _enrolled(status: str) -> str:
    if status == "0":
        return "eligible"
    return "gone" if status.removeprefix("-").isdigit() else "unclear"


def _current(status: str) -> str:
    if status == "1":
        return "eligible"
    return "gone" if status.isdigit() else "unclear"


def _active(flag: str) -> str:
    if flag in YES:
        return "eligible"
    return "gone" if flag in NO else "unclear"


def _number(priority: str) -> float:
    try:
        return float(priority)
    except ValueError:
        return inf


def _refuse_blank(rows: Rows, column: str, file: str) -> None:
    """See that a column which decides about access says something."""
    if rows.blank and rows.named:
        raise ValueError(f"{file}: {column} is blank throughout; it decides who gets access")


def _settle_grade(person: Person, grade: str, class_of: str, roster: Roster, year: int) -> None:
    """The graduation year decides; where there is none, the grade does."""
    last = year + FINAL_GRADE
    number = GRADES.get(grade.lower())
    class_of = clean_id(class_of)
    valid = len(class_of) == 4 and class_of.isdigit() and "1900" <= class_of < "2200"
    if valid:
        by_year = last - int(class_of)
        person.grad_year = class_of
        if number is not None and number != by_year:
            roster.findings.append(Finding("grade-mismatch", person.host_id, person.file, person.line))
        number = by_year if -2 <= by_year <= FINAL_GRADE else number
    elif number is not None:
        person.grad_year = str(last - number)
    if number is not None:
        person.grade = str(number)
        return
    code = "unknown-grade" if grade else "no-grad-year"
    roster.findings.append(Finding(code, person.host_id, person.file, person.line))
    if grade or class_of.strip("0"):
        roster.ungraded.add(person.host_id)
