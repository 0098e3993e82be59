"""Which process this is, and whether another one is still there.

A number alone does not tell: the system gives it to another process later, a container has numbers of its own
though it may have the machine's name, and who was killed keeps its number until its parent has looked after
it. Where the system says it (Linux, /proc), a process goes by its number, its beginning, and its realm: this
boot of this machine, and the container.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_GONE = ("Z", "X", "x")
"""States of a process that was ended, and is only waited for. proc(5), /proc/pid/stat."""


class _Seen(NamedTuple):
    state: str
    began: str
    """In ticks since the machine started."""


def this_process() -> str:
    """The name of this process: `71`, or `71:BEGAN:REALM` where the system tells both."""
    number = os.getpid()
    seen, realm = _see(number), _realm()
    return f"{number}:{seen.began}:{realm}" if seen and realm else f"{number}"


def is_there(name: str) -> bool | None:
    """Whether the process of this name is there; None if it is of another container, or an earlier boot.

    In doubt it is: what cannot be seen may be about to write.
    """
    number, _, birth = name.partition(":")
    began, _, realm = birth.partition(":")
    if realm and realm != _realm():
        return None
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):
        pass  # somebody else's, for one
    seen = _see(int(number)) if number.isdecimal() else None
    return seen is None or (seen.state not in _GONE and began in ("", seen.began))


def _see(number: int) -> _Seen | None:
    with suppress(OSError, IndexError):
        # The name, in brackets, may hold anything.
        told = (_PROC / str(number) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return _Seen(told[0], told[19])
    return None


def _realm() -> str:
    """This boot of this machine and the container's own processes, '' where that cannot be told."""
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        processes = os.readlink(_PROC / "self/ns/pid")  # noqa: PTH115 - no path, but a name
        return hashlib.sha256(f"{boot} {processes}".encode()).hexdigest()[:16]
    return ""
