"""A year later: everyone moves up, some leave, some come, and the office has mended some of its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.people import LOWER, Link
from tests.demo.traps import couple

if TYPE_CHECKING:
    from tests.demo.people import Family, School, Student


def let_a_year_pass(school: School) -> None:
    """Turn the school of one year into that of the next, in place."""
    returning = next(student for student in school.students if student.status == "2")
    school.year_end += 1
    _move_up(school)
    _leave(school)
    _come(school)
    _change(school)
    _mend(school)
    # Back after a year elsewhere, in the grade that goes with the age.
    returning.status, returning.grade = "0", returning.grade + 1
    # A number that was right all along, and that a spreadsheet has spoilt: the account must not be lost.
    _child(school).typed = "1.04E+03"


def _child(school: School) -> Student:
    return school.take(lambda each: 1 <= each.children[0].grade <= 9).children[0]


def _staying_couple(school: School) -> Family:
    return school.take(lambda each: couple(each) and any(child.grade <= 12 for child in each.children))


def _move_up(school: School) -> None:
    repeating = [_child(school) for _ in range(2)]
    for student in school.students:
        if student in repeating:
            student.class_of = str(int(student.class_of) + 1)
        elif student.status == "-1":
            student.status = "0"
        elif student.status == "0" and student.grade == 12:
            student.grade, student.status, student.typed_grade = 99, "3", None
        elif student.status == "0":
            student.grade += 1
            if student.typed_grade is None and student.grade == 6 and not student.email:
                student.email = school.mailbox(student.first, student.last)


def _leave(school: School) -> None:
    for _ in range(5):
        family = school.take(lambda each: all(child.grade < 90 for child in each.children))
        for child in family.children:
            child.status = "2"
    school.take(lambda each: len(each.children) == 2 and each.children[1].grade < 90).children[0].status = "2"
    _child(school).exported = False  # no row at all: gone, too
    school.teachers[40].posts = [(school_id, "2") for school_id, _ in school.teachers[40].posts]
    school.teachers[41].exported = False


def _come(school: School) -> None:
    for number in range(22):
        school.add_family([number % 2 - 1], 1 if number % 5 == 4 else 2)
    for _ in range(3):
        school.add_family([0], 2, status="-1")
    for _ in range(8):  # younger brothers and sisters
        family = school.take(lambda each: len(each.parents) == 2 and 1 <= each.children[0].grade <= 9)
        child = school.add_student(family.children[0].last, 0)
        family.children.append(child)
        for order, parent in enumerate(family.parents, 1):
            school.links.append(Link(child, parent, order, school.links_of(parent)[0].relationship))
    for last in ("Elderfield", "Rowanby"):
        school.add_teacher(last, LOWER)


def _change(school: School) -> None:
    married = _staying_couple(school).parents[1]
    married.last = "Wrenfield-Núñez"
    mover = _staying_couple(school).parents[0]
    mover.emails = [(school.mailbox(mover.first, f"{mover.last} new"), "1", "1")]
    _staying_couple(school).parents[0].emails = []  # a blank clears nothing
    father, mother = _staying_couple(school).parents
    father.emails, mother.emails = mother.emails, father.emails  # each had the other's
    _child(school).preferred = "Skye"
    school.teachers[17].email = school.mailbox(school.teachers[17].first, f"{school.teachers[17].last} new")
    divorced = _staying_couple(school).parents[1]
    for link in school.links_of(divorced):
        link.custodial = "0"


def _mend(school: School) -> None:
    for student in school.students:
        if student.typed and student.typed.strip() != student.number and "." not in student.typed:
            student.typed = None  # 1E5, and the number typed for two children
        if student.typed_grade == "20":
            student.typed_grade = None
    for contact in school.contacts:
        if contact.typed == "1E5":
            contact.typed = None
    # One of the families with one e-mail for two has answered.
    sharing = next(
        family
        for family in school.families
        if len(family.parents) == 2
        and family.parents[0].emails
        and family.parents[0].emails == family.parents[1].emails
    )
    mother = sharing.parents[1]
    mother.emails = [(school.mailbox(mother.first, mother.last), "1", "1")]
