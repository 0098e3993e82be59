"""A school's OneRoster bundle, and its side lists -> `Tables`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import InputError, Mistake
from reconciler.model import LIST_TABLES, TableInfo, Tables
from reconciler.sources.files import FileSource
from reconciler.sources.oneroster.bundle import Bundle
from reconciler.sources.oneroster.classes import sections_of
from reconciler.sources.oneroster.people import (
    ROLES,
    not_taken,
    pairs_of,
    people_of,
    roles_of_file,
    roles_of_users,
)
from reconciler.tabular.columns import match_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import School
    from reconciler.sources.oneroster.bundle import Member

    _Table = tuple[Member, pl.DataFrame, tuple[str, ...]]


class OneRosterSource:
    """The bundle at `source.path`, and the lists beside the school file. Nothing is kept between calls."""

    def __init__(self, school: School) -> None:
        self._school = school
        self._path = Path(school.source.path)

    def read(self) -> Tables:
        """Every table that the bundle has, whole.

        Raises:
            InputError: all mistakes of the bundle and of the lists.
        """
        mistakes: list[Mistake] = []
        frames: dict[str, pl.DataFrame] = {}
        info: dict[str, TableInfo] = {}
        try:
            bundle = Bundle(self._path)
            tables = self._tables(bundle)
            digests = self._digests_of(bundle)
            for table, (member, rows, ignored) in tables.items():
                frames[table], about = self._mapped(table, member, rows)
                info[table] = replace(about, ignored=(*about.ignored, *ignored), digest=digests[table])
        except InputError as error:
            mistakes += error.mistakes
        try:
            lists = self._lists().read()
        except InputError as error:
            mistakes += error.mistakes
        if mistakes:
            raise InputError(mistakes)
        return Tables({**frames, **lists.frames}, {**info, **lists.info})

    def digests(self) -> Mapping[str, str]:
        """Logical table or list -> SHA-256 of the bytes it comes from; what is missing is left out."""
        found = dict(self._lists().digests())
        try:
            return found | self._digests_of(Bundle(self._path))
        except (InputError, OSError):
            return found

    def _digests_of(self, bundle: Bundle) -> dict[str, str]:
        wanted = (*ROLES, "contacts", *(("sections", "enrolments") if self._has_classes() else ()))
        files = bundle.files(sorted({name for table in wanted for name in _MEMBERS[table]}))
        return {
            table: _digest(table, [files[name] for name in _MEMBERS[table] if name in files])
            for table in wanted
            if _MEMBERS[table][0] in files
        }

    def _has_classes(self) -> bool:
        return "classes" in self._school.groups.mapping

    def _lists(self) -> FileSource:
        return FileSource(self._school, only=frozenset(LIST_TABLES))

    def _tables(self, bundle: Bundle) -> dict[str, _Table]:
        """Logical table -> the file that it mostly comes from, its rows, and what of them was not taken."""
        tables: dict[str, _Table] = {}
        mistakes: list[Mistake] = []
        for part in (_people, _classes) if self._has_classes() else (_people,):
            try:
                tables |= part(bundle)
            except InputError as error:
                mistakes += error.mistakes
        if mistakes:
            raise InputError(mistakes)
        return tables

    def _mapped(self, table: str, member: Member, rows: pl.DataFrame) -> tuple[pl.DataFrame, TableInfo]:
        """Our fields, by the rules of the table; `_file` and `_line` say where each row stands."""
        rules = self._school.tables[table]
        header = [name for name in rows.columns if name != "_line"]
        matched = match_columns(header, rules)
        if matched.mistakes:
            raise InputError([Mistake(member.path, 1, 0, *mistake) for mistake in matched.mistakes])
        frame = rows.select(
            **{field: pl.col(name) for field, name in matched.mapped.items()},
            _file=pl.lit(member.name),
            _line=pl.col("_line"),
        )
        about = TableInfo(
            file=member.name,
            rows=frame.height,
            encoding=member.encoding,
            header=tuple(header),
            mapped=matched.mapped,
            ignored=matched.ignored,
            modified=_modified(self._path),
        )
        return frame, about


def _people(bundle: Bundle) -> dict[str, _Table]:
    users_only = bundle.version != "1.2"
    needed = {"users": (*_NAMES, "role") if users_only else _NAMES}
    files = _read(bundle, needed if users_only else {**needed, "roles": ("usersourcedid", "role")})
    users = files["users"]
    roles = roles_of_users(users.rows) if users_only else roles_of_file(files["roles"].rows)
    strange = not_taken(users.rows, roles)
    tables = {
        table: (users, people_of(users.rows, roles, table), strange if table == "students" else ())
        for table in ROLES
    }
    return {**tables, "contacts": (users, pairs_of(users.rows, roles), ())}


def _classes(bundle: Bundle) -> dict[str, _Table]:
    """Sections and enrolments, which are read where the school has groups of classes."""
    enrolled = ("classsourcedid", "usersourcedid", "role")
    files = _read(bundle, {"classes": ("sourcedid", "title"), "enrollments": enrolled})
    classes, enrolments = files["classes"], files["enrollments"]
    sections, students = sections_of(classes.rows, enrolments.rows)
    return {"sections": (classes, sections, ()), "enrolments": (enrolments, students, ())}


def _read(bundle: Bundle, needed: Mapping[str, Sequence[str]]) -> dict[str, Member]:
    """Files by their names, each with the columns that it needs.

    Raises:
        InputError: all mistakes of all of them.
    """
    files: dict[str, Member] = {}
    mistakes: list[Mistake] = []
    for name, columns in needed.items():
        try:
            files[name] = bundle.read(name)
            files[name].need(*columns)
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return files


_NAMES = ("sourcedid", "givenname", "familyname")
_MEMBERS: dict[str, tuple[str, ...]] = {
    "students": ("users", "roles"),
    "staff": ("users", "roles"),
    "parents": ("users", "roles"),
    "contacts": ("users", "roles"),
    "sections": ("classes", "enrollments"),
    "enrolments": ("enrollments",),
}
"""Logical table -> the files of a bundle that it is made from."""


def _digest(table: str, parts: list[bytes]) -> str:
    # With its name: several tables come from one file, which is no mistake.
    digest = hashlib.sha256(table.encode())
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _modified(path: Path) -> str:
    """When the bundle was last changed, to the second; of a folder, its newest file."""
    paths = [path, *path.glob("*")] if path.is_dir() else [path]
    newest = max(one.stat().st_mtime for one in paths if one.exists())  # a link may lead nowhere
    return datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds")
