"""Files that hold children's data: readable by their owner alone, and replaced at once or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def private_file(path: Path, what: str) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of `path` at the end; of mode 0600. `what` is for messages.

    Raises:
        ReconcileError: the file cannot be written; an older one of that name is as it was.
    """
    try:
        if path.exists() and not path.is_file():  # the draft would take the place of a device
            raise ReconcileError(f"{path}: cannot write {what}: that is no file; name a file")
        # mkstemp makes the file 0600 from the start, so nobody else can ever have opened it.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReconcileError(
            f"{path}: cannot write {what}: {error.strerror}; name a file in a folder that you can write to"
        ) from error


def make_private_folder(path: Path) -> None:
    """A folder that only its owner may enter, hidden from git; one that is there already stays as it is."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process may have been faster
            path.mkdir(mode=0o700)
            (path / ".gitignore").write_text("*\n", encoding="ascii")
