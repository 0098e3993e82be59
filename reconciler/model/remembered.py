"""What a plan is told of the runs before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.model.data import Directory, DirectoryInfo


FORGOTTEN = "(forgotten)"
"""What stands in place of a Host ID that was forgotten."""


@dataclass(frozen=True, slots=True)
class TableFigures:
    """What is known of one table of the source. No value of a person."""

    file: str
    rows: int
    header: str
    """Fingerprint of the headers."""
    encoding: str
    blank: Mapping[str, int]
    """Mapped field -> the number of rows in which it is blank."""
    modified: str
    """When the file was last changed: UTC, ISO 8601; '' where its source cannot tell."""
    digest: str
    """SHA-256 of the file's bytes."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The last good figures, by logical table: those of the last apply that did all it should."""

    run: int
    """The run that applied what was read."""
    at: str
    """When: UTC, ISO 8601."""
    tables: Mapping[str, TableFigures]

    def __str__(self) -> str:
        return f"run {self.run}, {self.at[:10]}"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the state store tells a plan of its directory."""

    baseline: Baseline | None = None
    """None before the first apply that did all it should."""
    settings: Mapping[str, Any] | None = None
    """The effective settings of the last apply that did all it should."""
    unfinished_import: bool = False
    """Whether the first apply found no account of ours, and none has done all it should since."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a target has to remember of its directory, where that cannot be asked for everything."""

    info: DirectoryInfo
    directory: Directory
    """CURRENT_USERS and so on: what the target believes to be there; empty for one that can be read whole."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What else the target has to know; no value of a person."""
