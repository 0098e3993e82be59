"""How the exports are written: the same people in two varieties of layout, one a year."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.demo.people import Contact, School, Student

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is written. `headers` maps our name of a column to the header; the others are left out."""

    headers: Mapping[str, str]
    delimiter: str = ","
    line_end: str = "\r\n"
    encoding: str = "utf-8"
    quoting: str = "all"
    """`all`, `needed` or `none`."""


def write_year(folder: Path, school: School, layouts: Mapping[str, Layout]) -> None:
    """Write all exports of one school year."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "students.txt": student_rows(school),
        "users.csv": user_rows(school),
        "persons.csv": person_rows(school),
        "contacts.csv": contact_rows(school),
        "emails.csv": email_rows(school),
        "contacts_dataset.csv": dataset_rows(school),
    }
    for name, rows in tables.items():
        (folder / name).write_bytes(encode(rows, layouts[name]))


def encode(rows: Rows, layout: Layout) -> bytes:
    """The bytes of a file with these rows."""
    lines = [list(layout.headers.values()), *([row.get(name, "") for name in layout.headers] for row in rows)]
    text = "".join(
        layout.delimiter.join(_cell(value, layout) for value in line) + layout.line_end for line in lines
    )
    if layout.encoding == "utf-16-le":
        return codecs.BOM_UTF16_LE + text.encode(layout.encoding)
    return text.encode(layout.encoding)


def student_rows(school: School) -> Rows:
    """Students, in the order of their names as a quick export has them."""
    return [
        {
            "number": _number(student),
            "dcid": student.dcid,
            "first": student.first,
            "preferred": student.preferred,
            "last": student.last,
            "email": student.email,
            "grade": str(student.grade) if student.typed_grade is None else student.typed_grade,
            "class_of": student.class_of,
            "status": student.status,
            "school": student.school,
            "exit": "6/30/2026" if student.status == "0" else "06/13/25",
        }
        for student in sorted(school.students, key=lambda each: (each.last, each.first, each.number))
        if student.exported
    ]


def user_rows(school: School) -> Rows:
    """Users joined with SchoolStaff: one row a person and school."""
    return [
        {
            "users_dcid": teacher.users_dcid if teacher.typed is None else teacher.typed,
            "staff_dcid": str(1160 + 60 * place + number),
            "first": teacher.first,
            "preferred": teacher.preferred,
            "last": teacher.last,
            "email": teacher.email,
            "status": status,
            "school": school_id,
        }
        for number, teacher in enumerate(school.teachers)
        for place, (school_id, status) in enumerate(teacher.posts)
        if teacher.exported
    ]


def person_rows(school: School) -> Rows:
    """Person: everybody who is a contact of anybody."""
    return [
        {
            "id": _id(contact),
            "dcid": contact.dcid,
            "first": contact.first,
            "last": contact.last,
            "active": contact.active,
        }
        for contact in school.contacts
    ]


def contact_rows(school: School) -> Rows:
    """StudentContactAssoc joined with StudentContactDetail: one row a detail, present and past."""
    return [
        {
            "student_dcid": link.student.dcid,
            "student_number": link.student.number,
            "person": link.contact.person_id,
            "order": str(link.order),
            "relationship": link.relationship,
            "active": link.active,
            "custodial": link.custodial,
            "lives_with": link.lives_with,
            "emergency": link.emergency,
        }
        for link in school.links
    ]


def email_rows(school: School) -> Rows:
    """PersonEmailAddressAssoc joined with EmailAddress."""
    return [
        {"person": contact.person_id, "email": address, "primary": primary, "priority": priority}
        for contact in school.contacts
        for address, primary, priority in contact.emails
    ]


def dataset_rows(school: School) -> Rows:
    """DEM's Contacts data set: the person on the first row, then a row for each other e-mail and student.

    It has no rows for links that have ended.
    """
    rows: Rows = []
    for number, contact in enumerate(school.contacts):
        emails = [
            {"email": address, "primary": primary, "priority": priority}
            for address, primary, priority in contact.emails
        ]
        person = {
            "first": contact.first,
            "last": contact.last,
            "active": contact.active,
            "phone_type": "Mobile",
            "phone": f"555-{number % 100 + 100:04d}",
        }
        links = [
            {
                "student_number": _number(link.student),
                "order": str(link.order),
                "relationship": link.relationship,
                "custodial": link.custodial,
                "lives_with": link.lives_with,
                "emergency": link.emergency,
            }
            for link in school.links_of(contact)
            if link.active == "1"
        ]
        first = person | (emails[0] if emails else {})
        rows += [{"id": _id(contact)} | row for row in (first, *emails[1:], *links)]
    return rows


def write_list(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Write one of the CSV files beside the school file."""
    layout = Layout({name: name for name in columns}, line_end="\n", quoting="needed")
    path.write_bytes(encode([dict(zip(columns, row, strict=True)) for row in rows], layout))


def _number(student: Student) -> str:
    return student.number if student.typed is None else student.typed


def _id(contact: Contact) -> str:
    return contact.person_id if contact.typed is None else contact.typed


def _cell(value: str, layout: Layout) -> str:
    special = any(mark in value for mark in (layout.delimiter, '"', "\r", "\n"))
    if layout.quoting == "none":
        if any(mark in value for mark in (layout.delimiter, "\r", "\n")):
            raise ValueError(f"{value!r} does not fit into a file without quotes")
        return value
    if layout.quoting == "all" or special:
        return '"' + value.replace('"', '""') + '"'
    return value
