"""A store: opened, brought up to date, and its transactions.

Each transaction has a connection of its own, so a store may be shared by threads, outlives a restart of its
server, and needs no closing. SQLite keeps its rollback journal: a write-ahead log would leave values of
people in a second file after they were erased from the first.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError
from reconciler.state.address import make_private_file, read_address
from reconciler.state.database import reach
from reconciler.state.migrations import MIGRATIONS, migrate, read_version, refuse_newer
from reconciler.state.troubles import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from reconciler.state.address import Address
    from reconciler.state.migrations import Migration

PATIENCE = 10.0
"""Seconds to wait for another program that holds what is needed."""


class Store:
    """What is remembered between runs, in one database. Made by `open_store`."""

    def __init__(self, address: Address, patience: float) -> None:
        self._address = address
        self._database = reach(address, patience)

    def __str__(self) -> str:
        return str(self._address)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees the store as of one moment. Keep it short: SQLite's writers wait for it.

        Raises:
            ReconcileError: the store cannot be used.
        """
        return self._transaction(self._database.reading)

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction: committed at the end, rolled back if anything is raised.

        On SQLite it is the only writer from its beginning on, so keep it short.

        Raises:
            ReconcileError: the store cannot be used. Nothing was written, unless the connection was lost
                in the very commit.
        """
        return self._transaction(self._database.writing)

    @contextmanager
    def _transaction(self, options: Mapping[str, Any]) -> Iterator[Connection]:
        with (
            explained(self._address),
            self._database.engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    def compact(self) -> None:
        """Rewrite what people's values were erased from, so that no trace is left in unused space.

        A PostgreSQL server's write-ahead log and backups are its own matter.

        Raises:
            ReconcileError: the store is in use, or has no room for its copy.
        """
        with explained(self._address), self._database.engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in self._database.rewriting:
                alone.exec_driver_sql(statement)


def open_store(
    where: str | Path, *, patience: float = PATIENCE, migrations: Sequence[Migration] = MIGRATIONS
) -> Store:
    """The store at a path or URL, made if there is none, and brought up to date if an older version made it.

    Raises:
        ReconcileError: it cannot be opened or made, is no store, or one of a later version.
    """
    address = read_address(where)
    if isinstance(address.place, Path):
        _make_file(address.place)
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
    if isinstance(address.place, Path) and not address.place.exists():
        return None
    store = Store(address, patience)
    with store.read() as tx:
        version = read_version(tx, address)
    return open_store(where, patience=patience) if version else None


def _make_file(path: Path) -> None:
    try:
        make_private_file(path)
    except OSError as error:
        raise ReconcileError(
            f"{path}: {error.strerror}; name a file for the state store in a folder that you can write to"
        ) from error
