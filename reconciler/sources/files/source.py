"""A school's file exports and side lists -> `Tables`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler.archive import on_disk, read_stored
from reconciler.config.fields import LIST_SETTINGS
from reconciler.errors import InputError, Mistake, one_mistake
from reconciler.model import LIST_TABLES, TableInfo, Tables
from reconciler.sources.files.columns import Matched, duplicate_headers, foreign_header, match_columns
from reconciler.sources.files.parse import Export, open_export, read_rows, select_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model import School, SourceFile, TableRules


class FileSource:
    """The files that `source.files` names. Nothing is kept between calls."""

    def __init__(self, school: School, only: frozenset[str] | None = None) -> None:
        """`only` these of the files, where another source gives the tables."""
        self._school = school
        files = school.source.files
        self._files = files if only is None else {name: files[name] for name in files if name in only}

    def read(self) -> Tables:
        """Every file, whole; a file with parts gives several tables.

        Raises:
            InputError: all mistakes of all files.
        """
        frames: dict[str, pl.DataFrame] = {}
        info: dict[str, TableInfo] = {}
        mistakes = list(self._contested())
        for name, file in self._files.items():
            try:
                rules = self._rules(name)
                for table, (frame, about) in _read_tables(self._bytes(name), file, rules).items():
                    frames[table], info[table] = frame, replace(about, modified=_modified(file))
            except InputError as error:
                mistakes += error.mistakes
        if mistakes:
            raise InputError(mistakes)
        return Tables(frames, info)

    def digests(self) -> Mapping[str, str]:
        """Logical table or list -> SHA-256 of its file's bytes, without parsing; missing ones left out."""
        found: dict[str, str] = {}
        for name, file in self._files.items():
            try:
                tables = self._rules(name)
                digest = hashlib.sha256(read_stored(file.path)).hexdigest()
            except (OSError, ValueError, InputError):
                continue
            found |= dict.fromkeys(tables, digest)
        return found

    def _rules(self, name: str) -> Mapping[str, TableRules]:
        """The logical tables that a file gives, each with its rules."""
        rules = self._school.tables.get(name) or LIST_TABLES.get(name)
        if rules is None:
            known = ", ".join(sorted({*self._school.tables, *LIST_TABLES}))
            raise one_mistake(self._school.file, f"source.files.{name}: no such table", f"there are {known}")
        return rules.parts or {name: rules}

    def _contested(self) -> Iterator[Mistake]:
        givers: dict[str, list[str]] = {}
        for name in self._files:
            rules = self._school.tables.get(name)
            for table in (rules.parts if rules else None) or (name,):
                givers.setdefault(table, []).append(name)
        for table, names in givers.items():
            if len(names) > 1:
                message = f"source.files: {' and '.join(names)} both give the {table} table"
                yield Mistake(self._school.file, 0, 0, message, "leave one of them out")

    def _bytes(self, name: str) -> bytes:
        path = self._school.source.files[name].path
        said_by = ".".join(LIST_SETTINGS.get(name, ("source", "files", name)))
        setting = f"correct {said_by} in {self._school.file}"
        try:
            return _as_reviewed(read_stored(path), self._school.source.files[name], said_by)
        except FileNotFoundError:
            there = "write the list" if name in LIST_SETTINGS else f"export the {name} table"
            raise one_mistake(path, "no such file", f"{there} there, or {setting}") from None
        except IsADirectoryError:
            raise one_mistake(path, "a folder, not a file", setting) from None
        except OSError as error:
            hint = f"see that you may read it, or {setting}"
            raise one_mistake(path, f"cannot be read: {error.strerror}", hint) from None
        except ValueError as error:  # a path that holds a NUL
            raise one_mistake(path, f"cannot be read: {error}", setting) from None


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


def _as_reviewed(data: bytes, file: SourceFile, said_by: str) -> bytes:
    digest = hashlib.sha256(data).hexdigest() if file.sha256 else ""
    if digest != file.sha256:
        message = f"its SHA-256 is {digest}, and {said_by}.sha256 is {file.sha256}"
        raise one_mistake(file.path, message, "review what has changed, then write the new one there")
    return data


def _modified(file: SourceFile) -> str:
    """When a file, or the archive that holds it, was last changed, to the second."""
    moment = datetime.fromtimestamp(on_disk(file.path).stat().st_mtime, UTC)
    return moment.isoformat(timespec="seconds")


def _read_tables(
    data: bytes, file: SourceFile, rules: Mapping[str, TableRules]
) -> dict[str, tuple[pl.DataFrame, TableInfo]]:
    """Every logical table of one file, with what was read for it."""
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
