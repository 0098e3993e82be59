"""What a school file is written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and what it was read from."""

    name: str
    file: str
    rows: int
    headers: tuple[str, ...]
    """Those that are read."""
    host_id: str
    """What Host IDs are made of: `S + Student_Number`; '' where the table has nobody's."""


@dataclass(slots=True)
class Draft:
    """What a school file is written from."""

    sis: str
    sis_name: str
    folder: Path
    tables: list[Table] = field(default_factory=list)
    unused: list[tuple[str, str]] = field(default_factory=list)
    """Files that are no table, and why."""
    year: str = ""
    year_because: str = ""
    school_ids: tuple[str, ...] = ()
    """The schools of which there are students or staff."""
    flags: tuple[str, ...] = ()
    """What the contacts say of who is a parent: fields for `parents.any_of`."""
    any_of: tuple[str, ...] = ()
