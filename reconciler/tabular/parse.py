"""The text of an export -> header and rows, with Polars.

Polars gives nulls and no error for rows that are too short, and drops or keeps stray quotes, so it gets
well-formed files only; the strict way decides about all others.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import InputError, Mistake, one_mistake
from reconciler.tabular.encoding import AGAIN, read_text
from reconciler.tabular.layout import Layout, detect_layout, unify_line_ends
from reconciler.tabular.proof import Proof, prove
from reconciler.tabular.strict import read_strictly, scan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from polars._typing import EngineType

    from reconciler.model import SourceFile

_JSON = "an answer in JSON"
_NOT_TABLES: Mapping[bytes, str] = {b"<": "a web page (HTML)", b"{": _JSON, b"[{": _JSON}
"""What a server may send in place of a file, by its first signs."""
_FIRST_ROW = re.compile(rb'(?:[^"\n]|"[^"]*+(?:"|\Z))*+')
_SMALL = 2**20
"""Bytes of an export that is read at once."""
_FIRST_LINE = re.compile(rb"[^\n]*")


@dataclass(frozen=True, slots=True)
class Export:
    """An export whose header has been read: UTF-8, every line ending in `line_end`."""

    file: SourceFile
    data: bytes
    encoding: str
    composed: bool
    layout: Layout
    line_end: str
    r"""`\n`; or `\r\n` where the header has it, and then the proof tells whether all lines do."""
    header: tuple[str, ...]
    body: int
    """Where the rows begin: an index into `data`."""
    proof: Proof

    @property
    def first_line(self) -> int:
        """The physical line of the first row."""
        return self.data.count(b"\n", 0, self.body) + 1


def open_export(data: bytes, file: SourceFile) -> Export:
    """Detect how the file is written and read its header, trimmed and NFC-normalised.

    Raises:
        InputError: the file is empty, cannot be decoded, or has no header.
    """
    text = read_text(data, file.path, file.encoding)
    utf8 = text.utf8
    if not utf8:
        raise one_mistake(file.path, f"the file is empty ({len(data)} bytes)", AGAIN)
    for sign, kind in _NOT_TABLES.items():
        if utf8.lstrip().startswith(sign):
            raise one_mistake(file.path, f"this is {kind}, not an export", f"sign in to the SIS, and {AGAIN}")
    layout = detect_layout(utf8, file)
    line_end, body = "\r\n", _end_of_header(utf8, layout)
    if not (layout.quoted and _ends_in_crlf(utf8[:body])):
        line_end, utf8 = "\n", _end_lines_alike(utf8, layout)
        body = _end_of_header(utf8, layout)
    row = next(scan(utf8[:body].decode().replace("\r\n", "\n"), layout))
    if row.problem:
        raise InputError([Mistake(file.path, row.line, 0, *row.problem)])
    header = tuple(unicodedata.normalize("NFC", cell).strip() for cell in row.cells)
    if not any(header):
        raise one_mistake(file.path, "no header", "the first line must hold the column names", line=1)
    proof = prove(utf8, layout, len(header), line_end)
    return Export(file, utf8, text.encoding, text.composed, layout, line_end, header, body, proof)


def read_rows(export: Export, columns: Collection[int] | None = None) -> pl.DataFrame:
    """The rows below the header: text columns `0`, `1` and so on, trimmed and NFC-normalised, and `_line`.

    `columns` are the indices of those that are needed, unless it is all; there may be others, as they stand.

    Raises:
        InputError: a row is not as long as the header or wrongly quoted, or there are none though the
            school does not allow that.
    """
    every = range(len(export.header))
    columns = every if columns is None else columns
    rows = _read_fast(export, columns)
    if rows is None and export.line_end != "\n":
        return read_rows(_with_line_feeds(export), columns)
    if rows is None:
        text = export.data[export.body :].decode()
        rows = read_strictly(text, len(every), export.layout, export.first_line, export.file.path)
    if rows.is_empty() and not export.file.allow_empty:
        hint = f"{AGAIN}; where the table may be empty, set allow_empty: true for the file"
        raise one_mistake(export.file.path, "no rows below the header", hint)
    return _tidy(rows, [str(index) for index in columns], export)


def select_fields(export: Export, rows: pl.DataFrame, fields: Mapping[str, int]) -> pl.DataFrame:
    """Our fields, each from the column at that index, and `_file`, `_line`."""
    return rows.select(
        **{field: pl.col(str(index)) for field, index in fields.items()},
        _file=pl.lit(export.file.name),
        _line=pl.col("_line"),
    )


def _end_of_header(utf8: bytes, layout: Layout) -> int:
    first = (_FIRST_ROW if layout.quoted else _FIRST_LINE).match(utf8)
    return min(first.end() + 1, len(utf8)) if first else 0


def _ends_in_crlf(header: bytes) -> bool:
    """Whether a line ends in CRLF and has no other CR.

    Then all lines may, and Polars may read them as they are: to replace CRLF takes half as long as to parse.
    """
    return header.endswith(b"\r\n") and header.count(b"\r") == 1


def _end_lines_alike(utf8: bytes, layout: Layout) -> bytes:
    """Each line with a line feed at its end, the last one too; no blank lines at the end."""
    utf8 = unify_line_ends(utf8, layout)
    whole = utf8.endswith(b"\n") and not utf8.endswith(b"\n\n")
    return utf8 if whole else utf8.rstrip(b"\n") + b"\n"


def _with_line_feeds(export: Export) -> Export:
    data = _end_lines_alike(export.data, export.layout)
    body = _end_of_header(data, export.layout)
    proof = prove(data, export.layout, len(export.header), "\n")
    return replace(export, data=data, line_end="\n", body=body, proof=proof)


def _read_fast(export: Export, columns: Collection[int]) -> pl.DataFrame | None:
    """The rows as Polars reads them, or nothing where some are not well formed or lines are blank."""
    proof = export.proof
    quotes = export.layout.quoted and export.data.find(b'"', export.body) >= 0
    if export.body >= len(export.data) or not (proof.well_formed or (export.line_end == "\n" and not quotes)):
        return None
    every = [str(index) for index in range(len(export.header))]
    # Line breaks count wherever they stand; and Polars counts the cells of a row only if it reads them all.
    some = proof.well_formed and proof.single_lines and columns
    query = pl.scan_csv(
        export.data,
        has_header=False,
        skip_lines=export.first_line - 1,
        schema=dict.fromkeys(every, pl.String),
        separator=export.layout.delimiter,
        quote_char='"' if quotes else None,
        empty_string_is_null=False,
    )
    # A query of its own threads, as large files deserve, costs as much as a thousand rows.
    engine: EngineType = "in-memory" if len(export.data) < _SMALL else "streaming"
    try:
        rows = query.select([str(index) for index in columns] if some else every).collect(engine=engine)
    except pl.exceptions.PolarsError:  # a row is too long, so that none can make up for one too short
        return None
    if not proof.well_formed:
        delimiters = export.data.count(export.layout.delimiter.encode(), export.body)
        if delimiters != rows.height * (len(every) - 1):
            return None
    return rows.with_columns(_line=_physical_lines(rows, export.first_line, several=not proof.single_lines))


def _tidy(rows: pl.DataFrame, columns: list[str], export: Export) -> pl.DataFrame:
    """The rows with those columns trimmed and NFC-normalised."""
    if not export.composed:
        return rows.with_columns(pl.col(columns).str.normalize("NFC").str.strip_chars())
    if export.proof.trimmed:
        return rows
    if export.proof.plain_ends:  # looking at both ends takes a third of the time of trimming
        cells = pl.col(columns)
        spaced = rows.select((cells.str.starts_with(" ") | cells.str.ends_with(" ")).any())
        columns = [name for name in columns if spaced[name].item()]
    return rows.with_columns(pl.col(columns).str.strip_chars())


def _physical_lines(rows: pl.DataFrame, first: int, *, several: bool) -> pl.Expr:
    """The line where each row begins; `several` says that some rows may take more than one."""
    number = pl.int_range(first, first + rows.height, dtype=pl.UInt32)
    if not several:
        return number
    breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))
    return (number + breaks.cum_sum().shift(1, fill_value=0)).cast(pl.UInt32)
