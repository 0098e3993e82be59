"""Whether a worker can work for a command of the same version: it sees the same files, and the same store."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from platform import node

from reconciler.environment import STATE
from reconciler.errors import ReconcileError

_OWN = ("", "localhost", "127.0.0.1", "::1")
"""Servers that are another one on each machine, besides sockets."""


def unlike(folder: str, salt: str, store: str) -> str:
    """What keeps this worker from working for a command in a folder, whose store has a mark; else ''."""
    if not Path(folder).is_dir():
        return f"does not see {folder}: workers need the same files, in the same place"
    try:
        here = mark_store(folder, salt) if store else ""
    except ReconcileError as error:
        return f"cannot use its {STATE}: {error}"
    if store and not here:
        return f"has no {STATE} in its environment, and this command has: set it there, too"
    if here != store:
        return (
            f"has another {STATE} than this command: set the same there, on a server that both name alike;"
            " a SQLite file serves one machine"
        )
    return ""


def mark_store(folder: str, salt: str) -> str:
    """What two machines have in common if their state store is the same, and nobody can read it from.

    No password goes into it. A file, or a server that goes by the name of each machine itself, is another
    one on each, however alike the names. `folder` is that of relative paths. '' where none is named.

    Raises:
        ReconcileError: what is named is no store.
    """
    from reconciler.state.address import read_address  # noqa: PLC0415 - a database's library, seldom needed

    where = os.environ.get(STATE)
    if not where:
        return ""
    place = read_address(where).place
    if isinstance(place, Path):
        known = [node(), str(Path(folder, place).resolve())]
    else:
        public = {name: value for name, value in place.query.items() if "pass" not in name}
        server = str(place.host or public.get("host", ""))
        alone = server in _OWN or server.startswith("/")
        known = [node() if alone else "", place.set(password="", query=public).render_as_string()]
    return sha256("\n".join([salt, *known]).encode()).hexdigest()
