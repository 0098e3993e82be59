from __future__ import annotations

from collections import Counter

import pytest

from tests.demo.exports import YEARS, exported, rows, students


def test_quick_export_has_carriage_returns_alone_and_no_quoting() -> None:
    content = exported("2025-26", "students.txt")
    assert b"\n" not in content
    assert content.count(b"\r") == len(students("2025-26")) + 1
    assert content.startswith(b"Student_Number\tFirst_Name\t")
    assert content.count(b'"') == 2  # two nicknames with one quotation mark each


def test_users_are_quoted_with_both_of_the_trap_ids() -> None:
    header, *lines = exported("2025-26", "users.csv").split(b"\r\n")[:-1]
    assert header.startswith(b'"TEACHERS.USERS_DCID","TEACHERS.DCID",')
    assert all(line.startswith(b'"') and line.endswith(b'"') for line in lines)
    assert sum(b'""Bee""' in line for line in lines) == 1


def test_persons_are_in_windows_1252() -> None:
    content = exported("2025-26", "persons.csv")
    assert content.startswith(b'"PERSON.ID","PERSON.DCID",')
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert "Søren" in content.decode("cp1252")


def test_contacts_name_the_student_by_dcid_in_one_year_and_by_number_in_the_next() -> None:
    first, second = (exported(year, "contacts.csv").split(b"\r\n")[0] for year in YEARS)
    assert first.startswith(b'"STUDENTCONTACTASSOC.StudentDCID","STUDENTCONTACTASSOC.PersonID"')
    assert b"STUDENTCONTACTDETAIL.IsCustodial" in first
    assert second.split(b"\t")[:2] == [b"Student_Number", b"PersonID"]


def test_emails_are_in_utf_16_in_one_year_and_between_semicolons_in_the_next() -> None:
    assert exported("2025-26", "emails.csv").startswith(b"\xff\xfe")
    assert exported("2026-27", "emails.csv").startswith(b'"PersonID";"EmailAddress";')


def test_contacts_data_set_has_a_byte_order_mark_and_the_person_on_the_first_row_alone() -> None:
    for year in YEARS:
        assert exported(year, "contacts_dataset.csv").startswith(b"\xef\xbb\xbfContact ID,")
        named = Counter(
            row["Contact ID"] for row in rows(year, "contacts_dataset.csv", "utf-8-sig") if row["Last Name"]
        )
        assert {number for name, number in named.items() if name} == {1}


def test_second_year_has_headers_in_other_forms() -> None:
    assert exported("2026-27", "students.txt").decode("utf-16").startswith("STUDENTS.Student_Number\t")
    assert b"SCHOOLSTAFF.DCID,SCHOOLSTAFF.Users_DCID" in exported("2026-27", "users.csv")
    assert exported("2026-27", "persons.csv").startswith(b"DCID,ID,LastName,")
