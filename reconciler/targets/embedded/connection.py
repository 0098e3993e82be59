"""The SQLite file of an embedded directory: opened, created, and its troubles put into words.

What was committed outlives a power cut: there is a rollback journal, and each commit is synced to the disk.
Where batches are large that costs little. A write-ahead log would sync less, but then a directory is three
files to copy instead of one, and its change counter no longer tells how old a mirror is.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from reconciler.errors import ReconcileError
from reconciler.model import DirectoryInfo
from reconciler.targets.embedded.schema import APPLICATION_ID, FORMAT, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program holds it locked; wait until that is done, then run this again",
    sqlite3.SQLITE_LOCKED: "another program holds it locked; wait until that is done, then run this again",
    sqlite3.SQLITE_NOTADB: "this is no SQLite file; correct target.path in the school file",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
    sqlite3.SQLITE_FULL: "the disk is full; make room, then run this again",
    sqlite3.SQLITE_READONLY: "it cannot be written; see that you may write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; target.path must be a file that you may read and write",
    sqlite3.SQLITE_IOERR: "the disk does not answer as it should; mend that, then run this again",
}
_LOOK_AT_PATH = "the directory cannot be used; see that target.path names the right file"
_CACHE_KIB = 64 * 1024
"""A batch that fits is written once; one that does not goes through the disk before it is whole."""
OLDEST_SQLITE = (3, 37, 0)
"""The first with strict tables."""


@contextmanager
def transaction(
    path: Path, mode: Literal["read", "write"], timeout: float
) -> Iterator[sqlite3.Connection | None]:
    """A connection inside a transaction: committed at the end, rolled back if anything is raised.

    Gives None where the directory does not exist.

    Raises:
        ReconcileError: the file cannot be used as a directory.
    """
    with _explained(path):
        if not path.exists():
            yield None
            return
        with closing(_connect(path, timeout)) as connection, _begun(connection, mode):
            yield connection if _exists(connection, path) else None


def create_directory(path: Path, directory_id: str, timeout: float) -> None:
    """Make a directory, or leave nothing that counts as one.

    What an earlier run that was killed has left half done is completed.

    Raises:
        ReconcileError: the file cannot be made, or is something else.
    """
    with _explained(path):
        _create_private_file(path)
        with closing(_connect(path, timeout)) as connection, _begun(connection, "write"):
            if _exists(connection, path):
                return  # somebody else was faster; the caller sees whose it is
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO directory (one, id) VALUES (1, ?)", [directory_id])
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")


def read_info(connection: sqlite3.Connection | None) -> DirectoryInfo:
    """The directory's id and school year, both '' where there is none."""
    if connection is None:
        return DirectoryInfo("", "")
    directory_id, school_year = connection.execute("SELECT id, school_year FROM directory").fetchone()
    return DirectoryInfo(directory_id, school_year)


def _create_private_file(path: Path) -> None:
    """An empty file that only its owner may read: SQLite itself would let everybody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ReconcileError(
            f"{path}: this Python has SQLite {sqlite3.sqlite_version}, too old for a directory;"
            " use a Python with SQLite 3.37 or later"
        )
    # rw, never rwc: reading must not create. Not ro either: after a kill, the first to come rolls back.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=timeout, isolation_level=None
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE would delete past the triggers
    connection.execute("PRAGMA synchronous = FULL")  # a build of SQLite may have another default
    connection.execute("PRAGMA temp_store = MEMORY")  # what is staged holds names
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


@contextmanager
def _begun(connection: sqlite3.Connection, mode: Literal["read", "write"]) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE" if mode == "write" else "BEGIN")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has rolled back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _exists(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file holds a directory; one without its only row is not there yet.

    Raises:
        ReconcileError: it holds something else.
    """
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables:
        return False
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise ReconcileError(
            f"{path}: this SQLite file belongs to another program; correct target.path in the school file"
        )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        raise ReconcileError(
            f"{path}: the directory has format {version}, and this version of reconcile knows {FORMAT};"
            " use the version of reconcile that wrote it"
        )
    return connection.execute("SELECT 1 FROM directory").fetchone() is not None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Troubles of SQLite and of the file system as messages: where, what, and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest only refines it
        raise ReconcileError(f"{path}: {_REMEDIES.get(code, _LOOK_AT_PATH)}") from error
    except UnicodeDecodeError as error:  # SQLite's own message quotes the damaged text
        raise ReconcileError(f"{path}: {_REMEDIES[sqlite3.SQLITE_CORRUPT]}") from error
    except OSError as error:
        raise ReconcileError(f"{path}: {error.strerror}; {_LOOK_AT_PATH}") from error
