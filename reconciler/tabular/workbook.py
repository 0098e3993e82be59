"""Workbooks (XLSX), in which some systems export: their one sheet as the text of a CSV file."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

from reconciler.errors import one_mistake

MARK = b"PK\x03\x04"
"""How a workbook begins."""


def as_text(data: bytes, file: str) -> bytes:
    """The bytes of a file, of a workbook those of the CSV that its sheet comes to, row by row.

    A whole number is written without a decimal point, and so are ids that a spreadsheet took for numbers.

    Raises:
        InputError: a workbook that cannot be read, or of which several sheets have rows.
    """
    if not data.startswith(MARK):
        return data
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - few files are workbooks

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names
        }
    except CalamineError as error:
        message = f"not a whole workbook: {error}"
        raise one_mistake(file, message, "export it again, or save it as CSV (UTF-8)") from None
    filled = [name for name, of_sheet in rows.items() if any(any(map(_text, row)) for row in of_sheet)]
    if len(filled) > 1:
        message = f"{len(filled)} of its sheets have rows: {', '.join(filled)}"
        raise one_mistake(file, message, "save the one that is meant by itself")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [_text(cell) for cell in row] for name in filled for row in rows[name]
    )
    return text.getvalue().encode()


def _text(cell: object) -> str:
    """A cell on one line, as somebody would type it."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return " ".join(str(cell).split("\n")) if cell is not None else ""
