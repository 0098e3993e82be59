"""Whatever a folder holds, to search in: what is packed is unpacked."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def everything_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Where, and the bytes of every file, of what an archive holds, of frames, and of a database's values."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _opened(str(path.relative_to(folder)), path.read_bytes())
            if path.suffix == ".db":
                yield from _values(path)


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from _opened(f"{name}/{member}", archive.read(member))
    elif data.startswith(b"PAR1"):
        yield f"{name} (rows)", pl.read_parquet(io.BytesIO(data)).write_csv().encode()


def _values(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names of the database's own
                for value in row:
                    data = value if isinstance(value, bytes) else str(value).encode()
                    yield from _opened(f"{path.name}: {table}", data)
