"""A plan is data: all that apply will do, and why. Views and the runner read it; nothing recomputes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model.guard import Verdict
    from reconciler.model.remembered import TableFigures

KINDS = ("users", "groups", "memberships", "relationships")

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "users": ("create", "update", "rekey", "deactivate", "reactivate"),
    "groups": ("create", "update"),
    "memberships": ("add", "remove"),
    "relationships": ("add", "remove"),
}
"""Every action of every kind. There is no delete."""


DONE = ("applied", "handed-over", "already")
UNKNOWN = ""
"""The outcome of a change that may have been made: the answer got lost, and nobody could look any more."""
NOT_DONE = ("stale", "failed", UNKNOWN)
"""What may become of a change: it is as it should be, or was left alone, or nobody knows."""


@dataclass(frozen=True, slots=True)
class Changes:
    """One frame of changes a kind: USER_CHANGES, GROUP_CHANGES, MEMBERSHIP_CHANGES, RELATIONSHIP_CHANGES."""

    users: pl.DataFrame
    groups: pl.DataFrame
    memberships: pl.DataFrame
    relationships: pl.DataFrame

    def frames(self) -> dict[str, pl.DataFrame]:
        """Kind -> frame, in the order of KINDS."""
        return {kind: getattr(self, kind) for kind in KINDS}

    def __len__(self) -> int:
        return sum(frame.height for frame in self.frames().values())


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 of what the plan was made from."""

    settings: str
    """The merged settings, without locations and secrets."""
    rule_sets: Mapping[str, str]
    sources: Mapping[str, str]
    """Logical table or list -> digest of its file's bytes."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the import summary says of rows and groups that the changes alone do not tell."""

    rows: tuple[Mapping[str, str | int], ...]
    """`member_type, outcome, reason, rows`; outcome is created, updated, reactivated, unchanged, blocked,
    merged or left-out, reason is a finding code or the rule that left the row out."""
    groups: tuple[Mapping[str, str | int], ...]
    """`key, category, name, before, after`: members now, and once the plan is applied."""
    unmanaged: Mapping[str, int]
    active_users: int
    """Users of ours that are active once the plan is applied."""
    populations: Mapping[str, int] = field(default_factory=dict)
    """What guards count percents from: how many `accounts` of ours there were before the plan, `users`
    (the active ones of them), `groups`, `memberships` and `relationships` of ours."""
    held: Mapping[str, int] = field(default_factory=dict)
    """How many of each there were of anybody's, so that apply can tell what has changed since."""
    first_import: bool = False
    """Whether the directory had no account of ours, or only those of a first import that was not finished."""


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """Which school and directory a plan is for, and from what it was made."""

    school: str
    school_file: str
    """The YAML file that it was made from, as the user named it."""
    school_name: str
    sis: str
    sync: str
    school_year: str
    directory_id: str
    new_directory: bool
    """Whether the directory does not exist yet: apply creates it, with this id."""
    directory_year: str
    """The directory's school year before the plan; '' for a new directory."""
    tool_version: str
    created: str
    """UTC, ISO 8601."""
    max_age_days: float
    additions_only: bool
    digests: Digests
    figures: Figures
    user_types: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    """The merged settings, without locations and secrets: apply says how those at hand differ."""
    tables: Mapping[str, TableFigures] = field(default_factory=dict)
    """Logical table -> its figures: once the plan is applied, what the next exports are held against."""
    part: tuple[str, ...] = ()
    """The people and groups of which this is the part; none where it is the whole plan."""
    whole: int = 0
    """How many changes the whole plan has, where this is a part."""
    undoes: int = 0
    """The run that the plan undoes; 0 where it makes of the directory what the SIS has."""
    baseline: str = ""
    """Which run the exports were held against, and when it was; '' where there was none."""
    settings_changes: str = ""
    """How the settings differ from those of the last apply that did all it should."""
    verdicts: tuple[Verdict, ...] = ()
    """What each guard said when the plan was made: those of the calendar, then the dangerous ones first."""

    @property
    def tripped(self) -> tuple[Verdict, ...]:
        """The guards that hold the plan."""
        return tuple(verdict for verdict in self.verdicts if verdict.tripped)

    @property
    def moves_year(self) -> bool:
        """Whether applying the plan moves the directory to another school year."""
        return self.directory_year not in ("", self.school_year)

    @property
    def rolls_over(self) -> bool:
        """Whether applying the plan moves the directory to a later school year."""
        return "" < self.directory_year < self.school_year  # written alike, years sort as text


@dataclass(frozen=True, slots=True)
class Plan:
    """All that apply will do, and why."""

    header: PlanHeader
    changes: Changes
    findings: pl.DataFrame
    """FINDINGS."""
    people: pl.DataFrame
    """PLAN_PEOPLE: who the Host IDs in findings and changes are."""
    ready: pl.DataFrame
    """Host IDs (`host_id`) of the new people with an e-mail: they can be invited once applied."""

    @property
    def has_errors(self) -> bool:
        """Whether a finding holds the whole plan."""
        return bool((self.findings["level"] == "error").any())

    @property
    def verdict(self) -> str:
        """`held`, `changes` or `none`."""
        if self.has_errors or self.header.tripped:
            return "held"
        return "changes" if len(self.changes) or self.header.moves_year else "none"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of each change: OUTCOMES (`kind, id, outcome, detail, made_id`).

    Outcomes are those of DONE and NOT_DONE.
    """

    frame: pl.DataFrame
    left: str = ""
    """What somebody has to do next, outside of this tool."""

    @property
    def incomplete(self) -> bool:
        """Whether anything was not done."""
        return self.missed > 0

    @property
    def missed(self) -> int:
        """How many changes were not done, as far as is known."""
        return int(self.frame["outcome"].is_in(NOT_DONE).sum())

    @property
    def handed_over(self) -> int:
        """How many changes somebody else is to carry out."""
        return int((self.frame["outcome"] == "handed-over").sum())
