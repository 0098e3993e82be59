"""Vidigami's import sheets and exports: captions and words that no page of Vidigami states in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EXPORTS = ("users", "groups", "memberships", "relationships")
"""The lists that Vidigami exports, one a kind of the directory."""
SHEETS = ("update-host-ids", "add-user-list", "relationships-list", "groups", "group-membership")
"""The sheets that Vidigami imports, in the order in which they are uploaded."""


@dataclass(frozen=True, slots=True)
class SheetSettings:
    """How exports are read and sheets are written."""

    exports: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Export -> our field -> the captions that it may stand under (case-folded)."""
    user_types: Mapping[str, str] = field(default_factory=dict)
    """What an export says of a user's type (case-folded) -> member type."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """What it says of a status (case-folded) -> `not_activated`, `pending` or `activated`."""
    yes: tuple[str, ...] = ("true", "yes", "1")
    """What it says of somebody who has opted out (case-folded)."""
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Sheet -> caption -> our field, in the order of its columns."""
    rows: int = 5000
    """The most rows of a sheet; more go into another part of it."""
    blank_clears: bool = False
    """Whether a blank in the Add User List clears what Vidigami has."""
