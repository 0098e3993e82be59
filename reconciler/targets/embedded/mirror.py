"""A mirror of a large directory in Parquet, beside it, which is read in a tenth of the time.

SQLite stays the truth. A mirror counts only while the database file is byte for byte as old as it was when
the mirror was made, which the file's own header tells: SQLite raises its change counter with every commit,
whoever makes it (https://www.sqlite.org/fileformat.html#file_change_counter). In doubt it is ignored.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.model import Directory, DirectoryInfo
from reconciler.parquet import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.parquet import Same

WORTH_IT = 50_000
"""Rows from which on reading SQLite takes long enough to be felt."""

_FORMAT = 3
_HEADER_BYTES = 100
_ROLLBACK_JOURNAL = b"\x01\x01"  # with a write-ahead log the change counter says nothing
_SCHEMAS: dict[str, frames.Schema] = {
    "users": frames.CURRENT_USERS,
    "groups": frames.CURRENT_GROUPS,
    "memberships": frames.CURRENT_MEMBERSHIPS,
    "relationships": frames.CURRENT_RELATIONSHIPS,
}


def mirror_of(path: Path) -> Path:
    """Where a directory's mirror stands."""
    return path.with_name(f"{path.name}.mirror")


def state_of(path: Path) -> str:
    """A text that changes with every commit to the file, or '' while it cannot be told.

    To be asked for while this process has no connection to the file: closing it gives up SQLite's locks.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        about = path.stat()
    except OSError:
        return ""
    unfinished = any(path.with_name(path.name + ending).exists() for ending in ("-journal", "-wal"))
    if unfinished or header[18:20] != _ROLLBACK_JOURNAL:
        return ""
    # A backup that was put back may have reached the same count: its time or its inode is another.
    return f"{header.hex()} {about.st_mtime_ns} {about.st_ino} {about.st_size}"


def load_mirror(path: Path) -> tuple[DirectoryInfo, Directory] | None:
    """What the mirror shows, or None where there is none or it is not of this state."""
    mirror = mirror_of(path)
    if not mirror.exists() or not (state := state_of(path)):
        return None
    try:
        with zipfile.ZipFile(mirror) as archive:
            about = json.loads(archive.read("mirror.json"))
            if (about["format"], about["state"]) != (_FORMAT, state):
                return None
            tables = {
                name: unpack(archive.read(name), about["same"][name], schema)
                for name, schema in _SCHEMAS.items()
            }
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError, pl.exceptions.PolarsError):
        return None  # not whole, or not ours to read: the database itself says it all
    if state_of(path) != state:
        return None
    return DirectoryInfo(about["directory_id"], about["school_year"]), Directory(**tables)


def draft_mirror(
    path: Path, state: str, info: DirectoryInfo, tables: Iterable[tuple[str, pl.DataFrame]]
) -> Path | None:
    """A mirror of this state, not in its place yet; None where none can be written: only speed is lost."""
    same: dict[str, Same] = {}
    about = {"format": _FORMAT, "state": state, "same": same}
    about |= {"directory_id": info.directory_id, "school_year": info.school_year}
    prefix = f".{mirror_of(path).name}."
    with suppress(OSError):
        for left in path.parent.iterdir():  # by a run that was killed; it holds children's data
            if left.name.startswith(prefix):
                left.unlink()
        # mkstemp makes the file 0600 from the start.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
        try:
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for table, frame in tables:
                    data, same[table] = pack(frame)
                    archive.writestr(table, data)
                archive.writestr("mirror.json", json.dumps(about))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)
    return None


def keep_mirror(draft: Path, path: Path, state: str) -> None:
    """Put a mirror in its place, unless the directory has left its state meanwhile.

    To be called while this process has no connection to the file, as `state_of` is.
    """
    with suppress(OSError):
        if state_of(path) == state:
            draft.replace(mirror_of(path))
    draft.unlink(missing_ok=True)
