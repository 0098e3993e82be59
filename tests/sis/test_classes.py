"""Classes from PowerSchool's sections and enrolments, as the Data Export Manager writes them."""

from __future__ import annotations

from reconciler.config import load_school
from reconciler.pipeline import plan_school

SCHOOL = """
name: Riverside Academy
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  files:
    students: students.txt
    staff: users.csv
    parents: persons.csv
    contacts: contacts.csv
    sections: sections.csv
    enrolments: cc.csv
target: {kind: embedded, path: riverside.db}
groups:
  mapping: [classes]
  parents_follow: [classes]
"""
FILES = {
    "students.txt": (
        "Student_Number\tDCID\tFirst_Name\tLast_Name\tGrade_Level\tEnroll_Status\r"
        "501\t9001\tUna\tOsprey\t5\t0\r"
        "502\t9002\tIda\tWren\t6\t0\r"
    ),
    "users.csv": (
        "USERS.DCID,USERS.First_Name,USERS.Last_Name,USERS.Email_Addr,SCHOOLSTAFF.Status\r\n"
        "77,Hugo,Finch,hugo@example.org,1\r\n"
    ),
    "persons.csv": "PERSON.ID,PERSON.FirstName,PERSON.LastName\r\n31,Rosa,Osprey\r\n",
    "contacts.csv": (
        "STUDENTCONTACTASSOC.StudentDCID,STUDENTCONTACTASSOC.PersonID,STUDENTCONTACTDETAIL.IsActive,"
        "STUDENTCONTACTDETAIL.IsCustodial\r\n9001,31,1,1\r\n"
    ),
    "sections.csv": (
        "SECTIONS.ID,COURSES.Course_Name,SECTIONS.Section_Number,SCHOOLSTAFF.Users_DCID\r\n"
        "4001,Biology,1,77\r\n4002,Latin,2,\r\n"
    ),
    "cc.csv": "CC.SectionID,STUDENTS.Student_Number\r\n4001,501\r\n4002,502\r\n4002,999\r\n",
}


def test_classes_have_students_their_parents_and_their_teacher(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    school = tmp_path / "riverside.yaml"
    school.write_text(SCHOOL, encoding="utf-8")
    plan = plan_school(load_school(school, {}))
    groups = plan.changes.groups.select("group_key", "after_category", "after_name").rows()
    assert groups == [
        ("class:4001", "Academics", "Biology - 1"),
        ("class:4002", "Academics", "Latin - 2"),
    ]
    members = plan.changes.memberships.select("group", "host_id", "reason").rows()
    assert members == [
        ("Academics/Biology - 1", "P31", "parent of S501"),
        ("Academics/Biology - 1", "S501", "enrolled in the class"),
        ("Academics/Biology - 1", "T77", "teaches the class"),
        ("Academics/Latin - 2", "S502", "enrolled in the class"),
    ]
    lost = plan.findings.filter(plan.findings["code"] == "unknown-student")
    assert lost.select("file", "line").rows() == [("cc.csv", 4)]
