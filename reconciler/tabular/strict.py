"""The slow, exact way through an export: for its errors, and for files that the fast way is not sure of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from reconciler.errors import InputError, Mistake
from reconciler.tabular.layout import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.tabular.layout import Layout

SHOWN = 5
"""How many bad rows of a file are named."""

_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_UNCLOSED = ("a quote opens here and never closes", "the file may be cut off: export it again")
_TRAILING = ("text follows a closing quote", "a quote inside a quoted value is written twice")
_STRAY = (
    "a quote stands inside a value that is not quoted",
    "export again with quotes, or set quoting: none",
)


class Row(NamedTuple):
    """One row: the physical line where it begins, or where its problem is, and its cells."""

    line: int
    cells: list[str]
    problem: tuple[str, str] | None = None
    """What is wrong, and what to do."""


def scan(text: str, layout: Layout, line: int = 1) -> Iterator[Row]:
    r"""Every row of `text`, whose lines end in `\n` and whose first one is `line`, blank ones too."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if layout.quoted and text.find('"', start, end) >= 0:
            row, end = _scan_quoted(text, start, layout, line)
            yield row
            line += text.count("\n", start, end)
        else:
            yield Row(line, text[start:end].split(layout.delimiter))
        line += 1
        start = end + 1


def read_strictly(text: str, width: int, layout: Layout, line: int, path: str) -> pl.DataFrame:
    """The rows below the header, as text columns `0`, `1` and so on, and `_line`.

    Raises:
        InputError: rows that are too long or too short, or quoted wrongly: each with its line.
    """
    good: list[Row] = []
    bad: list[Row] = []
    row = None
    for row in scan(text, layout, line):
        if row.problem:
            bad.append(row)
        elif width > 1 and len(row.cells) == 1 and not row.cells[0].strip(" "):
            continue  # a blank line: no cell of a row is lost with it
        elif len(row.cells) != width:
            bad.append(row)
        else:
            good.append(row)
    if bad:
        raise InputError(_bad_rows(bad, row, width, layout, path))
    columns = [
        pl.Series(str(number), [row.cells[number] for row in good], dtype=pl.String)
        for number in range(width)
    ]
    return pl.DataFrame([*columns, pl.Series("_line", [row.line for row in good], dtype=pl.UInt32)])


def _scan_quoted(text: str, start: int, layout: Layout, line: int) -> tuple[Row, int]:
    """The row that begins at `start`, and where it ends. A bad row ends with its line."""
    cells: list[str] = []
    at = start
    while True:
        problem = None
        if text.startswith('"', at):
            match = _QUOTED.match(text, at)
            if match is None:
                return Row(line + text.count("\n", start, at), cells, _UNCLOSED), len(text)
            cells.append(match[1].replace('""', '"'))
            at = match.end()
            if at < len(text) and text[at] not in {layout.delimiter, "\n"}:
                problem = _TRAILING
        else:
            begin, at = at, _cell_end(text, at, layout)
            cells.append(text[begin:at])
            if '"' in cells[-1]:
                problem = _STRAY
        if problem:
            end = text.find("\n", at)
            return Row(line + text.count("\n", start, at), cells, problem), len(text) if end < 0 else end
        if at == len(text) or text[at] == "\n":
            return Row(line, cells), at
        at += 1


def _cell_end(text: str, at: int, layout: Layout) -> int:
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    cell_end = text.find(layout.delimiter, at, line_end)
    return line_end if cell_end < 0 else cell_end


def _bad_rows(bad: list[Row], last: Row | None, width: int, layout: Layout, path: str) -> list[Mistake]:
    mistakes = []
    for row in bad[:SHOWN]:
        message, hint = row.problem or _miscounted(row, width, layout, is_last=row is last)
        mistakes.append(Mistake(path, row.line, 0, message, hint))
    if more := len(bad) - SHOWN:
        mistakes += [Mistake(path, bad[SHOWN].line, 0, f"and {more} more like these")] if more > 0 else []
    return mistakes


def _miscounted(row: Row, width: int, layout: Layout, *, is_last: bool) -> tuple[str, str]:
    cells = len(row.cells)
    message = f"row has {cells} cell{'s' if cells > 1 else ''}, the header has {width}"
    if cells > width:
        return message, f"a value may hold a {DELIMITERS[layout.delimiter]}: export again with quotes"
    if is_last:
        return message, "the file may be cut off: export it again"
    return message, "a line break in a value may have split it: export again with quotes"
