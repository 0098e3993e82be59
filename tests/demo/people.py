"""Who there is at Maple Grove: invented families and teachers, the same ones at every run.

Everybody is in good order here. `traps.py` adds what makes exports hard, `next_year.py` a year.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.demo.names import FIRST_NAMES, LAST_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

SCHOOL_YEAR_END = 2026
STUDENTS = 390
TEACHERS = 52
LOWER, MIDDLE, UPPER, GRADUATED = "101", "102", "103", "999999"


@dataclass(slots=True)
class Student:
    """A row of Students."""

    number: str
    dcid: str
    first: str
    last: str
    grade: int
    class_of: str = ""
    preferred: str = ""
    email: str = ""
    status: str = "0"
    typed: str | None = None
    """The student number as the export has it, where it is wrong."""
    typed_grade: str | None = None
    exported: bool = True

    @property
    def school(self) -> str:
        """The campus of the grade."""
        return next(
            school
            for top, school in ((5, LOWER), (8, MIDDLE), (12, UPPER), (99, GRADUATED))
            if self.grade <= top
        )


@dataclass(slots=True)
class Teacher:
    """A row of Users, and one of SchoolStaff for each school where the person works: school and status."""

    users_dcid: str
    first: str
    last: str
    email: str
    preferred: str = ""
    posts: list[tuple[str, str]] = field(default_factory=lambda: [(UPPER, "1")])
    typed: str | None = None
    exported: bool = True


@dataclass(slots=True)
class Contact:
    """A row of Person, and its e-mails: address, IsPrimary, priority."""

    person_id: str
    dcid: str
    first: str
    last: str
    emails: list[tuple[str, str, str]] = field(default_factory=list)
    active: str = "1"
    typed: str | None = None


@dataclass(slots=True)
class Link:
    """A row of StudentContactDetail: what a contact is, or was, to a student."""

    student: Student
    contact: Contact
    order: int
    relationship: str
    active: str = "1"
    custodial: str = "1"
    lives_with: str = "1"
    emergency: str = "1"


@dataclass(slots=True)
class Family:
    """Children, and the parents who have custody of them."""

    children: list[Student]
    parents: list[Contact]


class School:
    """Everybody, and the numbers, names and mailboxes that are still free."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.year_end = SCHOOL_YEAR_END
        self.students: list[Student] = []
        self.teachers: list[Teacher] = []
        self.contacts: list[Contact] = []
        self.links: list[Link] = []
        self.families: list[Family] = []
        self.untouched: list[Family] = []
        """Families that no trap has used yet."""
        self.lists: dict[str, list[tuple[str, ...]]] = {}
        """Rows of the CSV files beside the school file."""
        self._names: set[tuple[str, str]] = set()
        self._mailboxes: set[str] = set()

    def first_name(self, last: str) -> str:
        """A first name that nobody of this last name has."""
        while (first := self.rng.choice(FIRST_NAMES), last) in self._names:
            pass
        self._names.add((first, last))
        return first

    def mailbox(self, first: str, last: str) -> str:
        """An address that nobody else has."""
        name = f"{_plain(first)}.{_plain(last)}"
        number = 1
        while (address := f"{name}{number if number > 1 else ''}@example.org") in self._mailboxes:
            number += 1
        self._mailboxes.add(address)
        return address

    def add_student(self, last: str, grade: int, status: str = "0") -> Student:
        """A new student. Students.DCID runs through the same numbers as student_number, for somebody else."""
        place = len(self.students)
        first = self.first_name(last)
        student = Student(str(1001 + place), str(1301 + place), first, last, grade, status=status)
        first_year = self.year_end + (status == "-1")  # pre-registered: begins next year, in this grade
        student.class_of = str(first_year + 12 - grade)
        if grade >= 6:
            student.email = self.mailbox(first, last)
        self.students.append(student)
        return student

    def add_teacher(self, last: str, school: str) -> Teacher:
        """A new teacher."""
        first = self.first_name(last)
        number = str(1151 + len(self.teachers))
        teacher = Teacher(number, first, last, self.mailbox(first, last), posts=[(school, "1")])
        self.teachers.append(teacher)
        return teacher

    def add_contact(self, last: str, *, with_email: bool = True) -> Contact:
        """A new contact. Person.DCID runs through the same numbers as Person.ID, for somebody else."""
        place = len(self.contacts)
        first = self.first_name(last)
        contact = Contact(str(1101 + place), str(1401 + place), first, last)
        if with_email:
            contact.emails = [(self.mailbox(first, last), "1", "1")]
        self.contacts.append(contact)
        return contact

    def add_family(self, grades: list[int], parents: int, status: str = "0") -> Family:
        """A new family with a child in each of the grades."""
        names = self.rng.sample(LAST_NAMES, 2)
        two_names = parents == 2 and self.rng.random() < 0.25
        adults = [
            self.add_contact(names[number if two_names else 0], with_email=self.rng.random() < 0.9)
            for number in range(parents)
        ]
        child_name = "-".join(names) if two_names and self.rng.random() < 0.3 else names[0]
        family = Family([self.add_student(child_name, grade, status) for grade in grades], adults)
        kinds = (
            self.rng.sample(("Mother", "Father"), 2)
            if parents == 2
            else [self.rng.choice(("Mother", "Father"))]
        )
        for child in family.children:
            for order, (adult, kind) in enumerate(zip(adults, kinds, strict=True), 1):
                self.links.append(Link(child, adult, order, kind))
        self.families.append(family)
        self.untouched.append(family)
        return family

    def take(self, fits: Callable[[Family], bool] = lambda _: True) -> Family:
        """The next family that no trap has used yet and that fits."""
        family = next(family for family in self.untouched if fits(family))
        self.untouched.remove(family)
        return family

    def links_of(self, contact: Contact) -> list[Link]:
        """What a contact is to whom."""
        return [link for link in self.links if link.contact is contact]


def found_school(rng: Random) -> School:
    """A school of families and teachers in good order."""
    school = School(rng)
    while len(school.students) < STUDENTS:
        children = rng.choice((1, 1, 1, 2, 2, 2, 3))
        school.add_family(sorted(rng.sample(range(-1, 13), children)), rng.choice((1, 2, 2, 2, 2)))
    for place in range(TEACHERS):
        school.add_teacher(rng.choice(LAST_NAMES), (LOWER, MIDDLE, UPPER)[place % 3])
    return school


def _plain(name: str) -> str:
    """A name as it stands in an address: ASCII letters and digits only."""
    letters = unicodedata.normalize("NFKD", name.lower().replace("ø", "o"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
