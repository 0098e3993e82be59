"""Files that hold children's data: readable by their owner alone, and replaced at once or not at all."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SURELY_LEFT = 24 * 3600
"""Seconds after which a draft is of no process any more, where there are no locks to tell."""


@contextmanager
def private_file(path: Path, what: str) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of `path` at the end; of mode 0600. `what` is for messages.

    Raises:
        ReconcileError: the file cannot be written; an older one of that name is as it was.
    """
    try:
        if path.exists() and not path.is_file():  # the draft would take the place of a device
            raise ReconcileError(f"{path}: cannot write {what}: that is no file; name a file")
        _remove_left_drafts(path)
        handle, draft = _begin_draft(path)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                draft.replace(path)  # before it is closed, which gives up its lock
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReconcileError(
            f"{path}: cannot write {what}: {error.strerror}; name a file in a folder that you can write to"
        ) from error


def make_folder_for(path: Path, what: str) -> None:
    """A folder that only its owner may enter; `what` goes into it, for messages.

    Raises:
        ReconcileError: it cannot be made, or a file is in its place.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcileError(
            f"{path}: no folder for {what}: {error.strerror}; name a new folder where you can write"
        ) from error


def make_private_folder(path: Path) -> None:
    """A folder that only its owner may enter, hidden from git; one that is there already stays as it is."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process may have been faster
            path.mkdir(mode=0o700)
            (path / ".gitignore").write_text("*\n", encoding="ascii")


def _begin_draft(path: Path) -> tuple[int, Path]:
    """A draft of a file, opened and locked; what hides the file from git hides the draft, too."""
    while True:
        # mkstemp makes the file 0600 from the start, so nobody else can ever have opened it.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_drafts_of(path), suffix=path.suffix)
        _lock(handle)
        with suppress(FileNotFoundError):  # taken for one that was left, before it was locked
            Path(name).lstat()
            return handle, Path(name)
        os.close(handle)


def _remove_left_drafts(path: Path) -> None:
    """Remove the drafts of processes that were killed: nobody holds their locks."""
    names: list[str] = []
    begin = _drafts_of(path)
    with suppress(OSError):  # a folder may be for writing alone
        # Fast, as a folder may have thousands of letters.
        names = [name for name in os.listdir(path.parent) if name.startswith(begin)]  # noqa: PTH208
    for name in names:
        if not name.endswith(path.suffix):
            continue
        with suppress(OSError):
            draft = path.parent / name
            descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                free = _lock(descriptor)
                idle = time.time() - os.fstat(descriptor).st_mtime
                if free or (free is None and idle > _SURELY_LEFT):
                    draft.unlink()
            finally:
                os.close(descriptor)


def _drafts_of(path: Path) -> str:
    """How the names of a file's drafts begin."""
    return f".{path.name}.draft-"


def _lock(descriptor: int) -> bool | None:
    """Lock a file for as long as it is open; gives whether it was free, or None where that cannot be told."""
    try:
        import fcntl  # noqa: PLC0415 - not everywhere

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # a system, or a file system, without such locks
        return None
    return True
