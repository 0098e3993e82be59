"""A school's file exports and side lists -> `Tables`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.archive import on_disk, read_stored
from reconciler.config.fields import LIST_SETTINGS
from reconciler.errors import InputError, Mistake, one_mistake
from reconciler.model import LIST_TABLES, TableInfo, Tables
from reconciler.tabular import read_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

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
        before = {name: _look(file) for name, file in self._files.items()}
        for name, file in self._files.items():
            try:
                rules = self._rules(name)
                for table, (frame, about) in read_tables(self._bytes(name), file, rules).items():
                    frames[table], info[table] = frame, replace(about, modified=_modified(before[name]))
            except InputError as error:
                mistakes += error.mistakes
        mistakes += [
            Mistake(file.path, 0, 0, "was changed while it was read", "run it again once it is written")
            for name, file in self._files.items()
            if _look(file) != before[name]
        ]
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


def _as_reviewed(data: bytes, file: SourceFile, said_by: str) -> bytes:
    digest = hashlib.sha256(data).hexdigest() if file.sha256 else ""
    if digest != file.sha256:
        message = f"its SHA-256 is {digest}, and {said_by}.sha256 is {file.sha256}"
        raise one_mistake(file.path, message, "review what has changed, then write the new one there")
    return data


def _look(file: SourceFile) -> tuple[int, int]:
    """When a file, or the archive that holds it, was changed, in nanoseconds since 1970; and its size."""
    try:
        found = on_disk(file.path).stat()
    except (OSError, ValueError):
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _modified(seen: tuple[int, int]) -> str:
    """The moment of what was seen, to the second."""
    return datetime.fromtimestamp(seen[0] // 10**9, UTC).isoformat(timespec="seconds")
