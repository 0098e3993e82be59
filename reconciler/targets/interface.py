"""What every target offers: it says what it can do, is read whole, and carries out a batch of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import Capabilities, Directory, DirectoryInfo, Kept


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of one kind that stand or fall together, in the order in which they are carried out.

    No change of a batch may need another change of it on the same object: those stand in different steps.
    """

    kind: str
    """One of KINDS."""
    changes: pl.DataFrame
    """USER_CHANGES, GROUP_CHANGES, MEMBERSHIP_CHANGES or RELATIONSHIP_CHANGES; may be empty."""
    school_year: str
    """The plan's school year, written together with the batch."""


class Memory(Protocol):
    """What a target remembers between runs of a directory that cannot be asked for everything."""

    def load(self) -> Kept | None:
        """What was kept last; None before anything was.

        Raises:
            ReconcileError: it cannot be read.
        """

    def keep(self, kept: Kept) -> None:
        """Remember this instead of what was kept before, all of it or nothing.

        Raises:
            ReconcileError: it cannot be written.
        """

    def keep_first(self, kept: Kept) -> Kept:
        """Remember this, unless something was kept before; gives what is kept now. Of several, one is first.

        Raises:
            ReconcileError: it cannot be written.
        """


class Target(Protocol):
    """A system that holds the directory of one school."""

    @property
    def capabilities(self) -> Capabilities:
        """What the target can hold and do."""

    def info(self) -> DirectoryInfo:
        """The directory's own properties; both are '' for one that does not exist. Never creates it."""

    def read(self) -> Directory:
        """CURRENT_USERS, CURRENT_GROUPS, CURRENT_MEMBERSHIPS, CURRENT_RELATIONSHIPS, all of one moment."""

    def snapshot(self) -> tuple[DirectoryInfo, Directory]:
        """What `info` and `read` give, both of one moment."""

    def findings(self) -> pl.DataFrame:
        """FINDINGS of what the last reading has shown, beyond the directory itself."""

    def prepare(self, directory_id: str, *, create: bool) -> None:
        """See to it that the directory with this id is there.

        Raises:
            HeldError: the directory is another one, or does not exist and `create` is false.
        """

    def apply(self, batch: Batch) -> pl.DataFrame:
        """Carry out a batch in one transaction, each change against its precondition.

        Gives OUTCOMES, one row a change: `applied`, `handed-over` (somebody else is to carry it out, and
        a later plan confirms it), `already` (nothing was left to do), `stale` (the object has moved since
        the plan, so it was left alone), `failed`, or UNKNOWN (it may have been made). `detail` says why.
        """

    def finish(self) -> str:
        """Told after the last batch, whatever became of the changes; gives what somebody has to do next.

        What is handed over is handed over here, all of it or nothing; elsewhere only speed depends on it.

        Raises:
            ReconcileError: the target cannot be used; nothing was handed over.
        """
