"""What a source gives, for whoever sets it up: columns, counts and the shape of values, of nobody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenField:
    """One of our fields, and the column that it is read from."""

    field: str
    header: str
    blank: int
    """Rows without a value."""
    samples: tuple[str, ...]
    """The shape of the first few values, every letter and digit hidden."""


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A table as it was read."""

    name: str
    file: str
    rows: int
    encoding: str
    modified: str
    fields: tuple[SeenField, ...]
    missing: tuple[str, ...]
    """Fields that the rule set knows and no column was found for."""
    unread: tuple[str, ...]
    """Columns that nothing was read from."""
