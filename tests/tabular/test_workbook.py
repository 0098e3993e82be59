from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from reconciler.errors import InputError
from reconciler.tabular.workbook import as_text


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_what_is_no_workbook_stays_as_it_is() -> None:
    assert as_text(b"Host ID\nS1\n", "users.csv") == b"Host ID\nS1\n"


def test_cells_are_as_somebody_would_type_them() -> None:
    rows: list[list[object]] = [
        ["Host ID", "First Name", "Opt-Out", "Since", "Share"],
        [1001, 'Zo\u00eb, "Z"', True, date(2025, 9, 1), 0.5],
        ["007", "two\nlines", None, None, -3],
    ]
    assert as_text(workbook(Users=rows, Empty=[]), "users.xlsx").decode() == (
        "Host ID,First Name,Opt-Out,Since,Share\n"
        '1001,"Zo\u00eb, ""Z""",TRUE,2025-09-01,0.5\n'
        "007,two lines,,,-3\n"
    )


def test_a_row_keeps_its_number_though_rows_above_it_are_blank() -> None:
    assert as_text(workbook(Users=[["Host ID"], [None], ["S1"]]), "users.xlsx") == b'Host ID\n""\nS1\n'


def test_one_sheet_alone_can_be_meant() -> None:
    with pytest.raises(InputError) as caught:
        as_text(workbook(Users=[["Host ID"]], Groups=[["Name"]]), "users.xlsx")
    assert str(caught.value) == (
        "users.xlsx: 2 of its sheets have rows: Users, Groups; save the one that is meant by itself"
    )


def test_a_workbook_that_is_cut_off_is_an_error() -> None:
    data = workbook(Users=[["Host ID"], ["S1"]])
    with pytest.raises(InputError, match=r"users\.xlsx: not a whole workbook: "):
        as_text(data[: len(data) // 2], "users.xlsx")
