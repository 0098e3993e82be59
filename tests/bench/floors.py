"""The floors: reading the exports' bytes, Polars merely parsing them, SQLite merely loading the rows.

Run as a process of its own, beside the real command: `python -m tests.bench.floors bytes|parse FOLDER`, or
`python -m tests.bench.floors bulk DIRECTORY NEW_FILE`.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = ("directory", "users", "groups", "memberships", "relationships")
"""Those of an embedded directory, each before what refers to it."""


def read_bytes(folder: Path) -> int:
    """Read every file; gives their bytes."""
    return sum(len(path.read_bytes()) for path in sorted(folder.iterdir()))


def parse(folder: Path) -> int:
    """Parse every file as text, as plainly as Polars does it; gives their rows."""
    import polars as pl  # noqa: PLC0415 - the other floors do without

    rows = 0
    for path in sorted(folder.iterdir()):
        tab = path.suffix == ".txt"
        frame = pl.read_csv(
            path, separator="\t" if tab else ",", quote_char=None if tab else '"', infer_schema=False
        )
        rows += frame.height
    return rows


def bulk_load(directory: Path, new: Path) -> int:
    """Put a directory's rows into a new file with the same schema, sorted, in one transaction; gives them.

    Reading them is part of it, as reading a plan is part of apply.
    """
    rows = 0
    with closing(sqlite3.connect(directory)) as source, closing(sqlite3.connect(new)) as target, target:
        target.execute("PRAGMA foreign_keys = ON")
        target.execute("BEGIN")
        for (statement,) in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"):
            target.execute(statement)
        for table in TABLES:
            found = source.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - a name of ours
            marks = ", ".join("?" * len(found.description))
            rows += target.executemany(f"INSERT INTO {table} VALUES ({marks})", found).rowcount  # noqa: S608
    return rows


if __name__ == "__main__":
    floor, *paths = sys.argv[1:]
    floors: dict[str, Callable[..., int]] = {"bytes": read_bytes, "parse": parse, "bulk": bulk_load}
    floors[floor](*map(Path, paths))
