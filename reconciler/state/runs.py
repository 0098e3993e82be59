"""Runs: who applied which plan when, and what came of it. Numbered 1, 2, 3 for each directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, insert, select, update

from reconciler.errors import ReconcileError
from reconciler.model import LiftedGuard
from reconciler.state import tables
from reconciler.state.scope import lock_scope

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from reconciler.state.scope import Scope

RunKind = Literal["apply", "undo"]
RunOutcome = Literal["running", "done", "incomplete", "interrupted", "failed"]

Counts = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Kind -> action -> outcome -> changes; the outcome is '' for changes whose outcome is not known."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run, as `history` lists it. No values of people, but for what `lifted` says."""

    number: int
    kind: RunKind
    plan_digest: str
    who: str
    host: str
    started: datetime
    ended: datetime | None
    """None while it is running."""
    outcome: RunOutcome
    counts: Counts
    lifted: tuple[LiftedGuard, ...]
    purged: datetime | None
    """When the values of people in it were erased, if they were."""
    undoes: int
    """The run that it undid, as far as that is still known; 0 for an apply."""


_row = tables.runs.c
_LISTED = (
    _row.number,
    _row.kind,
    _row.plan_digest,
    _row.who,
    _row.host,
    _row.started,
    _row.ended,
    _row.outcome,
    _row.counts,
    _row.lifted,
    _row.purged,
    _row.header,
)


def start_run(  # noqa: PLR0913 - all that is remembered of a run
    tx: Connection,
    scope: Scope,
    *,
    kind: RunKind,
    plan_digest: str,
    who: str,
    host: str,
    now: datetime,
    header: Mapping[str, object],
    settings: Mapping[str, object],
    lifted: Sequence[LiftedGuard] = (),
) -> int:
    """Note that a run begins; gives its number.

    `header` is the plan's, and `settings` the effective configuration, both as plain data.
    """
    number = lock_scope(tx, scope).last_run + 1
    tx.execute(update(tables.directories).where(scope.of(tables.directories)).values(last_run=number))
    tx.execute(
        insert(tables.runs).values(
            **scope.columns,
            number=number,
            kind=kind,
            plan_digest=plan_digest,
            who=who,
            host=host,
            started=now,
            outcome="running",
            counts={},
            settings=settings,
            header=header,
            lifted=[asdict(guard) for guard in lifted],
            audit_seq=0,
            audit_hash="",
        )
    )
    return number


def end_run(  # noqa: PLR0913 - which run, and what came of it
    tx: Connection, scope: Scope, number: int, outcome: RunOutcome, *, counts: Counts, now: datetime
) -> None:
    """Note that a run is over, and which audit entry was the last by then.

    Raises:
        ReconcileError: it is not running: somebody else took the lease and found it interrupted.
    """
    head = lock_scope(tx, scope)
    ended = tx.execute(
        update(tables.runs)
        .where(scope.of(tables.runs), _row.number == number, _row.outcome == "running")
        .values(
            outcome=outcome, counts=counts, ended=now, audit_seq=head.audit_seq, audit_hash=head.audit_hash
        )
    )
    if not ended.rowcount:
        raise _not_running(scope, number)


def interrupt_runs(
    tx: Connection, scope: Scope, now: datetime, count: Callable[[Connection, Scope, int], Counts]
) -> list[int]:
    """Note that whatever is still called running has stopped; gives the runs' numbers.

    For the holder of a new lease: only then is it certain that nobody else is at work. `count` gives what
    the journal has of a run.
    """
    head = lock_scope(tx, scope)
    running = (scope.of(tables.runs), _row.outcome == "running")
    numbers = list(tx.execute(select(_row.number).where(*running).order_by(_row.number)).scalars())
    noted = {"audit_seq": head.audit_seq, "audit_hash": head.audit_hash, "ended": now}
    for number in numbers:
        one = update(tables.runs).where(*running, _row.number == number)
        tx.execute(one.values(outcome="interrupted", counts=count(tx, scope, number), **noted))
    return numbers


def list_runs(tx: Connection, scope: Scope) -> list[Run]:
    """All runs, the newest first."""
    found = tx.execute(select(*_LISTED).where(scope.of(tables.runs)).order_by(_row.number.desc()))
    return [_run(row) for row in found.mappings()]


def read_run(tx: Connection, scope: Scope, number: int) -> Run:
    """One run.

    Raises:
        ReconcileError: there is none of this number.
    """
    found = tx.execute(select(*_LISTED).where(scope.of(tables.runs), _row.number == number))
    row = found.mappings().one_or_none()
    if row is None:
        last = tx.execute(select(func.max(_row.number)).where(scope.of(tables.runs))).scalar()
        there = f"they go from 1 to {last}" if last else "there is none yet"
        raise ReconcileError(
            f"{scope.school_id}: there is no run {number} ({there});"
            f" `reconcile history {scope.school_id}` lists them"
        )
    return _run(row)


def read_plan_header(tx: Connection, scope: Scope, number: int) -> Mapping[str, Any] | None:
    """The header of the plan of a run, as it was given; None once it is purged, or for no such run."""
    query = select(_row.header).where(scope.of(tables.runs), _row.number == number)
    header: Mapping[str, Any] | None = tx.execute(query).scalar()
    return header


def last_settings(tx: Connection, scope: Scope) -> Mapping[str, Any] | None:
    """The effective configuration of the last apply that did all it should; None if none ever did."""
    query = (
        select(_row.settings)
        .where(scope.of(tables.runs), _row.kind == "apply", _row.outcome == "done")
        .order_by(_row.number.desc())
        .limit(1)
    )
    settings: Mapping[str, Any] | None = tx.execute(query).scalar()
    return settings


def require_running(tx: Connection, scope: Scope, number: int) -> None:
    """See that a run may still write, and let nobody else write to it before this transaction ends.

    Raises:
        ReconcileError: it is over.
    """
    lock_scope(tx, scope)
    query = select(_row.outcome).where(scope.of(tables.runs), _row.number == number)
    if tx.execute(query).scalar() != "running":
        raise _not_running(scope, number)


def _not_running(scope: Scope, number: int) -> ReconcileError:
    return ReconcileError(
        f"{scope.school_id}: run {number} is not running any more, so somebody else has taken its place;"
        f" `reconcile history {scope.school_id}` says who"
    )


def _run(row: RowMapping) -> Run:
    listed = dict(row)
    header = listed.pop("header") or {}
    lifted = tuple(LiftedGuard(**guard) for guard in row["lifted"])
    return Run(**{**listed, "lifted": lifted, "undoes": header.get("undoes", 0)})
