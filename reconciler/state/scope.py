"""Whose state it is: that of one school's directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, select, text

from reconciler.state import tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table


@dataclass(frozen=True, slots=True)
class Scope:
    """One school's directory."""

    school_id: str
    directory_id: str

    @property
    def columns(self) -> dict[str, str]:
        """The columns that name it, in every table."""
        return {"school_id": self.school_id, "directory_id": self.directory_id}

    def of(self, table: Table) -> ColumnElement[bool]:
        """Its rows of a table."""
        return and_(table.c.school_id == self.school_id, table.c.directory_id == self.directory_id)


class Counters(NamedTuple):
    """How far a directory's runs and audit have come."""

    last_run: int
    audit_seq: int
    audit_hash: str


def lock_scope(tx: Connection, scope: Scope) -> Counters:
    """Let nobody else write about a directory before this transaction ends.

    Whatever writes begins with it, so that no two wait for each other's rows for ever, and no number is
    given twice. SQLite has one writer at a time in any case.
    """
    tx.execute(
        text(
            "INSERT INTO directories (school_id, directory_id, last_run, audit_seq, audit_hash)"
            " VALUES (:school_id, :directory_id, 0, 0, '') ON CONFLICT DO NOTHING"
        ),
        scope.columns,
    )
    row = tables.directories
    counters = select(row.c.last_run, row.c.audit_seq, row.c.audit_hash).where(scope.of(row))
    return Counters(*tx.execute(counters.with_for_update()).one())


def find_scopes(tx: Connection, school_id: str) -> list[Scope]:
    """The directories of a school that this store knows, by id."""
    row = tables.directories
    found = tx.execute(
        select(row.c.directory_id).where(row.c.school_id == school_id).order_by(row.c.directory_id)
    )
    return [Scope(school_id, directory_id) for (directory_id,) in found]
