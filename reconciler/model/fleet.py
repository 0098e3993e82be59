"""Many schools at once: what became of each, and how each one's settings changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model.plan import Plan

STATES = ("failed", "held", "changes", "none", "not planned")
"""What can become of a school, the worst first."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A school's plan, or why there is none."""

    school: str
    plan: Plan | None = None
    error: str = ""

    @property
    def state(self) -> str:
        """One of STATES."""
        return self.plan.verdict if self.plan else "failed"


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school in a summary of many: what remains of its plan once that is let go of."""

    school: str
    name: str
    state: str
    counts: Mapping[str, Mapping[str, int]]
    """Kind -> action -> how many."""
    held_by: Sequence[str] = ()
    """Tripped guards, and codes of errors."""
    on_trial: bool = False
    """Whether it can be planned, but not applied."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class SchoolPlan:
    """What is kept of a school's plan among others, once that is written to its files."""

    line: SchoolLine
    comment: str = ""
    """Its Markdown, cut to its share of a comment; '' where nothing would change."""
    document: str = ""
    """What JSON says of it, where that is asked for."""


APPLIED_STATES = ("failed", "incomplete", "held", "waiting", "applied", "none")
"""What can become of a school when all are applied, the worst first."""


@dataclass(frozen=True, slots=True)
class SchoolApplied:
    """What became of a school's plan."""

    school: str
    state: str
    """One of APPLIED_STATES; `waiting` was not begun."""
    changes: int = 0
    """How many its plan has."""
    done: int = 0
    detail: str = ""
    """Why it failed or is held, or what somebody has to do next."""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """How the effective settings of a school differ from those at another commit."""

    school: str
    changes: tuple[tuple[str, str, str], ...] = ()
    """`place, before, after`, by place."""
    note: str = ""
    """What there is to say instead: the school is new, was removed, or has mistakes on one side."""
    failed: bool = False
    """Whether it cannot be read as it is now."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last time that a plan was applied to a school's directory."""

    number: int
    started: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class SchoolStatus:
    """How a school stands."""

    line: SchoolLine
    on_trial: bool = False
    last: LastRun | None = None
    exports: datetime | None = None
    """When the oldest of the exports was last changed."""
    size: int = 0
    """Bytes of all exports."""
    open_handshake: int = 0
    """Accounts of a returning school that nobody has decided about yet."""
