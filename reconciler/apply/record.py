"""An apply that is remembered: nobody else applies meanwhile, and each batch is written down beforehand."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from reconciler.apply.heartbeat import EVERY, kept_alive
from reconciler.errors import ReconcileError
from reconciler.state.audit import append_entry
from reconciler.state.baseline import drop_baseline, keep_baseline
from reconciler.state.journal import close_batch, count_journal, open_batch
from reconciler.state.leases import keep_lease, release_lease, take_lease
from reconciler.state.runs import end_run, interrupt_runs, start_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from reconciler.model import LiftedGuard, Plan, PlanHeader
    from reconciler.state.leases import Lease
    from reconciler.state.runs import RunOutcome
    from reconciler.state.scope import Scope
    from reconciler.state.store import Store

TIME_TO_LIVE = timedelta(minutes=5)
"""How long an apply may give no sign of life before somebody else may take it for dead."""


@dataclass(frozen=True, slots=True)
class Applier:
    """Who applies, where, and how to tell whether a process of that machine is still there."""

    who: str
    host: str
    process: str
    is_alive: Callable[[str], bool | None]
    """Whether a process of this name is there; None where that cannot be known."""

    @property
    def owner(self) -> str:
        """As a lease names its holder."""
        return f"{self.who}, process {self.process},"

    def sees(self, lease: Lease) -> bool | None:
        """Whether the process that holds a lease is there; None where that cannot be known.

        That is so of other machines, and of ourselves: an earlier apply of ours that could not be ended.
        """
        process = lease.owner.rpartition("process ")[2].rstrip(",")
        if lease.host != self.host or not process:
            return None
        there = self.is_alive(process)
        return None if there and process == self.process else there


class Journal(Protocol):
    """What is told of each batch: before it is made, and what became of it."""

    def open(self, kind: str, changes: pl.DataFrame) -> int:
        """These changes are about to be made; gives the batch's number."""

    def close(self, batch: int, outcomes: pl.DataFrame) -> None:
        """What became of them: OUTCOMES."""


class RunRecord:
    """The run of a plan in the store, while it goes on."""

    def __init__(  # noqa: PLR0913 - whose run of which plan, and where it is written
        self,
        store: Store,
        lease: Lease,
        number: int,
        who: str,
        clock: Callable[[], datetime],
        header: PlanHeader,
    ) -> None:
        self._store, self._lease, self._who, self._clock = store, lease, who, clock
        self._figures, self._undoes = header.tables, bool(header.undoes)
        self.number = number

    def open(self, kind: str, changes: pl.DataFrame) -> int:
        """Write down the changes of a batch, and that this apply is still alive.

        This is where a lost lease ends an apply, whatever became of the signs of life in between.

        Raises:
            ReconcileError: the store cannot be used, or somebody else applies by now; nothing was made.
        """
        now = self._clock()
        with self._store.write() as tx:
            keep_lease(tx, self._lease, now=now, ttl=TIME_TO_LIVE)
            return open_batch(tx, self._lease.scope, self.number, kind, changes, now=now)

    def keep(self) -> None:
        """Give a sign of life; from another thread too.

        Raises:
            LeaseLostError: somebody else applies by now, or the lease was broken.
            ReconcileError: the store cannot be used.
        """
        with self._store.write() as tx:
            keep_lease(tx, self._lease, now=self._clock(), ttl=TIME_TO_LIVE)

    def close(self, batch: int, outcomes: pl.DataFrame) -> None:
        """Write down what became of a batch."""
        with self._store.write() as tx:
            close_batch(tx, self._lease.scope, self.number, batch, outcomes, now=self._clock())

    def end(self, outcome: RunOutcome) -> None:
        """Write down that the run is over, and let others apply."""
        now, scope = self._clock(), self._lease.scope
        with self._store.write() as tx:
            counts = count_journal(tx, scope, self.number)
            details = {"run": self.number, "outcome": outcome, "counts": counts}
            append_entry(
                tx,
                scope,
                event=f"run {self.number} {outcome}",
                who=self._who,
                details=details,
                now=now,
            )
            end_run(tx, scope, self.number, outcome, counts=counts, now=now)
            if outcome == "done" and self._figures:
                keep_baseline(tx, scope, self.number, self._figures, now=now)
            if self._undoes:  # what was read for the run is not what the directory has any more
                drop_baseline(tx, scope)
            release_lease(tx, self._lease)


@contextmanager
def recorded(  # noqa: PLR0913 - who applies what, where and when
    store: Store,
    scope: Scope,
    plan: Plan,
    applier: Applier,
    clock: Callable[[], datetime],
    lifted: Sequence[LiftedGuard] = (),
    every: float = EVERY,
) -> Iterator[RunRecord]:
    """The record of an apply of `plan`; it is over with the block, which has to `end` it if it went well.

    `lifted` are the guards that hold the plan, and were lifted for it. `every` says after
    how many seconds another sign of life is given.

    Raises:
        LeaseHeldError: another apply is under way.
        ReconcileError: the store cannot be used.
    """
    header: Mapping[str, object] = json.loads(json.dumps(asdict(plan.header), default=dict))
    digest = plan_digest(plan)
    now = clock()
    with store.write() as tx:
        lease = take_lease(
            tx,
            scope,
            owner=applier.owner,
            host=applier.host,
            now=now,
            ttl=TIME_TO_LIVE,
            is_there=applier.sees,
        )
        interrupt_runs(tx, scope, now, count_journal)
        number = start_run(
            tx,
            scope,
            kind="undo" if plan.header.undoes else "apply",
            plan_digest=digest,
            who=applier.who,
            host=applier.host,
            now=now,
            header=header,
            settings=json.loads(json.dumps(plan.header.settings, default=dict)),
            lifted=lifted,
        )
        details = {"run": number, "plan": digest, "lifted": [asdict(guard) for guard in lifted]}
        append_entry(tx, scope, event=f"run {number} started", who=applier.who, details=details, now=now)
    record = RunRecord(store, lease, number, applier.who, clock, plan.header)
    try:
        with kept_alive(record.keep, every):
            yield record
    except BaseException as error:
        # What went wrong is what has to be said; that the store could not be told of it changes nothing.
        with suppress(ReconcileError):
            record.end("failed" if isinstance(error, Exception) else "interrupted")
        raise


def plan_digest(plan: Plan) -> str:
    """SHA-256 by which runs of one plan are known to be of one plan: of its header and its counts."""
    counts = {kind: frame.height for kind, frame in plan.changes.frames().items()}
    text = json.dumps([asdict(plan.header), counts], sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()
