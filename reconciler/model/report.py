"""The import summary: every figure that a view shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.plan import PlanHeader


@dataclass(frozen=True, slots=True)
class MemberCounts:
    """What became of the rows read for one member type.

    `rows` is the sum of all the others.
    """

    member_type: str
    rows: int
    created: int
    updated: int
    unchanged: int
    reactivated: int
    blocked: int
    merged: int
    left_out: Mapping[str, int]
    """Reason -> rows."""
    stale: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class BlockedPerson:
    """Somebody who was not carried on, with those they clash with, and what to do."""

    host_id: str
    name: str
    member_type: str
    code: str
    detail: str
    others: tuple[str, ...]
    """Host IDs of those they clash with."""
    remedy: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class GroupSize:
    """A group of ours with its members now and once the plan is applied."""

    key: str
    category: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Report:
    """The import summary of a plan, and of its outcomes where it was applied."""

    header: PlanHeader
    applied: bool
    members: tuple[MemberCounts, ...]
    blocked: tuple[BlockedPerson, ...]
    students_without_parent: tuple[str, ...]
    """Host IDs."""
    ready_to_invite: tuple[str, ...]
    """Host IDs of new people with an e-mail."""
    groups: tuple[GroupSize, ...]
    active_users: int
    """Users of ours at the school that are active once the plan is applied, or now that it was."""
    deactivated: int
    not_done: tuple[Mapping[str, str], ...]
    """`kind, id, outcome, detail` of stale, failed and unknown changes, and `what` each is about."""
    findings: Mapping[str, int]
    """Code -> how many."""
    names: Mapping[str, str]
    """Host ID -> name, of everybody whom the summary mentions."""
    handed_over: int = 0
    """Changes that somebody else is to carry out: the next plan tells whether they did."""

    @property
    def state(self) -> str:
        """What has become of the plan."""
        if self.handed_over:
            return "handed over, to be confirmed by the next export"
        return "applied" if self.applied else "planned, not applied"
