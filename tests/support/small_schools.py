"""Small made-up schools, each with exports of its own and a directory of its own; seeded by their names."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FIRST = ("Ada", "Bela", "Chidi", "Dóra", "Emre", "Fay", "Ines", "José", "Kwame", "Lien", "Noor", "Zoë")
LAST = ("Abara", "Brandt", "Çelik", "Dubois", "Evans", "Fjeld", "Horvat", "Ito", "O'Neil", "van der Berg")
_STUDENTS = (
    "Student_Number",
    "First_Name",
    "Last_Name",
    "Student_Email",
    "Grade_Level",
    "ClassOf",
    "Enroll_Status",
)
_STAFF = ("USERS.DCID", "First_Name", "Last_Name", "Email_Addr", "Status")
_CONTACTS = (
    "Contact ID",
    "First Name",
    "Last Name",
    "Is Active",
    "Email Address",
    "Is Primary Email Address",
    "StudentNumber",
    "Relationship Type",
    "Contact Has Custody",
)
_SCHOOL = """\
name: {title}
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  path: {exports}
  files: {{students: students.txt, staff: users.csv, contacts_dataset: contacts.csv}}
target: {target}
sync: apply
"""


def write_school(folder: Path, name: str, exports: Path, target: str, more: str = "") -> None:
    """The school's file in `schools/` of a folder."""
    text = _SCHOOL.format(title=name.title(), exports=exports, target=target)
    (folder / "schools").mkdir(parents=True, exist_ok=True)
    (folder / "schools" / f"{name}.yaml").write_text(text + more, encoding="utf-8")


def write_exports(folder: Path, name: str, *, left: int = 0) -> None:
    """Ten people to twenty-five: students, a parent of most, and some staff; the first `left` have left."""
    dice = random.Random(name)
    folder.mkdir(parents=True, exist_ok=True)
    students, contacts = [], []
    for number in range(dice.randint(5, 10)):
        grade, family = dice.randint(0, 12), dice.choice(LAST)
        student = [str(100 + number), dice.choice(FIRST), family, _address(name, f"s{number}")]
        students.append([*student, str(grade), str(2038 - grade), "2" if number < left else "0"])
        if dice.random() < 0.9:
            parent = [str(500 + number), dice.choice(FIRST), family, "1", _address(name, f"p{number}"), "1"]
            contacts.append([*parent, str(100 + number), dice.choice(["Mother", "Father"]), "1"])
    staff = [
        [str(900 + number), dice.choice(FIRST), dice.choice(LAST), _address(name, f"t{number}"), "1"]
        for number in range(dice.randint(2, 5))
    ]
    _write(folder / "students.txt", _STUDENTS, students, "\t")
    _write(folder / "users.csv", _STAFF, staff, ",")
    _write(folder / "contacts.csv", _CONTACTS, contacts, ",")


def _address(school: str, person: str) -> str:
    return f"{person}@{school}.example.org"


def _write(path: Path, header: tuple[str, ...], rows: list[list[str]], delimiter: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
