"""Troubles of a database put into words: where, what, and what to do next.

A driver's own message may quote values of people (`Key (host_id)=(S1) already exists`), so none is passed on,
but for those of a connection that was never made.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.state.address import Address

_LOCKED = "another program holds the state store locked; wait until that is done, then run this again"
_FULL = "there is no room left for the state store; make some, then run this again"
_READ_ONLY = "the state store cannot be written; see that you may write the file and its folder"
_NO_FILE = "this is no state store; name the file of one, or one that does not exist yet"
_NO_ANSWER = "the server of the state store does not answer; see that it runs and can be reached"
_REFUSED = "the server of the state store lets nobody in so; correct user, password and database in its URL"
_DAMAGED = "the state store is damaged; restore it from a backup"
_UNKNOWN = "the state store cannot be used"

_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_NOTADB: _NO_FILE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: "the state store cannot be opened; name a file that you may read and write",
    sqlite3.SQLITE_IOERR: "the disk of the state store does not answer as it should; mend that",
}
_POSTGRES = {
    "08": _NO_ANSWER,  # connection exception
    "28": _REFUSED,  # invalid authorization
    "3D": _REFUSED,  # no such database
    "25006": "the server of the state store is read-only; name the one that takes writes",
    "40": _LOCKED,  # serialization failure, deadlock
    "42501": "the user of the state store lacks a privilege; grant it CREATE on the database and schema",
    "53": "the server of the state store is out of disk, memory or connections; mend that, run this again",
    "55P03": _LOCKED,  # lock_timeout
    "57P": "the server of the state store shut down or ended the connection; run this again once it is up",
    "XX": _DAMAGED,
}
"""SQLSTATE, or how it begins. PostgreSQL manual, appendix A."""


@contextmanager
def explained(address: Address) -> Iterator[None]:
    """Errors of the database as messages; whatever else is raised inside goes on as it is.

    Raises:
        ReconcileError: there was one.
    """
    try:
        yield
    except DBAPIError as error:
        raise ReconcileError(f"{address}: {_explain(error, address)}") from error


def _explain(error: DBAPIError, address: Address) -> str:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return _SQLITE.get(code & 0xFF, f"{_UNKNOWN} (SQLite error {code})")  # the rest only refines it
    state = getattr(cause, "sqlstate", None)
    if state:
        found = [text for start, text in _POSTGRES.items() if state.startswith(start)]
        return found[0] if found else f"{_UNKNOWN} (SQLSTATE {state})"
    if error.connection_invalidated:
        return _POSTGRES["57P"]
    return _connecting(address.censored(str(cause)))


def _connecting(message: str) -> str:
    """Why there is no connection; psycopg gives no SQLSTATE for it, and libpq's words are all there is."""
    if "authentication failed" in message or "does not exist" in message or "no password" in message:
        return _REFUSED
    return f"{_NO_ANSWER} ({' '.join(message.split())[:200]})"
