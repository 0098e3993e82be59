"""The embedded directory: a SQLite file that behaves as Vidigami does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import frames
from reconciler.errors import HeldError
from reconciler.model import Capabilities, Directory, DirectoryInfo
from reconciler.targets.embedded.connection import create_directory, read_info, transaction
from reconciler.targets.embedded.mirror import WORTH_IT, draft_mirror, keep_mirror, load_mirror, state_of
from reconciler.targets.embedded.reading import count_rows, read_directory, read_tables
from reconciler.targets.embedded.writing import write_batch

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import TargetSettings
    from reconciler.targets.interface import Batch, Memory

PATIENCE = 10.0
"""Seconds to wait for another program that holds the file."""


class EmbeddedDirectory:
    """The target of kind `embedded`."""

    capabilities = Capabilities()

    def __init__(
        self, settings: TargetSettings, memory: Memory | None = None, *, patience: float = PATIENCE
    ) -> None:
        """It is its own memory, and needs none."""
        del memory
        self._path = Path(settings.path)
        self._patience = patience

    def info(self) -> DirectoryInfo:
        """The directory's own properties; both are '' for one that does not exist."""
        with transaction(self._path, "read", self._patience) as connection:
            return read_info(connection)

    def read(self) -> Directory:
        """All tables, as of one moment."""
        return self.snapshot()[1]

    def snapshot(self) -> tuple[DirectoryInfo, Directory]:
        """Properties and tables, both as of one moment."""
        return load_mirror(self._path) or self._read_tables()

    def findings(self) -> pl.DataFrame:
        """None: all that there is to say stands in the directory."""
        return frames.empty(frames.FINDINGS)

    def prepare(self, directory_id: str, *, create: bool) -> None:
        """See to it that the directory with this id is there."""
        found = self.info().directory_id
        if not found and create:
            create_directory(self._path, directory_id, self._patience)
            found = self.info().directory_id
        if not found:
            raise HeldError(
                f"{self._path}: there is no directory here, and the plan is for one that exists;"
                " correct target.path in the school file, or plan again"
            )
        if found != directory_id:
            raise HeldError(
                f"{self._path}: this is directory {found}, and the plan is for directory {directory_id};"
                " plan again for this one"
            )

    def apply(self, batch: Batch) -> pl.DataFrame:
        """Carry out a batch in one transaction; gives OUTCOMES."""
        with transaction(self._path, "write", self._patience) as connection:
            if connection is None:
                raise HeldError(
                    f"{self._path}: the directory is not there any more; restore it, or plan again"
                )
            return write_batch(connection, batch)

    def finish(self) -> str:
        """After the last batch: leave a mirror of a large directory, so that the next plan reads it fast."""
        if (state := state_of(self._path)) and (draft := self._draft_mirror(state)):
            keep_mirror(draft, self._path, state)
        return ""

    def _draft_mirror(self, state: str) -> Path | None:
        with transaction(self._path, "read", self._patience) as connection:
            if connection is None or count_rows(connection) < WORTH_IT:
                return None
            return draft_mirror(self._path, state, read_info(connection), read_tables(connection))

    def _read_tables(self) -> tuple[DirectoryInfo, Directory]:
        with transaction(self._path, "read", self._patience) as connection:
            return read_info(connection), read_directory(connection)
