"""Vidigami's other door: a directory behind SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import frames
from reconciler.errors import HeldError
from reconciler.model import Directory, DirectoryInfo, Kept
from reconciler.model.plan import UNKNOWN
from reconciler.targets.scim.discovery import capabilities
from reconciler.targets.scim.reading import read_directory
from reconciler.targets.scim.server import Server
from reconciler.targets.scim.writing import write_batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from reconciler.http import Clock
    from reconciler.model import Capabilities, TargetSettings
    from reconciler.targets.interface import Batch, Memory

__all__ = ["ScimTarget"]

_CATEGORY = "category "
"""How the notes begin that hold the category of a group, by its key."""
_UNFINISHED = "unfinished"
"""The note that accounts were being created: a run that was cut short may have made some of them."""


class ScimTarget:
    """The target of kind `scim`.

    SCIM knows neither a directory's id nor its school year: both are remembered, and so is the category of
    each group that was made here, for a server that has no place for it.
    """

    def __init__(self, settings: TargetSettings, memory: Memory, clock: Clock | None = None) -> None:
        self._url, self._memory = settings.url, memory
        self._server = Server(settings, clock)
        self._findings = frames.empty(frames.FINDINGS)
        self._unsure = False
        self._unknown = 0

    @property
    def capabilities(self) -> Capabilities:
        """What the server says that it can hold and do, asked once."""
        return capabilities(self._server.abilities, self._server.settings)

    def info(self) -> DirectoryInfo:
        """What is remembered of the directory; both are '' before the first apply."""
        return self._kept().info

    def read(self) -> Directory:
        """All that the server holds."""
        return self.snapshot()[1]

    def snapshot(self) -> tuple[DirectoryInfo, Directory]:
        """What is remembered, and all that the server holds: it is read in pages, not of one moment."""
        kept = self._kept()
        directory, self._findings = read_directory(self._server, _categories(kept))
        return kept.info, directory

    def findings(self) -> pl.DataFrame:
        """Links to nobody, and what the server has no place for, as of the last reading."""
        return self._findings

    def prepare(self, directory_id: str, *, create: bool) -> None:
        """See to it that the directory has this id."""
        kept = self._kept()
        found = kept.info.directory_id
        if not found and not create:
            raise HeldError(
                f"{self._url}: there is no directory here, and the plan is for one that exists;"
                " correct target.url in the school file, or plan again"
            )
        if not found:
            kept = self._memory.keep_first(replace(kept, info=DirectoryInfo(directory_id, "")))
            found = kept.info.directory_id  # another process may have been faster
        if found != directory_id:
            raise HeldError(
                f"{self._url}: this is directory {found}, and the plan is for directory {directory_id};"
                " plan again for this one"
            )
        self._server.look_first = _UNFINISHED in kept.notes

    def apply(self, batch: Batch) -> pl.DataFrame:
        """Carry out a batch, change by change; gives OUTCOMES.

        The outcome is '' where it cannot be known any more, as in a batch that was cut short.
        """
        kept = self._kept()
        notes = {**kept.notes, **self._notes(batch)}
        if (kept.info.school_year, kept.notes) != (batch.school_year, notes):
            info = replace(kept.info, school_year=batch.school_year)
            self._memory.keep(replace(kept, info=info, notes=notes))
        outcomes = write_batch(self._server, batch, _categories(replace(kept, notes=notes)))
        self._unsure |= batch.kind == "users" and bool(outcomes["outcome"].is_in(["failed", UNKNOWN]).any())
        self._unknown += int((outcomes["outcome"] == UNKNOWN).sum())
        return outcomes

    def finish(self) -> str:
        """After the last batch: no account is on its way any more, unless one has failed.

        Gives what to do where it is not known of some changes whether they were made.
        """
        kept = self._kept()
        if _UNFINISHED in kept.notes and not self._unsure:
            notes = {name: value for name, value in kept.notes.items() if name != _UNFINISHED}
            self._memory.keep(replace(kept, notes=notes))
        if self._unknown:
            return (
                f"{self._url}: whether {self._unknown:,} of the changes were made is not known: answers got"
                " lost, and the server could not be looked at any more; apply again, which looks first"
            )
        return ""

    def _kept(self) -> Kept:
        nothing = Directory(
            frames.empty(frames.CURRENT_USERS),
            frames.empty(frames.CURRENT_GROUPS),
            frames.empty(frames.CURRENT_MEMBERSHIPS),
            frames.empty(frames.CURRENT_RELATIONSHIPS),
        )
        return self._memory.load() or Kept(DirectoryInfo("", ""), nothing)

    def _notes(self, batch: Batch) -> dict[str, str]:
        """What has to be remembered before a batch is carried out."""
        if batch.kind == "users" and (batch.changes["action"] == "create").any():
            return {_UNFINISHED: "users"}
        if batch.kind != "groups" or "category" in self._server.abilities.group_extension:
            return {}
        rows = batch.changes.select("after_key", "after_category").rows()
        return {f"{_CATEGORY}{key}": category for key, category in rows if key}


def _categories(kept: Kept) -> Mapping[str, str]:
    """Group key -> category, as far as they are remembered."""
    return {
        name.removeprefix(_CATEGORY): value
        for name, value in kept.notes.items()
        if name.startswith(_CATEGORY)
    }
