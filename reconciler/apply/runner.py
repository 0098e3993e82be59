"""Carries a plan out: step by step, batch by batch, each batch one transaction of the target."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.apply.deferred import told_at_the_end
from reconciler.model import Outcomes
from reconciler.targets.interface import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.apply.record import Journal
    from reconciler.model import Plan
    from reconciler.targets.interface import Target

_KINDS = ("groups", "users", "relationships", "memberships")
"""The order within a step: what others stand on comes first."""


def run(
    plan: Plan,
    target: Target,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - names for the caller
    batch_size: int = 0,
    journal: Journal | None = None,
) -> Outcomes:
    """Carry out all changes of a plan, in their order, and tell what became of each.

    `progress` is called with the changes done and the total, at the start and after each batch; a batch has
    as many changes as the target carries out at once, or `batch_size`. The `journal` is told of each batch
    before it is made, and what became of it: at once, or at the end where the target hands over all of it
    then. What was carried out before an error or an interrupt stays; running the same plan again finishes it.

    Raises:
        ReconcileError: the target refuses the plan, or cannot be used.
    """
    target.prepare(plan.header.directory_id, create=plan.header.new_directory)
    size = batch_size or target.capabilities.at_once
    at_once = target.capabilities.immediate
    with told_at_the_end(journal) if journal and not at_once else nullcontext(journal) as told:
        outcomes = _carry_out(plan, target, progress, size, told)
        left = target.finish()
    return Outcomes(frames.stack(outcomes, frames.OUTCOMES), left)


def _carry_out(
    plan: Plan, target: Target, progress: Callable[[int, int], None], size: int, journal: Journal | None
) -> list[pl.DataFrame]:
    """OUTCOMES of each batch."""
    done, total = 0, len(plan.changes)
    progress(done, total)
    outcomes = []
    for batch in _batches(plan, size):
        number = journal.open(batch.kind, batch.changes) if journal else 0
        outcomes.append(target.apply(batch))
        if journal:
            journal.close(number, outcomes[-1])
        done += batch.changes.height
        progress(done, total)
    return outcomes


def _batches(plan: Plan, size: int) -> Iterator[Batch]:
    """The plan's changes in the order of their steps; an empty batch where only the year is new."""
    year = plan.header.school_year
    if not len(plan.changes) and plan.header.directory_year != year:
        yield Batch("users", plan.changes.users, year)
    parts = {kind: _by_step(changes) for kind, changes in plan.changes.frames().items()}
    for step in sorted({step for by_step in parts.values() for step in by_step}):
        for kind in _KINDS:
            changes = parts[kind].get(step, pl.DataFrame())
            for part in changes.iter_slices(size):
                yield Batch(kind, part, year)


def _by_step(changes: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """Changes by their step, in the order of their ids: parts of one frame, so that none is copied."""
    place = pl.col("step").cast(pl.UInt64) * 2**32 + pl.col("id")
    ordered = changes if changes.select(place).to_series().is_sorted() else changes.sort("step", "id")
    sizes = ordered.group_by("step", maintain_order=True).len()
    starts = sizes.select("step", "len", start=pl.col("len").cum_sum() - pl.col("len"))
    return {step: ordered.slice(start, length) for step, length, start in starts.rows()}
