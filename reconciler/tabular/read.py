"""The bytes of an export -> the tables that it holds, in our fields."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import InputError, Mistake, one_mistake
from reconciler.model import LIST_TABLES, TableInfo
from reconciler.tabular.columns import Matched, duplicate_headers, foreign_header, match_columns
from reconciler.tabular.parse import Export, open_export, read_rows, select_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model import SourceFile, TableRules


def read_tables(
    data: bytes, file: SourceFile, rules: Mapping[str, TableRules]
) -> dict[str, tuple[pl.DataFrame, TableInfo]]:
    """Every logical table of one file, with what was read for it; `rules` say how each is read.

    Raises:
        InputError: all mistakes of the file.
    """
    export = open_export(data, file)
    if foreign := foreign_header(export.header, rules.values()):
        raise InputError([Mistake(file.path, 1, 0, *foreign)])
    matches = {table: match_columns(export.header, rule) for table, rule in rules.items()}
    mistakes = [
        Mistake(file.path, 1, 0, mistake.message, mistake.hint)
        for matched in matches.values()
        for mistake in matched.mistakes
    ]
    if any(matched.mapped for matched in matches.values()):  # else line 1 may well hold a person
        mistakes += [Mistake(file.path, 1, 0, *mistake) for mistake in duplicate_headers(export.header)]
    try:
        rows = read_rows(export, _needed(export.header, matches.values()))
        mistakes += _unnamed(export, rows)
    except InputError as error:
        mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    digest = hashlib.sha256(data).hexdigest()
    return {table: _table(export, rows, matches[table], rule, digest) for table, rule in rules.items()}


def read_whole(
    file: SourceFile, name: str
) -> tuple[tuple[str, ...], Mapping[str, str], list[tuple[str, ...]]]:
    """Header, our field -> the header it stands under, and all rows of a list beside a school file.

    Raises:
        InputError: the file cannot be read, or is no such list.
    """
    try:
        export = open_export(Path(file.path).read_bytes(), file)
    except OSError as error:
        raise one_mistake(file.path, f"cannot be read: {error.strerror}", "name another file") from None
    rules = LIST_TABLES[name]
    foreign = foreign_header(export.header, [rules])
    matched = match_columns(export.header, rules)
    wrong = [foreign] if foreign else [*matched.mistakes, *duplicate_headers(export.header)]
    if wrong:
        raise InputError([Mistake(file.path, 1, 0, *mistake) for mistake in wrong])
    return export.header, matched.mapped, read_rows(export).drop("_line").rows()


def _needed(header: Sequence[str], matches: Iterable[Matched]) -> list[int]:
    """The columns that a table is made from, and those without a name, which must be blank."""
    names = {"", *(name for matched in matches for name in matched.mapped.values())}
    return [index for index, name in enumerate(header) if name in names]


def _unnamed(export: Export, rows: pl.DataFrame) -> Iterator[Mistake]:
    """A mistake for each column that has values and no name; one that is blank throughout does no harm."""
    for number, name in enumerate(export.header):
        values = rows.filter(pl.col(str(number)) != "") if not name else rows.clear()
        if not values.is_empty():
            message = f"column {number + 1} has values but no header"
            yield Mistake(
                export.file.path, values["_line"][0], 0, message, "name it in line 1, or leave it out"
            )


def _table(
    export: Export, rows: pl.DataFrame, matched: Matched, rules: TableRules, digest: str
) -> tuple[pl.DataFrame, TableInfo]:
    places = {name: index for index, name in enumerate(export.header)}
    fields = {field: places[name] for field, name in matched.mapped.items()}
    frame = select_fields(export, rows, fields)
    if rules.having:
        frame = frame.filter(pl.col(rules.having) != "")
        if frame.is_empty() and not export.file.allow_empty:
            header = matched.mapped[rules.having]
            hint = "export it again with that column filled, or set allow_empty: true for the file"
            raise one_mistake(export.file.path, f"{header} is blank in every row", hint)
    info = TableInfo(
        file=export.file.name,
        rows=frame.height,
        encoding=export.encoding,
        header=export.header,
        mapped=matched.mapped,
        ignored=matched.ignored,
        digest=digest,
    )
    return frame, info
