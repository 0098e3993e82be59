"""What a place with files can do, and what crosses between it and us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

LARGEST = 2**31
"""Bytes of one file: more than any school has."""
TIMEOUT = 60.0
"""Seconds in which something has to come."""
CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class Seen:
    """What a server says of a file: two of the same are a file that nobody has touched in between."""

    size: int
    modified: float | None
    """Seconds since 1970, where it says so."""
    tag: str = ""


class Place(Protocol):
    """One server. Paths are those of addresses, with a slash in front.

    Everything raises InputError for what is wrong with one file, and ReconcileError for a server that cannot
    be reached, is not who it should be, or does not let us in.
    """

    def copy(self, path: str, into: BinaryIO) -> Seen:
        """Copy a file, no more than LARGEST of it; what was said of it before."""

    def look(self, path: str) -> Seen:
        """What is said of a file now."""

    def names(self, path: str) -> list[str]:
        """The names of what is in a folder."""

    def close(self) -> None:
        """Leave."""
