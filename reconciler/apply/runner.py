"""Carries a plan out: step by step, batch by batch, each batch one transaction of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.model import Outcomes
from reconciler.targets.interface import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model import Plan
    from reconciler.targets.interface import Target

BATCH_SIZE = 5000
_KINDS = ("groups", "users", "relationships", "memberships")
"""The order within a step: what others stand on comes first."""


def run(
    plan: Plan,
    target: Target,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - names for the caller
    batch_size: int = BATCH_SIZE,
) -> Outcomes:
    """Carry out all changes of a plan, in their order, and tell what became of each.

    `progress` is called with the changes done and the total, at the start and after each batch. What
    was carried out before an error or an interrupt stays; running the same plan again finishes it.

    Raises:
        ReconcileError: the target refuses the plan, or cannot be used.
    """
    target.prepare(plan.header.directory_id, create=plan.header.new_directory)
    done, total = 0, len(plan.changes)
    progress(done, total)
    outcomes = []
    for batch in _batches(plan, batch_size):
        outcomes.append(target.apply(batch))
        done += batch.changes.height
        progress(done, total)
    target.finish()
    return Outcomes(frames.stack(outcomes, frames.OUTCOMES))


def _batches(plan: Plan, size: int) -> Iterator[Batch]:
    """The plan's changes in the order of their steps; an empty batch where only the year is new."""
    year = plan.header.school_year
    if not len(plan.changes) and plan.header.directory_year != year:
        yield Batch("users", plan.changes.users, year)
    by_kind = {
        kind: frame.sort("id").partition_by("step", as_dict=True)
        for kind, frame in plan.changes.frames().items()
    }
    steps = sorted({step for by_step in by_kind.values() for (step,) in by_step})
    for step in steps:
        for kind in _KINDS:
            changes = by_kind[kind].get((step,), pl.DataFrame())
            for part in changes.iter_slices(size):
                yield Batch(kind, part, year)
