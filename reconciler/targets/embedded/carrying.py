"""Rows are carried out as a set; only where the directory refuses one is it looked for."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Row: TypeAlias = "tuple[Any, ...]"

_PARTS = 32
"""Into how many parts rows are divided in the search for those that are refused: three or four rounds find
one row among tens of thousands, and a batch full of them costs no more than those rounds."""


def carry_out(
    connection: sqlite3.Connection,
    rows: Sequence[Row],
    perform: Callable[[Sequence[Row]], object],
    explain: Callable[[Row], str],
) -> list[str]:
    """Perform all rows; gives why each was refused, '' for one that was carried out.

    What becomes of a row is what would become of it if they were performed one after the other, so
    `perform` must either give what that gives or raise sqlite3.IntegrityError.
    """
    if not rows:
        return []
    try:
        with _undone_if_refused(connection):
            perform(rows)
    except sqlite3.IntegrityError:
        if len(rows) == 1:
            return [explain(rows[0])]
        size = -(-len(rows) // _PARTS)
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        return [detail for part in parts for detail in carry_out(connection, part, perform, explain)]
    return [""] * len(rows)


def stage(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Put rows into a temporary table of this connection, in place of what was there.

    It is kept in memory, and gone with the connection.
    """
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({', '.join(columns)})")
    connection.execute(f"DELETE FROM temp.{table}")  # noqa: S608 - our own names
    places = ", ".join("?" for _ in columns)
    connection.executemany(f"INSERT INTO temp.{table} VALUES ({places})", rows)  # noqa: S608 - our own names


@contextmanager
def _undone_if_refused(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT part")
    try:
        yield
    except sqlite3.IntegrityError:
        connection.execute("ROLLBACK TO part")
        connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")
