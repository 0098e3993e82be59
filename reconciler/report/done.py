"""Which changes were not made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import OUTCOMES, empty
from reconciler.model.plan import NOT_DONE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Outcomes, Plan

_WHAT = {
    "users": pl.col("host_id"),
    "groups": pl.col("group_key"),
    "memberships": pl.format("{} in {}", "host_id", "group"),
    "relationships": pl.format("{} parent of {}", "parent_host_id", "student_host_id"),
}
"""Kind -> what a change is about, without names."""


def undone(plan: Plan, outcomes: Outcomes | None) -> dict[str, pl.DataFrame]:
    """Kind -> its changes that were not made, with the outcome as `outcome`: stale, failed or unknown.

    A change without an outcome was not reached, and counts as failed. Without `outcomes` nothing was
    tried yet, so nothing was missed.
    """
    return {
        kind: frame.with_columns(outcome=pl.lit("")).clear()
        if outcomes is None
        else frame.join(outcomes.frame.filter(kind=kind).select("id", "outcome"), on="id", how="left")
        .with_columns(pl.col("outcome").fill_null("failed"))
        .filter(pl.col("outcome").is_in(NOT_DONE))
        .with_columns(pl.col("outcome").replace(UNKNOWN, "unknown"))
        for kind, frame in plan.changes.frames().items()
    }


def not_done(plan: Plan, outcomes: Outcomes | None) -> tuple[Mapping[str, str], ...]:
    """Stale, failed and unknown changes as texts: `kind, id, action, what, outcome, detail`."""
    told = empty(OUTCOMES) if outcomes is None else outcomes.frame
    details = told.select("kind", "id", "detail")
    rows: list[Mapping[str, str]] = []
    for kind, frame in undone(plan, outcomes).items():
        named = frame.select(
            "id", "action", "outcome", kind=pl.lit(kind), what=_WHAT[kind], order=pl.col("id")
        ).join(details, on=["kind", "id"], how="left")
        rows += (
            named.sort("order")
            .select(pl.col("kind", "id", "action", "what", "outcome", "detail").cast(pl.String).fill_null(""))
            .to_dicts()
        )
    return tuple(rows)
