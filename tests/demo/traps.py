"""What makes real exports hard: each function adds one thing that a school's records really have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.people import LOWER, MIDDLE, UPPER, Contact, Link

if TYPE_CHECKING:
    from tests.demo.people import Family, School, Student, Teacher


def add_traps(school: School) -> None:
    """Everything below, in this order. Nothing here gets in another's way: each takes fresh families."""
    _staff_parents(school)
    _shared_emails(school)
    _several_emails(school)
    _other_contacts(school)
    _former_and_present_details(school)
    _other_statuses(school)
    _teachers(school)
    _nicknames(school)
    _excluded(school)
    _dirty_students(school)
    _dirty_adults(school)
    _clubs(school)


def couple(family: Family) -> bool:
    """A family of two parents, both with an e-mail."""
    return len(family.parents) == 2 and all(parent.emails for parent in family.parents)


def _staff_parents(school: School) -> None:
    for teacher in school.teachers[:6]:
        _become_one(teacher, school.take(couple).parents[0])
    # Her e-mail is written differently in the two records; e-mails know no case.
    school.teachers[5].email = school.teachers[5].email.upper()

    # Two addresses, one person: only same_person can say so.
    parent = school.take(couple).parents[1]
    _become_one(school.teachers[6], parent)
    parent.emails = [(school.mailbox(parent.first, f"{parent.last} home"), "1", "1")]
    school.lists["same_person"] = [(school.teachers[6].users_dcid, parent.person_id)]

    # One name, two people.
    namesake = school.take(couple).parents[0]
    school.teachers[7].first, school.teachers[7].last = namesake.first, namesake.last


def _become_one(teacher: Teacher, parent: Contact) -> None:
    teacher.first, teacher.last = parent.first, parent.last
    teacher.email = parent.emails[0][0]


def _shared_emails(school: School) -> None:
    for number in range(5):
        father, mother = school.take(couple).parents
        address = father.emails[0][0]
        mother.emails = [(address.title() if number == 1 else address, "1", "1")]
        if number == 2:
            # This family has answered already, before the SIS is mended.
            own = school.mailbox(mother.first, mother.last)
            school.lists["email_overrides"] = [(f"P{mother.person_id}", own)]
    # A couple of whom one teaches here, and both gave the school's address.
    family = school.take(couple)
    _become_one(school.teachers[8], family.parents[0])
    family.parents[1].emails = list(family.parents[0].emails)
    for _ in range(2):
        family = school.take(lambda each: couple(each) and each.children[-1].grade >= 6)
        family.children[-1].email = family.parents[0].emails[0][0]


def _several_emails(school: School) -> None:
    def extra(parent: Contact) -> str:
        return school.mailbox(parent.first, f"{parent.last} work")

    for number in range(9):
        parent = school.take(couple).parents[0]
        address = parent.emails[0][0]
        parent.emails = [
            [(extra(parent), "0", "1"), (address, "1", "2")],  # the primary one decides, not the priority
            [(address, "1", "1"), (extra(parent), "0", "2")],
            [(extra(parent), "0", "2"), (address, "0", "1")],  # without a primary one the priority does
        ][number % 3]
    # An address that both parents have decides nothing where it is not the first of both.
    first, second = school.take(couple).parents
    second.emails.append((first.emails[0][0], "0", "2"))


def _other_contacts(school: School) -> None:
    for number in range(45):
        family = school.take()
        kind = ("Grandmother", "Uncle", "Neighbor", "Nanny", "Grandfather")[number % 5]
        contact = school.add_contact(family.parents[0].last, with_email=number % 2 == 0)
        for child in family.children:
            school.links.append(
                Link(
                    child,
                    contact,
                    3,
                    kind,
                    custodial="0",
                    lives_with="0",
                    emergency="1" if number % 3 else "0",
                )
            )
    for number in range(6):  # a link that has ended, custody or not
        family = school.take()
        contact = school.add_contact(family.parents[0].last)
        for child in family.children:
            school.links.append(Link(child, contact, 4, "Stepfather", active="0", custodial=str(number % 2)))
    for last in ("Finchley", "O'Brien", "Osprey"):  # linked to nobody
        school.add_contact(last)
    school.take(couple).parents[1].active = "0"
    alone = school.take(lambda each: len(each.parents) == 1)
    for link in school.links_of(alone.parents[0]):
        link.custodial = "0"  # nobody has custody: a student without a parent


def _former_and_present_details(school: School) -> None:
    def past(link: Link, custodial: str) -> Link:
        return Link(link.student, link.contact, link.order, link.relationship, "0", custodial, "1", "0")

    for number in range(8):
        parent = school.take(lambda each: len(each.parents) == 2).parents[1]
        for link in school.links_of(parent):
            if number % 4 == 3:
                link.custodial = "0"  # had custody once, and has it no more
            elif number % 4 == 2:
                link.lives_with = "0"  # lives elsewhere, and has custody all the same
            # The old row comes before the present one, or after it.
            place = school.links.index(link) + number % 2
            school.links.insert(place, past(link, "1" if number % 4 == 3 else "0"))


def _other_statuses(school: School) -> None:
    for _ in range(4):
        school.add_family([0], 2, status="-1")
    joining = school.take(lambda each: len(each.children) > 1).children[0]  # whose siblings are here already
    joining.status, joining.class_of = "-1", str(int(joining.class_of) + 1)
    for _ in range(3):
        graduate = school.add_family([12], 2).children[0]
        graduate.grade, graduate.status, graduate.class_of = 99, "3", "2025"
    for grade in (3, 7, 10):
        school.add_family([grade], 2, status="2")
    # None of these may be needed by a later trap, which wants students who are enrolled.
    school.untouched = [
        each for each in school.untouched if all(child.status == "0" for child in each.children)
    ]


def _teachers(school: School) -> None:
    everywhere, part, left, gone = school.teachers[10:14]
    everywhere.posts = [(LOWER, "1"), (MIDDLE, "1"), (UPPER, "1")]
    part.posts = [(MIDDLE, "2"), (UPPER, "1")]  # left one school, still at the other
    left.posts = [(LOWER, "2")]
    gone.posts = [(LOWER, "2"), (MIDDLE, "2")]
    school.teachers[14].preferred = 'Liz "Bee"'
    for teacher, first, last in (
        (school.teachers[15], "Zoë", "D'Angelo"),
        (school.teachers[16], "Siân", "Rhys-Løvås"),
    ):
        teacher.first, teacher.last = first, last


def _nicknames(school: School) -> None:
    for preferred in ("Bo", 'Al "Ace', '"Dot', "Max, the Second", "O'Bee", "Bee-Jay"):
        school.take().children[0].preferred = preferred
    for student in school.students[::17]:
        student.preferred = student.preferred or student.first[:3]
    for first, last in (("José", "O'Brien"), ("Zoë", "Van der Berk"), ("Søren", "Müllerbaum-D'Arbour")):
        child = school.take().children[0]
        child.first, child.last = first, last


def _excluded(school: School) -> None:
    family = school.take(couple)
    people = [f"S{child.number}" for child in family.children] + [
        f"P{each.person_id}" for each in family.parents
    ]
    rows: list[tuple[str, ...]] = [(host_id, "", "the family asked to be left out") for host_id in people]
    other = school.take(couple)
    rows.append((f"S{other.children[0].number}", f"P{other.parents[1].person_id}", "court order: no contact"))
    school.lists["exclude"] = rows


def _dirty_students(school: School) -> None:
    def child() -> Student:
        return school.take(lambda each: 1 <= each.children[0].grade <= 9).children[0]

    for typed in ("", "1E5", "{number}.0", "{number}.0", " {number} "):
        student = child()
        student.typed = typed.format(number=student.number)
    twin = child()
    twin.typed = child().number  # one number, typed for two children
    child().last = ""
    child().typed_grade = "20"
    lost = child()
    lost.typed_grade, lost.class_of = "TK?", ""
    child().class_of = "0"  # what PowerSchool has where nobody entered one
    for _ in range(2):
        child().class_of = ""
    repeater = child()  # kept down, and nobody moved the graduation year
    repeater.class_of = str(int(repeater.class_of) - 1)


def _dirty_adults(school: School) -> None:
    def parent() -> Contact:
        return school.take(couple).parents[1]

    parent().typed = ""
    parent().typed = "1E5"
    nameless = parent()
    nameless.first = ""
    numbered = parent()
    numbered.typed = f"{numbered.person_id}.0"
    for bad in ("lena.at.example.org", "nobody@", "two@example.org; three@example.org"):
        parent().emails = [(bad, "1", "1")]
    school.teachers[20].typed = f"{school.teachers[20].users_dcid}.0"
    school.teachers[21].typed = ""
    school.teachers[22].email = ""
    # A contact who refers to a student whom the export does not have.
    absent = school.take(lambda each: len(each.children) == 1)
    absent.children[0].exported = False


def _clubs(school: School) -> None:
    rows: list[tuple[str, ...]] = []
    members = [
        child
        for child in school.students
        if child.status == "0" and child.grade <= 10 and child.typed is None
    ]
    for group, category, low, high in (
        ("Chess Club", "Clubs", 3, 8),
        ("Garden Club", "Clubs", 0, 4),
        ("School Newspaper", "Clubs", 6, 10),
        ("Spring Musical", "Arts", 5, 10),
    ):
        inside = [child for child in members if low <= child.grade <= high][
            :: 7 if category == "Clubs" else 5
        ]
        rows += [(group, category, f"S{child.number}", "", "") for child in inside]
        adviser = school.teachers[30 + len(rows) % 15]
        rows.append((group, category, f"T{adviser.users_dcid}", "", ""))
    # The same list may name people by the SIS's own number and their member type.
    rows += [("Robotics", "Clubs", "", child.number, "student") for child in members[3::29]]
    rows.append(("Robotics", "Clubs", "", school.teachers[33].users_dcid, "staff"))
    school.lists["clubs"] = rows
