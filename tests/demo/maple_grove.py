"""Writes the demo school's exports and side lists: `python -m tests.demo.maple_grove schools/maple-grove`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from tests.demo.files import Layout, write_list, write_year
from tests.demo.next_year import let_a_year_pass
from tests.demo.people import found_school
from tests.demo.traps import add_traps

SEED = 2025
LISTS = {
    "exclude": ("host_id", "parent_host_id", "reason"),
    "email_overrides": ("host_id", "email"),
    "same_person": ("staff_id", "parent_id"),
    "clubs": ("group", "category", "host_id", "id", "member_type"),
}

DATASET = Layout(
    {
        "id": "Contact ID",
        "first": "First Name",
        "last": "Last Name",
        "active": "Is Active",
        "email": "Email Address",
        "primary": "Is Primary Email Address",
        "priority": "Email Address Priority Order",
        "phone_type": "Phone Type",
        "phone": "phoneNumberAsEntered",
        "student_number": "studentNumber",
        "order": "Contact Priority Order",
        "relationship": "Relationship Type",
        "custodial": "Contact Has Custody",
        "lives_with": "Contact Lives With",
        "emergency": "Is Emergency Contact",
    },
    encoding="utf-8-sig",
    quoting="needed",
)

# A DDE quick export and DEM exports with their default labels.
FIRST_YEAR = {
    "students.txt": Layout(
        {
            "number": "Student_Number",
            "first": "First_Name",
            "preferred": "Preferred_Name",
            "last": "Last_Name",
            "email": "Student_Email",
            "grade": "Grade_Level",
            "class_of": "ClassOf",
            "status": "Enroll_Status",
            "school": "SchoolID",
            "exit": "ExitDate",
            "dcid": "DCID",
        },
        delimiter="\t",
        line_end="\r",
        quoting="none",
    ),
    "users.csv": Layout(
        {
            "users_dcid": "TEACHERS.USERS_DCID",
            "staff_dcid": "TEACHERS.DCID",
            "first": "TEACHERS.First_Name",
            "preferred": "TEACHERS.PreferredName",
            "last": "TEACHERS.Last_Name",
            "email": "TEACHERS.Email_Addr",
            "status": "TEACHERS.Status",
            "school": "TEACHERS.SchoolID",
        }
    ),
    "persons.csv": Layout(
        {
            "id": "PERSON.ID",
            "dcid": "PERSON.DCID",
            "first": "PERSON.FirstName",
            "last": "PERSON.LastName",
            "active": "PERSON.IsActive",
        },
        encoding="cp1252",
    ),
    "contacts.csv": Layout(
        {
            "student_dcid": "STUDENTCONTACTASSOC.StudentDCID",
            "person": "STUDENTCONTACTASSOC.PersonID",
            "order": "STUDENTCONTACTASSOC.ContactPriorityOrder",
            "relationship": "Relationship Type",
            "active": "STUDENTCONTACTDETAIL.IsActive",
            "custodial": "STUDENTCONTACTDETAIL.IsCustodial",
            "lives_with": "STUDENTCONTACTDETAIL.LivesWithFlg",
            "emergency": "STUDENTCONTACTDETAIL.IsEmergency",
        }
    ),
    "emails.csv": Layout(
        {
            "person": "PERSONEMAILADDRESSASSOC.PersonID",
            "email": "EMAILADDRESS.EmailAddress",
            "primary": "PERSONEMAILADDRESSASSOC.IsPrimaryEmailAddress",
            "priority": "PERSONEMAILADDRESSASSOC.EmailAddressPriorityOrder",
        },
        delimiter="\t",
        encoding="utf-16-le",
    ),
    "contacts_dataset.csv": DATASET,
}

# Somebody new in the office: other separators, other line ends, and TABLE. stripped as the vendors ask for.
SECOND_YEAR = {
    "students.txt": Layout(
        {name: f"STUDENTS.{header}" for name, header in FIRST_YEAR["students.txt"].headers.items()},
        delimiter="\t",
        line_end="\n",
        encoding="utf-16-le",
        quoting="none",
    ),
    "users.csv": Layout(
        {
            "last": "USERS.Last_Name",
            "first": "USERS.First_Name",
            "preferred": "USERS.PreferredName",
            "email": "USERS.Email_Addr",
            "staff_dcid": "SCHOOLSTAFF.DCID",
            "users_dcid": "SCHOOLSTAFF.Users_DCID",
            "school": "SCHOOLSTAFF.SchoolID",
            "status": "SCHOOLSTAFF.Status",
        },
        line_end="\n",
        encoding="utf-8-sig",
        quoting="needed",
    ),
    "persons.csv": Layout(
        {"dcid": "DCID", "id": "ID", "last": "LastName", "first": "FirstName", "active": "IsActive"},
        quoting="needed",
    ),
    "contacts.csv": Layout(
        {
            "student_number": "Student_Number",
            "person": "PersonID",
            "relationship": "RelationshipType",
            "active": "IsActive",
            "custodial": "IsCustodial",
            "lives_with": "LivesWithFlg",
        },
        delimiter="\t",
        quoting="none",
    ),
    "emails.csv": Layout(
        {
            "person": "PersonID",
            "email": "EmailAddress",
            "priority": "EmailAddressPriorityOrder",
            "primary": "IsPrimaryEmailAddress",
        },
        delimiter=";",
        line_end="\n",
        encoding="cp1252",
    ),
    "contacts_dataset.csv": DATASET,
}


def write_maple_grove(folder: Path) -> None:
    """Write both school years and the lists into `folder`, always the same bytes."""
    school = found_school(random.Random(SEED))
    add_traps(school)
    write_year(folder / "2025-26", school, FIRST_YEAR)
    for name, columns in LISTS.items():
        write_list(folder / f"{name}.csv", columns, school.lists[name])
    let_a_year_pass(school)
    write_year(folder / "2026-27", school, SECOND_YEAR)


if __name__ == "__main__":
    write_maple_grove(Path(sys.argv[1]))
