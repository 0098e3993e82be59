"""A few bytes that all processes of a user on this machine have in common, for one of them at a time.

They lie in a folder of their own among the temporary files, which are local to the machine and last longer
than a login: `XDG_RUNTIME_DIR` is another for cron than for whoever sits at the desk. The lock is that of the
system on the open file (flock): a process that is killed leaves none behind, and it takes microseconds, where
libraries that also lock elsewhere take tens of them and then ask again and again.

What cannot be shared is not: nothing here raises, since nobody's work depends on it.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 1.0
"""Seconds to wait for the lock, which others hold for microseconds: longer only if they have been stopped."""
_AGAIN = 0.0005
_MOST = 2**16
_OTHERS = 0o077


class HeldFile:
    """The file while its lock is held; without a descriptor it is empty, and keeps nothing."""

    def __init__(self, descriptor: int = -1) -> None:
        self._descriptor = descriptor

    def read(self) -> bytes:
        """What was written last; b'' where there is nothing."""
        with suppress(OSError):
            return os.pread(self._descriptor, _MOST, 0)
        return b""

    def write(self, text: bytes) -> None:
        """Write from the start, over what was there; what is longer keeps its end."""
        with suppress(OSError):
            os.pwrite(self._descriptor, text, 0)


class SharedFile:
    """A file by its name, made when it is first held."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        """`folder` is one that nobody else can use; without it, the user's own among the temporary files."""
        self._name, self._folder = name, folder
        self._path = ""
        self._given_up = False

    @contextmanager
    def held(self) -> Iterator[HeldFile]:
        """The file; no other process, and no other thread, holds it meanwhile."""
        descriptor = self._hold()
        try:
            yield HeldFile(descriptor)
        finally:
            if descriptor >= 0:
                os.close(descriptor)  # which lets go of the lock

    def _hold(self) -> int:
        """The file, opened and locked, or -1.

        It is opened each time: threads of one process that shared an open file would share its lock, too.
        """
        if self._given_up:
            return -1
        try:
            self._path = self._path or str((self._folder or own_folder()) / self._name)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except (OSError, AttributeError):  # the latter on systems that have neither users nor such locks
            self._given_up = True
            return -1
        if _lock(descriptor):
            return descriptor
        os.close(descriptor)
        self._given_up = True
        return -1


def own_folder() -> Path:
    """The user's folder among the temporary files.

    Raises:
        OSError: it cannot be made, or was made by somebody else, or others can get into it.
    """
    folder = Path(tempfile.gettempdir(), f"reconcile-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & _OTHERS:
        raise PermissionError(f"{folder}: not this user's alone")
    return folder


def _lock(descriptor: int) -> bool:
    """Whether the file could be locked; without end only as long as nobody who holds it stands still."""
    try:
        import fcntl  # noqa: PLC0415 - not everywhere
    except ImportError:
        return False
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                return False
            time.sleep(_AGAIN)
        except OSError:  # a file system without locks
            return False
        else:
            return True
