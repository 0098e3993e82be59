"""What a plan asks of the store, and no more.

SQLAlchemy takes longer to load than a small school to plan, so a SQLite file is asked directly. Whatever is
out of the ordinary (another version, a locked or damaged file, a server) is left to the store itself, which
says what is wrong.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from reconciler.model import Baseline, Remembered, TableFigures

VERSIONS = (1, 2)
"""The versions of the tables that these statements know."""

_OURS = "WHERE school_id = :school_id AND directory_id = :directory_id"
_VERSION = "SELECT version FROM schema_version"
_BASELINE = f"SELECT run, at, tables FROM baselines {_OURS}"  # noqa: S608 - a constant
_DONE = (
    f"SELECT settings FROM runs {_OURS} AND kind = 'apply' AND outcome = 'done'"  # noqa: S608
    """ AND (header IS NULL OR header LIKE '%"part":[]%') ORDER BY number DESC LIMIT 1"""
)
"""Of those that did all of a plan; whether one that was purged did is not known any more."""
_FIRST = f"SELECT header FROM runs {_OURS} ORDER BY number LIMIT 1"  # noqa: S608
_PATIENCE = 10.0

_Ask: TypeAlias = Callable[[str], "Sequence[Any] | None"]
"""A statement -> its first row, with JSON as text."""


def glance(where: str | Path, school_id: str, directory_id: str) -> Remembered:
    """What the store at a path or URL remembers of a directory; nothing where there is none. Writes nothing.

    Raises:
        ReconcileError: there is one, and it cannot be used.
    """
    names = {"school_id": school_id, "directory_id": directory_id}
    if isinstance(where, Path) or "://" not in where:
        path = Path(where)
        if not path.exists():
            return Remembered()
        try:
            with closing(_connect(path)) as connection:
                ask: _Ask = lambda sql: connection.execute(sql, names).fetchone()  # noqa: E731
                found = ask(_VERSION)
                if found and found[0] in VERSIONS:
                    return _remember(ask)
        except (sqlite3.Error, ValueError, KeyError, TypeError):
            pass
    return _ask_the_store(where, names)


def _connect(path: Path) -> sqlite3.Connection:
    # rw, though nothing is written: after a kill, the first to come rolls back.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)


def _ask_the_store(where: str | Path, names: dict[str, str]) -> Remembered:
    from sqlalchemy import text  # noqa: PLC0415 - as said above

    from reconciler.state.store import find_store  # noqa: PLC0415

    store = find_store(where)
    if store is None:
        return Remembered()
    with store.read() as tx:
        return _remember(lambda sql: tx.execute(text(sql), names).one_or_none())


def _remember(ask: _Ask) -> Remembered:
    baseline = None
    if found := ask(_BASELINE):
        run, at, tables = found
        figures = {name: TableFigures(**table) for name, table in json.loads(tables).items()}
        baseline = Baseline(run, at, figures)
    done = ask(_DONE)
    settings = json.loads(done[0]) if done else None
    return Remembered(baseline, settings, unfinished_import=not done and _began_with_nobody(ask))


def _began_with_nobody(ask: _Ask) -> bool:
    """Whether the first run of all found no account of ours; a header that was purged says nothing."""
    first = ask(_FIRST)
    return bool(first and first[0] and json.loads(first[0]).get("figures", {}).get("first_import"))
