"""A page of plain text: aligned columns, quiet colours, and nothing that a terminal would obey."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CAP = 10
"""How many items of a kind are shown where not all are asked for."""

WIDTH = 100
_NARROWEST = 20
"""Columns of a terminal below which a cell is not broken into lines."""
_WIDEST = 80
"""Columns that others of a table are padded to at most; else one long name would be paid for by every row."""

_STYLES = {"+": "green", "~": "yellow", "-": "red", "title": "bold", "bad": "bold red", "quiet": "dim"}

# Names and details come from exports: an escape sequence in one could rewrite what the reader sees,
# and a bidirectional override could swap the two sides of a change.
UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_UNSAFE = re.compile(UNSAFE)


class Page:
    """Lines of text, gathered from top to bottom."""

    def __init__(self, *, width: int | None = None, colour: bool = False) -> None:
        self._lines: list[str] = []
        self._width = max(width or WIDTH, 40)
        self._wraps = width is not None  # a file or a pipe takes lines of any length
        self._styles = {name: Style.parse(style) for name, style in _STYLES.items()} if colour else {}

    def __str__(self) -> str:
        return "\n".join(self._lines).strip("\n") + "\n"

    def line(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """One line, however long it is."""
        self._lines.append(" " * indent + self._paint(safe(text), style))

    def spans(self, spans: Iterable[tuple[str, str]], *, indent: int = 2) -> None:
        """One line of `(text, style)` parts."""
        self._lines.append(
            (" " * indent + "".join(self._paint(safe(text), style) for text, style in spans)).rstrip()
        )

    def title(self, text: str) -> None:
        """A heading, with a blank line before it."""
        self.line()
        self.line(text, "title")

    def prose(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """A text, wrapped to the page's width."""
        width = self._width - indent
        for line in textwrap.wrap(safe(text), width, break_long_words=False, break_on_hyphens=False):
            self.line(line, style, indent=indent)

    def changes(
        self, symbol: str, rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), indent: int = 2
    ) -> None:
        """Aligned columns, each row marked with what happens to it."""
        mark = " " * indent + self._paint(symbol, symbol) + " "
        rows, continued = self._fit(rows, indent + 2)
        for line, goes_on in zip(align(rows, right), continued, strict=True):
            self._lines.append((" " * (indent + 2) if goes_on else mark) + safe(line))

    def hidden(self, number: int, how: str = "; --full shows all", *, indent: int = 4) -> None:
        """Say how many items are not shown, if any."""
        if number > 0:
            self.line(f"... and {number:,} more{how}", "quiet", indent=indent)

    def table(self, rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), indent: int = 2) -> None:
        """Aligned columns; those in `right` are flush right."""
        for line in align(self._fit(rows, indent)[0], right):
            self.line(line, indent=indent)

    def _fit(
        self, rows: Sequence[Sequence[str]], indent: int
    ) -> tuple[Sequence[Sequence[str]], Sequence[bool]]:
        """Rows whose last cell goes on below where a terminal is too narrow, and which rows go on so."""
        columns = list(zip(*rows, strict=True))[:-1]
        others = sum(_column(column) + 2 for column in columns)
        room = self._width - indent - others
        if not self._wraps or room < _NARROWEST or all(_width(row[-1]) <= room for row in rows):
            return rows, [False] * len(rows)
        fitted: list[Sequence[str]] = []
        continued = []
        for row in rows:
            parts = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
            fitted += [(*row[:-1], parts[0]), *((*[""] * (len(row) - 1), part) for part in parts[1:])]
            continued += [False, *[True] * (len(parts) - 1)]
        return fitted, continued

    def _paint(self, text: str, style: str) -> str:
        if style not in self._styles or not text:
            return text
        return self._styles[style].render(text, color_system=ColorSystem.STANDARD)


def safe(text: str) -> str:
    """`text` with every control character made visible."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def align(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows of equal length as lines with aligned columns, two spaces apart."""
    flush = frozenset(right)
    widths = [_column(column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            pad(cell, width, right=at in flush)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` with blanks to `width` columns of a terminal, on its left if it is flush right."""
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _width(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _column(cells: Iterable[str]) -> int:
    return min(max(map(_width, cells)), _WIDEST)


def natural(text: str) -> list[str | int]:
    """A key that sorts `Grade 2` before `Grade 10`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", text)]


def place(file: str, line: int) -> str:
    """`file:line`, as far as it is known."""
    return f"{file}:{line}" if file and line else file


def plural(number: int, noun: str, nouns: str = "") -> str:
    """A number with its noun: `1 group`, `2,900 users`."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"
