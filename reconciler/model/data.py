"""What flows between stages. The frames' schemas, column by column, stand in `frames.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

MEMBER_TYPES = ("student", "staff", "parent")

Level = Literal["error", "blocked", "warning", "info"]


def fold_header(text: str) -> str:
    """A header, a column name or a flag as it is compared: trimmed and case-folded."""
    return text.strip().casefold()


@dataclass(frozen=True, slots=True)
class FindingCode:
    """A kind of finding: what it means, and what to do about it."""

    code: str
    level: Level
    """The usual level; a rule may raise it (`grade-mismatch` when most students have it)."""
    title: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What was read for one logical table."""

    file: str
    rows: int
    encoding: str = ""
    header: tuple[str, ...] = ()
    mapped: Mapping[str, str] = field(default_factory=dict)
    """Our field -> the header that it was read from."""
    ignored: tuple[str, ...] = ()
    """Headers that were not taken although they look like an id, each refused by the rule set."""
    digest: str = ""
    """SHA-256 of the file's bytes."""
    modified: str = ""
    """When the file was last changed: UTC, ISO 8601; '' where its source cannot tell."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Raw export tables by logical name.

    Each frame has a text column for every field that its file supplied (`''` for blank, trimmed, NFC),
    plus `_file` and `_line` (the physical line of the row's first character, the header being line 1).
    Row filters have not been applied.
    """

    frames: Mapping[str, pl.DataFrame]
    info: Mapping[str, TableInfo]

    def only(self, *names: str) -> Tables:
        """These tables alone, as far as they are there, and what was read for all of them."""
        return Tables({name: self.frames[name] for name in names if name in self.frames}, self.info)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who the SIS says is there, and what is known of those who are not."""

    people: pl.DataFrame
    """PEOPLE: one row an eligible person, blocked ones too."""
    relationships: pl.DataFrame
    """ROSTER_RELATIONSHIPS: eligible parent of eligible student."""
    unlinked: pl.Series
    """Host IDs among which every student without a relationship is; there may be others."""
    held: pl.DataFrame
    """HELD: accounts about which the export proves nothing; they stay as they are."""
    merged: pl.DataFrame
    """MERGED: parents who are one person with a member of staff."""
    same_person: pl.DataFrame
    """MERGED: those of whom the school says so, whether both, one or none of them are here."""
    gone: pl.DataFrame
    """GONE: why somebody is no longer eligible, where the SIS says so."""
    unidentified: pl.DataFrame
    """UNIDENTIFIED: names on rows that were left out for their id."""
    kept_out: pl.DataFrame
    """KEPT_OUT: single links that `exclude` names."""
    excluded: pl.Series
    """Host IDs of people whom `exclude` names, and others of the same people; of some there may be no row."""
    crosswalk: pl.DataFrame
    """CROSSWALK: which account of before is whose, as far as the school has decided."""
    rows: pl.DataFrame
    """ROWS: how many rows of each member type's table became what; `person` for those who are carried on."""
    supplied: Mapping[str, frozenset[str]]
    """Member type -> the person fields that the export supplies."""
    unseen: pl.DataFrame
    """FINDINGS of Host IDs on the exclude list that stand where no account has that Host ID either."""
    findings: pl.DataFrame
    """FINDINGS."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can hold and do. Planning compares only that, and reports the rest as `not-carried`."""

    fields: frozenset[str] = frozenset(
        {"member_type", "first_name", "last_name", "preferred_name", "email", "grad_year"}
    )
    kinds: frozenset[str] = frozenset({"users", "groups", "memberships", "relationships"})
    deactivate: bool = True
    remove: bool = True
    clear_email: bool = True
    immediate: bool = True
    """Whether what was applied can be read back at once."""
    exact_host_ids: bool = True
    """Whether Host IDs that differ in case alone can be two accounts."""
    refuses_taken_email: bool = True
    """Whether the directory itself sees to it that no two accounts have one e-mail."""
    at_once: int = 50_000
    """Changes that are carried out together, at most: Ctrl-C waits for them, and progress is told by them."""


@dataclass(frozen=True, slots=True)
class DirectoryInfo:
    """A directory's own properties. `directory_id` is '' for one that does not exist yet."""

    directory_id: str
    school_year: str
    """'' before the first apply, else as `2025-26`."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Users, groups, memberships and relationships: one type for desired, resolved and current.

    The frames follow USERS, GROUPS, MEMBERSHIPS and RELATIONSHIPS; those of a current directory also
    have the columns of CURRENT_USERS and so on, and those of a resolved one RESOLVED_USERS and so on.
    """

    users: pl.DataFrame
    groups: pl.DataFrame
    memberships: pl.DataFrame
    relationships: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Desired:
    """The directory as the SIS has it. Its memberships also have a `reason`."""

    directory: Directory
    declared: pl.DataFrame
    """`key` of every group that the mapping names one by one: classes, divisions, lists."""
    findings: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Those rows of a frame that stay as they are. They are the most by far, and copied only if asked for."""

    frame: pl.DataFrame
    which: pl.Series
    """True for each such row."""

    @property
    def rows(self) -> pl.DataFrame:
        """Those rows alone."""
        return self.frame.filter(self.which)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The directory as apply should leave it, and the findings that need both sides.

    Most of a directory is as the SIS has it, and nobody has to look at it again. What is left of the
    current directory is `before`; what should become of it, and what comes in addition, is `after`.
    """

    unchanged: Mapping[str, Unchanged]
    """Kind -> current users, memberships (under their groups' final keys), relationships."""
    before: Directory
    after: Directory
    findings: pl.DataFrame
    unmanaged: Mapping[str, int]
    """Kind -> how many current objects are not ours and stay as they are."""
    active_users: int
    """People of the SIS whose account is active once the plan is applied."""
    populations: Mapping[str, int]
    """What is ours in the current directory: `accounts`, `users` (the active ones of them), `groups`,
    `memberships` and `relationships`."""

    @property
    def directory(self) -> Directory:
        """The whole directory as apply should leave it, its reasons left out."""
        return Directory(
            users=self._whole("users", self.after.users),
            groups=self.after.groups,
            memberships=self._whole("memberships", self.after.memberships),
            relationships=self._whole("relationships", self.after.relationships),
        )

    def _whole(self, kind: str, after: pl.DataFrame) -> pl.DataFrame:
        columns = [name for name in after.columns if name != "reason"]
        return self.unchanged[kind].rows.select(columns).vstack(after.select(columns))
