"""One export, row by row: its columns found by their names, every cell trimmed."""

from __future__ import annotations

import csv
import io
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Export:
    """A file that PowerSchool wrote: `.txt` is separated by tabs and has no quotes, `.csv` is CSV.

    A column is named without its table; the first of several names that the header has counts. Of a
    column that starts with `?` the file may do without; then it is blank.
    """

    def __init__(self, path: Path, *columns: str) -> None:
        self.name = path.name
        text = io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")
        self._reader = (
            csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
            if path.suffix == ".txt"
            else csv.reader(text, strict=True)
        )
        header = [name.strip().lower().rpartition(".")[2] for name in next(self._reader)]
        self._width = len(header)
        self._places = [self._find(names, header) for names in columns]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        pick, strip, width = itemgetter(*self._places), str.strip, self._width
        incomplete = max(self._places) == width
        for row in self._reader:
            if len(row) != width:
                raise ValueError(f"{self.name}:{self.line}: {len(row)} cells, not {width}")
            if incomplete:
                row.append("")
            yield tuple(map(strip, pick(row)))

    @property
    def line(self) -> int:
        """Where the row that was read last ends."""
        return self._reader.line_num

    def _find(self, names: str, header: list[str]) -> int:
        for name in names.removeprefix("?").split("|"):
            if name in header:
                return header.index(name)
        if names.startswith("?"):
            return self._width
        raise ValueError(f"{self.name}: no column {names}")
