"""How each database is reached: one connection a transaction, and the words that it needs to hear."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine, event

from reconciler.errors import ReconcileError
from reconciler.state.migrations import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL, Connection, Engine

    from reconciler.state.address import Address

_PRAGMAS = (
    "foreign_keys = ON",
    "synchronous = FULL",  # a build of SQLite may have another default
    "secure_delete = ON",  # what is erased is overwritten with zeros; without VACUUM, too
    "temp_store = MEMORY",  # VACUUM's copy holds names
)
_BRIEFLY = 2.0
"""Seconds that PostgreSQL's rewriting waits for others: while it does, all who come later wait behind it."""
_IN_TOUCH = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "tcp_user_timeout": "40000",
}
"""Else libpq would wait for a server that is silent for minutes, and for one that went away for hours: longer
than a lease lives, whose next sign of life would not be given. PostgreSQL manual, 34.1.2."""
_REWRITTEN = ", ".join(f"{SCHEMA}.{table}" for table in ("batches", "runs", "audit", "memories"))
"""The tables from which something is erased."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and how it is spoken to."""

    engine: Engine
    reading: Mapping[str, Any]
    """Options of a transaction that reads; `begin` is said first."""
    writing: Mapping[str, Any]
    rewriting: tuple[str, ...]
    """Statements, outside a transaction, that leave no trace of what was erased."""


def reach(address: Address, patience: float) -> Database:
    """The database at an address. Nothing is asked of it yet.

    `patience` is in seconds, for whatever another program holds.

    Raises:
        ReconcileError: its driver is not installed.
    """
    if isinstance(address.place, Path):
        return _sqlite(address.place, patience)
    try:
        return _postgres(address.place, patience)
    except ModuleNotFoundError as error:
        raise ReconcileError(
            f"{address}: PostgreSQL needs psycopg; pip install 'vidigami-reconciler[postgres]'"
        ) from error


def _sqlite(path: Path, patience: float) -> Database:
    engine = create_engine(
        "sqlite://", creator=partial(_connect, path, patience), poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "begin", _begin)
    # The driver would begin a transaction only before its first write: too late to be the only writer.
    return Database(engine, {"begin": "BEGIN"}, {"begin": "BEGIN IMMEDIATE"}, ("VACUUM",))


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    # rw, never rwc: reading must not create. Not ro either: after a kill, the first to come rolls back.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,  # a transaction may be begun in one thread and closed in another
    )
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _postgres(url: URL, patience: float) -> Database:
    url = url.update_query_dict({name: value for name, value in _IN_TOUCH.items() if name not in url.query})
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    wait = f"lock_timeout = {int(patience * 1000)}"
    # For the transaction alone, so that it holds behind a connection pooler too.
    begin = f"SET LOCAL search_path = {SCHEMA}; SET LOCAL {wait}"
    one_moment = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return Database(
        engine,
        {"begin": begin, **one_moment},
        {"begin": begin},
        (f"SET lock_timeout = {int(min(patience, _BRIEFLY) * 1000)}", f"VACUUM (FULL) {_REWRITTEN}"),
    )


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get("begin"):
        connection.exec_driver_sql(statement)
