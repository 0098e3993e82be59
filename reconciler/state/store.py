"""A store: opened, brought up to date, and its transactions.

Each transaction has a connection of its own, so a store may be shared by threads, outlives a restart of its
server, and needs no closing. SQLite keeps its rollback journal: a write-ahead log would leave values of
people in a second file after they were erased from the first.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine, event

from reconciler.state.address import make_private_file, read_address
from reconciler.state.migrations import MIGRATIONS, SCHEMA, migrate, read_version, refuse_newer
from reconciler.state.troubles import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from reconciler.state.address import Address
    from reconciler.state.migrations import Migration

PATIENCE = 10.0
"""Seconds to wait for another program that holds what is needed."""
_PRAGMAS = (
    "foreign_keys = ON",
    "synchronous = FULL",  # a build of SQLite may have another default
    "secure_delete = ON",  # what is erased is overwritten with zeros
    "temp_store = MEMORY",  # VACUUM's copy holds names
)


class Store:
    """What is remembered between runs, in one database. Made by `open_store`."""

    def __init__(self, address: Address, patience: float) -> None:
        self._address = address
        with explained(address):
            self._engine = _sqlite(address.path, patience) if address.path else _postgres(address)
        wait = f"lock_timeout = {int(patience * 1000)}"
        # Set for each transaction alone, so that it holds behind a connection pooler too.
        local = f"SET LOCAL search_path = {SCHEMA}; SET LOCAL {wait}"
        sqlite = address.path is not None
        self._reading = (
            {"begin": "BEGIN"}
            if sqlite
            else {"begin": local, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._writing = {"begin": "BEGIN IMMEDIATE" if sqlite else local}
        rewritten = ", ".join(f"{SCHEMA}.{name}" for name in ("batches", "runs", "audit"))
        self._rewriting = ("VACUUM",) if sqlite else (f"SET {wait}", f"VACUUM (FULL) {rewritten}")

    def __str__(self) -> str:
        return str(self._address)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees the store as of one moment. Keep it short: SQLite's writers wait for it.

        Raises:
            ReconcileError: the store cannot be used.
        """
        return self._transaction(self._reading)

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction: committed at the end, rolled back if anything is raised.

        On SQLite it is the only writer from its beginning on, so keep it short.

        Raises:
            ReconcileError: the store cannot be used. Nothing was written, unless the connection was lost
                in the very commit.
        """
        return self._transaction(self._writing)

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        with (
            explained(self._address),
            self._engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    def compact(self) -> None:
        """Rewrite what people's values were erased from, so that no trace is left in unused space.

        A PostgreSQL server's write-ahead log and backups are its own matter.

        Raises:
            ReconcileError: the store is in use, or has no room for its copy.
        """
        with explained(self._address), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in self._rewriting:
                alone.exec_driver_sql(statement)


def open_store(
    where: str | Path, *, patience: float = PATIENCE, migrations: Sequence[Migration] = MIGRATIONS
) -> Store:
    """The store at a path or URL, made if there is none, and brought up to date if an older version made it.

    Raises:
        ReconcileError: it cannot be opened or made, is no store, or one of a later version.
    """
    address = read_address(where)
    if address.path:
        with explained(address):
            make_private_file(address.path)
    store = Store(address, patience)
    with store.read() as tx:
        version = read_version(tx, address)
    refuse_newer(version, len(migrations), address)
    if version < len(migrations):  # else nothing is written: a store may be read where it cannot be written
        with store.write() as tx:
            migrate(tx, address, migrations)
    return store


def find_store(where: str | Path, *, patience: float = PATIENCE) -> Store | None:
    """The store at a path or URL if there is one, as `open_store` gives it; else None, and none is made.

    Raises:
        ReconcileError: as of `open_store`.
    """
    address = read_address(where)
    if address.path and not address.path.exists():
        return None
    store = Store(address, patience)
    with store.read() as tx:
        version = read_version(tx, address)
    return open_store(where, patience=patience) if version else None


def _sqlite(path: Path, patience: float) -> Engine:
    engine = create_engine(
        "sqlite://", creator=partial(_connect, path, patience), poolclass=NullPool, hide_parameters=True
    )
    # The driver would begin a transaction only before its first write: too late to be the only writer.
    event.listen(engine, "begin", _begin)
    return engine


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


def _postgres(address: Address) -> Engine:
    # Patience is for locks; a server that does not answer within seconds will not answer later either.
    connect = {"connect_timeout": 10}
    engine = create_engine(address.url or "", connect_args=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get("begin"):
        connection.exec_driver_sql(statement)
