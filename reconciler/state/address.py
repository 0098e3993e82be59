"""Where a store is: a SQLite file, or a database on a PostgreSQL server. Messages never name a password."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from reconciler.errors import ReconcileError
from reconciler.private_file import make_private_folder

_WRITE = "write a path, or postgresql://user@host/database"
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
_SHORT = 4
"""A secret of fewer characters is left in a driver's message: taking it out would only spoil the words."""


@dataclass(frozen=True, slots=True)
class Address:
    """The path of a SQLite file, or the URL of a PostgreSQL database."""

    place: Path | URL

    def __str__(self) -> str:
        """The address as messages name it: without password, and without options, which may hold another."""
        if isinstance(self.place, Path):
            return str(self.place)
        return self.place.set(query={}).render_as_string(hide_password=True)

    def censored(self, message: str) -> str:
        """A driver's message without the secrets of this address."""
        if isinstance(self.place, Path):
            return message
        secrets = [str(self.place.password or "")]
        secrets += [str(value) for name, value in self.place.query.items() if "pass" in name]
        for secret in secrets:
            if len(secret) >= _SHORT:
                message = message.replace(secret, "***")
        return message


def read_address(where: str | Path) -> Address:
    """The address that a path, or a URL of SQLite or PostgreSQL, means.

    Raises:
        ReconcileError: it is a URL of something else, or none at all.
    """
    if isinstance(where, Path) or "://" not in where:
        return Address(Path(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError) as error:
        # Neither the text nor the parser's words: what cannot be parsed may be mostly password.
        raise ReconcileError(f"state store: its URL cannot be read; {_WRITE}") from error
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return Address(Path(str(url.database)))
    if url.drivername in _POSTGRES:
        return Address(url.set(drivername="postgresql+psycopg"))
    raise ReconcileError(f"{Address(url)}: no state can be kept there; {_WRITE}")


def make_private_file(path: Path) -> None:
    """An empty file that only its owner may read, in a folder that is made so too, and hidden from git."""
    make_private_folder(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
