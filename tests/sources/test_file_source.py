"""A school's files -> its tables: side lists, data sets, digests, and all mistakes at once."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler.archive import read_stored
from reconciler.errors import InputError
from reconciler.model import School, SourceFile, TableInfo
from reconciler.sources import open_source
from tests.sources.exports import make_rules, make_school, powerschool, write_file

if TYPE_CHECKING:
    from pathlib import Path

STUDENTS = b"Student_Number\tFirst_Name\tLast_Name\tGrade_Level\rA1\tAda\tAsh\t1\r"
DATA_SET = (
    b"Contact ID,First Name,Last Name,Email Address,studentNumber,Relationship Type,Contact Has Custody\r\n"
    b"7,Ann,Ash,,,,\r\n"
    b"7,,,ann@example.org,,,\r\n"
    b"7,,,,501,Mother,1\r\n"
    b"8,Bob,Ash,,,,\r\n"
    b"8,,,,501,Father,1\r\n"
)


def error_of(school: School) -> str:
    with pytest.raises(InputError) as caught:
        open_source(school).read()
    return str(caught.value)


def test_a_table_says_what_was_read_for_it(tmp_path: Path) -> None:
    data = b"TEACHERS.DCID,USERS.DCID,Last_Name,First_Name,Room\r\n5,50,\xc9tude,Bo,1\r\n"
    school = make_school({"staff": write_file(tmp_path / "users.csv", data)})
    os.utime(tmp_path / "users.csv", (0, 1_756_713_600))
    tables = open_source(school).read()
    assert tables.info["staff"] == TableInfo(
        file="users.csv",
        rows=1,
        encoding="windows-1252",
        header=("TEACHERS.DCID", "USERS.DCID", "Last_Name", "First_Name", "Room"),
        mapped={"id": "USERS.DCID", "first_name": "First_Name", "last_name": "Last_Name"},
        ignored=("TEACHERS.DCID",),
        digest=hashlib.sha256(data).hexdigest(),
        modified="2025-09-01T08:00:00+00:00",
    )


def test_a_frame_holds_mapped_columns_and_origin_alone(tmp_path: Path) -> None:
    school = make_school({"students": write_file(tmp_path / "students.txt", STUDENTS)})
    frame = open_source(school).read().frames["students"]
    texts = dict.fromkeys(("id", "first_name", "last_name", "grade", "_file"), pl.String)
    assert dict(frame.schema) == {**texts, "_line": pl.UInt32}


def test_no_row_is_filtered_and_none_collapsed(tmp_path: Path) -> None:
    data = b"USERS_DCID,First_Name,Last_Name,Status\n1,a,b,2\n1,a,b,2\n,,,\n"
    school = make_school({"staff": write_file(tmp_path / "users.csv", data)})
    assert open_source(school).read().frames["staff"]["id"].to_list() == ["1", "1", ""]


def test_a_data_set_gives_each_of_its_tables_the_rows_that_belong_to_it(tmp_path: Path) -> None:
    school = make_school({"contacts_dataset": write_file(tmp_path / "contacts.csv", DATA_SET)})
    tables = open_source(school).read()
    assert tables.frames["parents"].select("id", "first_name", "_line").rows() == [
        ("7", "Ann", 2),
        ("7", "", 3),
        ("7", "", 4),
        ("8", "Bob", 5),
        ("8", "", 6),
    ]
    assert tables.frames["contacts"].select("student_id", "parent_id", "relationship", "_line").rows() == [
        ("501", "7", "Mother", 4),
        ("501", "8", "Father", 6),
    ]
    assert tables.frames["emails"].select("person_id", "email", "_line").rows() == [
        ("7", "ann@example.org", 3)
    ]
    assert {name: info.rows for name, info in tables.info.items()} == {
        "parents": 5,
        "contacts": 2,
        "emails": 1,
    }


def test_a_data_set_that_links_nobody_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.csv").write_bytes(DATA_SET.replace(b"501", b""))
    assert error_of(make_school({"contacts_dataset": SourceFile("c.csv", "c.csv")})) == (
        "c.csv: studentNumber is blank in every row; export it again with that column filled, or set"
        " allow_empty: true for the file"
    )
    allowed = SourceFile("c.csv", "c.csv", allow_empty=True)
    assert open_source(make_school({"contacts_dataset": allowed})).read().frames["contacts"].is_empty()


def test_two_files_for_one_table_are_refused(tmp_path: Path) -> None:
    school = make_school(
        {
            "contacts_dataset": write_file(tmp_path / "c.csv", DATA_SET),
            "emails": write_file(tmp_path / "e.csv", b"PersonID,EmailAddress\n7,ann@example.org\n"),
        }
    )
    assert error_of(school) == (
        "schools/oak.yaml: source.files: contacts_dataset and emails both give the emails table;"
        " leave one of them out"
    )


def test_side_lists_are_read_by_their_own_rules(tmp_path: Path) -> None:
    school = make_school(
        {
            "exclude": write_file(tmp_path / "out.csv", b"Host ID;Reason\nS1;asked\n"),
            "membership_list": write_file(
                tmp_path / "m.csv", b"Group,Category,Member ID,User Type\nChess,Clubs,5,student\n"
            ),
        }
    )
    frames = open_source(school).read().frames
    assert frames["exclude"].drop("_file").rows(named=True) == [
        {"host_id": "S1", "reason": "asked", "_line": 2}
    ]
    assert frames["membership_list"].drop("_file").rows(named=True) == [
        {"group": "Chess", "category": "Clubs", "member_id": "5", "member_type": "student", "_line": 2}
    ]


def test_an_empty_table_is_read_where_the_school_allows_it(tmp_path: Path) -> None:
    file = write_file(tmp_path / "e.csv", b"PersonID,EmailAddress\r\n", allow_empty=True)
    tables = open_source(make_school({"emails": file})).read()
    assert tables.frames["emails"].is_empty()
    assert tables.frames["emails"].schema == {
        "person_id": pl.String,
        "email": pl.String,
        "_file": pl.String,
        "_line": pl.UInt32,
    }


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "users.csv").write_bytes(b"TEACHERS.DCID,First_Name,Last_Name\n1,a,b\n")
    (tmp_path / "exports" / "contacts.csv").write_bytes(b"StudentDCID,PersonID\n1,2\n3\n")
    (tmp_path / "exports" / "emails.csv").mkdir()
    school = make_school(
        {
            name: SourceFile(path, path)
            for name, path in {
                "students": "exports/students.txt",
                "staff": "exports/users.csv",
                "contacts": "exports/contacts.csv",
                "emails": "exports/emails.csv",
                "exclude": "lists/out.csv",
                "rooms": "exports/rooms.csv",
            }.items()
        }
    )
    known = ", ".join(
        sorted({*powerschool(), "exclude", "email_overrides", "same_person", "membership_list", "crosswalk"})
    )
    assert error_of(school).splitlines() == [
        "exports/contacts.csv:3: row has 1 cell, the header has 2; the file may be cut off: export it again",
        "exports/emails.csv: a folder, not a file; correct source.files.emails in schools/oak.yaml",
        (
            "exports/students.txt: no such file; export the students table there, or correct"
            " source.files.students in schools/oak.yaml"
        ),
        (
            "exports/users.csv:1: no column for 'id'; looked for users_dcid, users.dcid; found TEACHERS.DCID,"
            " which is refused: it is the key of one school's staff record, not of the person; export"
            " TEACHERS.USERS_DCID"
        ),
        ("lists/out.csv: no such file; write the list there, or correct exclude.file in schools/oak.yaml"),
        f"schools/oak.yaml: source.files.rooms: no such table; there are {known}",
    ]


def test_a_path_that_cannot_be_one_is_an_input_error() -> None:
    school = make_school({"t": SourceFile("t", "exports/\0.csv")}, {"t": make_rules()})
    assert error_of(school) == (
        "exports/\0.csv: cannot be read: embedded null byte; correct source.files.t in schools/oak.yaml"
    )


def test_digests_name_each_table_and_skip_what_is_missing(tmp_path: Path) -> None:
    school = make_school(
        {
            "students": write_file(tmp_path / "s.csv", b"not even a header"),
            "contacts_dataset": write_file(tmp_path / "c.csv", DATA_SET),
            "staff": SourceFile("gone.csv", str(tmp_path / "gone.csv")),
        }
    )
    data_set = hashlib.sha256(DATA_SET).hexdigest()
    assert open_source(school).digests() == {
        "students": hashlib.sha256(b"not even a header").hexdigest(),
        "parents": data_set,
        "contacts": data_set,
        "emails": data_set,
    }


def test_an_unknown_kind_of_source_names_those_there_are() -> None:
    with pytest.raises(InputError) as caught:
        open_source(make_school({}, kind="fax"))
    kinds = "blackbaud, files, oneroster, oneroster_rest, powerschool, veracross"
    assert str(caught.value) == f"schools/oak.yaml: source.kind: no source 'fax'; there is {kinds}"


def test_files_of_two_exports_are_no_school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next export begins while the last file is read, with the first one."""
    school = make_school(
        {name: write_file(tmp_path / f"{name}.csv", b"id,name\n1,a\n") for name in ("one", "two")},
        {"one": make_rules(), "two": make_rules()},
    )

    def export_again(path: str) -> bytes:
        if path.endswith("two.csv"):
            (tmp_path / "one.csv").write_bytes(b"id,name\n1,a\n2,b\n")
        return read_stored(path)

    monkeypatch.setattr("reconciler.sources.files.read_stored", export_again)
    with pytest.raises(InputError, match=r"one\.csv: was changed while it was read; run it again once it is"):
        open_source(school).read()
