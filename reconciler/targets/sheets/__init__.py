"""Vidigami's own import sheets: what is there is told by its exports, what is to be done is handed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.errors import HeldError, ReconcileError
from reconciler.model import Capabilities, Directory, DirectoryInfo, Kept
from reconciler.targets.judging import outcomes_of
from reconciler.targets.sheets.belief import Belief, believe, nobody
from reconciler.targets.sheets.carry import carry_groups, carry_users
from reconciler.targets.sheets.exports import Listed, read_exports
from reconciler.targets.sheets.folder import hand_over, take_back
from reconciler.targets.sheets.layout import Made, lay_out
from reconciler.targets.sheets.links import carry_links
from reconciler.targets.sheets.rounds import Rounds

if TYPE_CHECKING:
    from reconciler.model import TargetSettings
    from reconciler.targets.interface import Batch, Memory
    from reconciler.targets.sheets.carry import Carried


class ImportSheets:
    """The target of kind `sheets`.

    Changes are made in what is believed to be there, batch by batch, and in memory alone. `finish` writes the
    sheets and remembers the belief: before it, nothing was handed over.
    """

    def __init__(self, settings: TargetSettings, memory: Memory) -> None:
        self._settings, self._memory = settings, memory
        self._kept: Kept | None = None
        self._listed: dict[str, Listed] = {}
        self._belief: Belief | None = None
        self._made, self._rounds = Made(), Rounds()

    @property
    def capabilities(self) -> Capabilities:
        """All of it, by sheet or by hand, but none of it at once."""
        return Capabilities(clear_email=self._settings.sheets.blank_clears, immediate=False)

    def info(self) -> DirectoryInfo:
        """As remembered; both are '' before anything was handed over."""
        kept = self._memory.load()
        return kept.info if kept else DirectoryInfo("", "")

    def read(self) -> Directory:
        """What there is, as far as it is known."""
        return self.snapshot()[1]

    def snapshot(self) -> tuple[DirectoryInfo, Directory]:
        """Properties and directory.

        Raises:
            InputError: an export cannot be read whole.
        """
        self._kept = self._memory.load()
        self._listed = read_exports(self._settings)
        self._belief = believe(self._kept, self._listed)
        return (self._kept.info if self._kept else DirectoryInfo("", "")), self._belief.directory

    def findings(self) -> pl.DataFrame:
        """What did not arrive, and what nobody has confirmed yet."""
        return self._belief.findings if self._belief else frames.empty(frames.FINDINGS)

    def prepare(self, directory_id: str, *, create: bool) -> None:
        """See to it that the sheets are for the directory with this id, and begin with what is there now."""
        path = self._settings.path
        found = self.info().directory_id
        if not found and create:
            kept = self._memory.keep_first(Kept(DirectoryInfo(directory_id, ""), nobody()))
            found = kept.info.directory_id  # another process may have been faster
        if not found:
            raise HeldError(
                f"{path}: there is no directory here, and the plan is for one that exists;"
                " correct target.path in the school file, or plan again"
            )
        if found != directory_id:
            raise HeldError(
                f"{path}: this is directory {found}, and the plan is for directory {directory_id};"
                " plan again for this one"
            )
        self.snapshot()
        self._made, self._rounds = Made(), Rounds()

    def apply(self, batch: Batch) -> pl.DataFrame:
        """Make a batch in the belief; gives OUTCOMES."""
        kept, belief = self._opened()
        self._kept = replace(kept, info=replace(kept.info, school_year=batch.school_year))
        if batch.changes.is_empty():
            return frames.empty(frames.OUTCOMES)
        carried = self._carry(batch, belief.directory)
        return outcomes_of(batch.kind, batch.changes, carried.verdicts)

    def finish(self) -> str:
        """Hand the sheets over, and remember what is believed from now on; gives what is to be done next.

        Raises:
            ReconcileError: the sheets cannot be written, or the belief not be kept; nothing was handed over.
        """
        kept, belief = self._opened()
        before = self.info()
        known = self._listed["users"].fields if "users" in self._listed else frozenset[str]()
        moves = before.school_year not in ("", kept.info.school_year)
        sheets = lay_out(self._made, belief.directory, self._settings, known, whole=moves)
        notes = {kind: one.version for kind, one in self._listed.items()}
        folder = kept.notes.get("folder", "")
        if sheets:
            about = {"directory_id": kept.info.directory_id, "school_year": kept.info.school_year}
            rows = self._settings.sheets.rows
            folder = hand_over(Path(self._settings.path), sheets, about, rows, last=folder)
        elif before.school_year == kept.info.school_year:
            return ""
        try:
            self._memory.keep(Kept(kept.info, belief.directory, {**notes, "folder": folder}))
        except ReconcileError:
            if sheets:  # else somebody uploads them, and the next run hands over the same again
                take_back(Path(self._settings.path), folder)
            raise
        self._belief, self._made, self._rounds = None, Made(), Rounds()
        if not sheets:
            return ""
        return f"Upload the sheets in {Path(self._settings.path) / folder}: its README.txt says how."

    def _opened(self) -> tuple[Kept, Belief]:
        if self._belief is None or self._kept is None:
            self.snapshot()
        if self._belief is None or self._kept is None:
            raise HeldError(f"{self._settings.path}: the directory was not prepared; plan again")
        return self._kept, self._belief

    def _carry(self, batch: Batch, now: Directory) -> Carried:
        if batch.kind == "users":
            carried = carry_users(now.users, batch.changes)
            self._made.users.append(_as_left(carried, self._rounds))
            after = _renamed(replace(now, users=carried.table), carried.made)
        elif batch.kind == "groups":
            carried = carry_groups(now.groups, batch.changes)
            self._made.groups.append(carried.made)
            after = replace(now, groups=carried.table)
        elif batch.kind == "memberships":
            carried = carry_links(now.memberships, batch.changes, now, of_groups=True)
            self._made.memberships.append(carried.made)
            after = replace(now, memberships=carried.table)
        else:
            carried = carry_links(now.relationships, batch.changes, now, of_groups=False)
            self._made.relationships.append(carried.made)
            after = replace(now, relationships=carried.table)
        _, belief = self._opened()
        self._belief = replace(belief, directory=after)
        return carried


def _as_left(carried: Carried, rounds: Rounds) -> pl.DataFrame:
    """The users that a batch has changed as it leaves them, with what `Made` asks for."""
    placed = rounds.place(carried.made)
    own = pl.when(pl.col("action") == "create").then("after_host_id").otherwise("target_id")
    changed = placed.select(
        "action", "fields", "reason", "round", own=own, old_host_id="before_host_id", new="after_host_id"
    )
    by_id = changed.filter(pl.col("action") != "create").join(
        carried.table, left_on="own", right_on="target_id", coalesce=False, maintain_order="left"
    )
    new = changed.filter(pl.col("action") == "create").join(
        carried.table, left_on="own", right_on="host_id", coalesce=False, maintain_order="left"
    )
    columns = [*carried.table.columns, "action", "fields", "old_host_id", "reason", "round"]
    return pl.concat([new.select(columns), by_id.select(columns)])


def _renamed(directory: Directory, changes: pl.DataFrame) -> Directory:
    """The directory with the links of those who got another Host ID under that one."""
    moved = changes.filter(
        pl.col("fields").str.split(" ").list.contains("host_id"), pl.col("action") != "create"
    )
    if not moved.height:
        return directory
    ids = dict(moved.select("before_host_id", "after_host_id").rows())
    return replace(
        directory,
        memberships=directory.memberships.with_columns(pl.col("host_id").replace(ids)),
        relationships=directory.relationships.with_columns(
            pl.col("student_host_id", "parent_host_id").replace(ids)
        ),
    )
