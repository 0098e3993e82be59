"""Vidigami's exports, read whole or not at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import openpyxl
import pytest

from reconciler.errors import InputError
from reconciler.targets.sheets.exports import read_exports
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "Vidigami ID,Host ID,First Name,Last Name,Email,User Type,Status"
ADA = "1,admin@example.org,Ada,Lee,admin@example.org,staff,Activated"

# name, the users, the members, the message
BROKEN: list[tuple[str, str, str, str]] = [
    (
        "header alone",
        f"{HEAD}\n",
        "",
        (
            "users.csv: no rows below the header; export it again; where the table may be empty, set"
            " allow_empty: true for the file"
        ),
    ),
    (
        "columns missing",
        "Host ID,First Name,Last Name,Status\nS1,Una,Osprey,Activated\n",
        "",
        (
            "users.csv:1: no column for 'email'; looked for email, e-mail, email address\n"
            "users.csv:1: no column for 'member_type'; looked for user type, type"
        ),
    ),
    (
        "cut off",
        f"{HEAD}\n{ADA}\n2,S1,Una,Osp",
        "",
        "users.csv:3: row has 4 cells, the header has 7; the file may be cut off: export it again",
    ),
    (
        "words that nobody has explained",
        f"{HEAD}\n{ADA}\n2,S1,Una,Osprey,,Alumnus,Activated\n3,S2,Una,Osprey,,Alumnus,Waiting\n",
        "",
        (
            "users.csv:3: nobody has said what 'Alumnus' means; add it to sheets.user_types\n"
            "users.csv:4: nobody has said what 'Waiting' means; add it to sheets.statuses"
        ),
    ),
    (
        "columns that have moved",
        f"{HEAD}\n{ADA}\n2,S1,Una,Osprey,x,una@example.org,Activated\n",
        "",
        "users.csv:3: nobody has said what an e-mail address means; add it to sheets.user_types",
    ),
    (
        "ids that a spreadsheet has rounded",
        f"{HEAD}\n{ADA}\n1.23E+12,4.56789E+11,Una,Osprey,,student,Activated\n",
        "",
        (
            "users.csv:3: its host_id is a rounded number, such as 1E+05; export the list again, and do not"
            " save it from a spreadsheet\n"
            "users.csv:3: its target_id is a rounded number, such as 1E+05; export the list again, and do not"
            " save it from a spreadsheet"
        ),
    ),
    (
        "one Host ID twice",
        f"{HEAD}\n{ADA}\n2,S1,Una,Osprey,,student,Pending\n3,S1,Una,Osprey,,student,Pending\n",
        "",
        "users.csv:4: its Host ID stands in an earlier row, too; export the list again",
    ),
    (
        "no Vidigami ID",
        f"{HEAD}\n{ADA}\n,S1,Una,Osprey,,student,Pending\n",
        "",
        "users.csv:3: no Vidigami ID; export the list again",
    ),
    (
        "mistakes in two files",
        f"{HEAD}\n{ADA}\n,S1,Una,Osprey,,student,Pending\n",
        "Group ID,Host ID\ngrade:5,\n",
        (
            "members.csv:2: one of the two ids is blank; give both a Host ID, and export again\n"
            "users.csv:3: no Vidigami ID; export the list again"
        ),
    ),
]


@pytest.mark.parametrize(
    ("users", "members", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_broken_export_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, users: str, members: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    exports = {"users": tmp_path / "users.csv"}
    exports["users"].write_text(users, encoding="utf-8")
    if members:
        exports["memberships"] = tmp_path / "members.csv"
        exports["memberships"].write_text(members, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_exports(sheet_settings(tmp_path, exports=exports))
    assert str(caught.value).replace(f"{tmp_path}/", "") == says


def test_an_export_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_exports(sheet_settings(tmp_path, exports={"users": tmp_path / "users.csv"}))
    assert str(caught.value) == (
        f"{tmp_path}/users.csv: no such file; export the users there, or correct target.exports.users in the"
        " school file"
    )


def test_a_fault_of_many_rows_is_told_of_some(tmp_path: Path) -> None:
    rows = "".join(f",S{number},Una,Osprey,,student,Pending\n" for number in range(9))
    (tmp_path / "users.csv").write_text(f"{HEAD}\n{rows}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_exports(sheet_settings(tmp_path, exports={"users": tmp_path / "users.csv"}))
    lines = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    assert len([line for line in lines if "no Vidigami ID" in line]) == 6
    assert "users.csv: no Vidigami ID: 4 more rows; export the list again" in lines


def test_a_workbook_gives_what_a_csv_file_gives(tmp_path: Path) -> None:
    text = f"{HEAD},Grad Year,Opt-Out\n{ADA},,\n2,1001,Zoë,Osprey,,student,Not Activated,2033,TRUE\n"
    (tmp_path / "users.csv").write_text(text, encoding="utf-8")
    book = openpyxl.Workbook()
    sheet = book["Sheet"]
    for row in [line.split(",") for line in text.splitlines()]:
        sheet.append([int(cell) if cell.isdigit() else cell == "TRUE" or cell for cell in row])
    data = io.BytesIO()
    book.save(data)
    (tmp_path / "users.xlsx").write_bytes(data.getvalue())
    plain, workbook = (
        read_exports(sheet_settings(tmp_path, exports={"users": tmp_path / name}))["users"].rows
        for name in ("users.csv", "users.xlsx")
    )
    assert workbook.equals(plain)
    assert plain.drop("_line").rows(named=True)[1] == {
        "host_id": "1001",
        "target_id": "2",
        "member_type": "student",
        "first_name": "Zoë",
        "last_name": "Osprey",
        "email": "",
        "grad_year": "2033",
        "status": "not_activated",
        "opt_out": True,
    }


def test_somebody_without_a_host_id_goes_by_vidigamis_own(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(
        f"{HEAD}\n7,,Jo,Lee,jo@example.org,Staff,activated\n", encoding="utf-8"
    )
    rows = read_exports(sheet_settings(tmp_path, exports={"users": tmp_path / "users.csv"}))["users"].rows
    assert rows.select("host_id", "target_id", "member_type", "status").rows() == [
        ("#7", "7", "staff", "activated")
    ]
