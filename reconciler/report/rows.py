"""What became of the rows read, so that the figures of each member type add up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from reconciler.model import MEMBER_TYPES, MemberCounts

if TYPE_CHECKING:
    from reconciler.model import Plan

_COUNTED_AS = {"create": "created", "reactivate": "reactivated", "rekey": "updated", "update": "updated"}
"""Action -> the figure that its person's row is in. A person with several steps is in the first of these."""


def count_rows(plan: Plan, missed: pl.DataFrame) -> tuple[MemberCounts, ...]:
    """The figures of each member type; `missed` are user changes that were not made, with `outcome`.

    Always `rows = created + updated + unchanged + reactivated + blocked + merged + left out + stale
    + failed + unknown`: a row is moved from one figure to another, never counted anew.
    """
    counts: dict[str, Counter[str]] = {member_type: Counter() for member_type in MEMBER_TYPES}
    left_out: dict[str, Counter[str]] = {member_type: Counter() for member_type in MEMBER_TYPES}
    for row in plan.header.figures.rows:
        member_type, number = str(row["member_type"]), int(row["rows"])
        if row["outcome"] == "left-out":
            left_out[member_type][str(row["reason"])] += number
        else:
            counts[member_type][str(row["outcome"])] += number
    for member_type, figure, outcome in _missed_rows(plan, missed):
        if counts[member_type][figure]:
            counts[member_type][figure] -= 1
            counts[member_type][outcome] += 1
    return tuple(_member_counts(kind, counts[kind], left_out[kind]) for kind in MEMBER_TYPES)


def _member_counts(member_type: str, counts: Counter[str], left_out: Counter[str]) -> MemberCounts:
    return MemberCounts(
        member_type=member_type,
        rows=counts.total() + left_out.total(),
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        reactivated=counts["reactivated"],
        blocked=counts["blocked"],
        merged=counts["merged"],
        left_out=dict(sorted(left_out.items())),
        stale=counts["stale"],
        failed=counts["failed"],
        unknown=counts["unknown"],
    )


def _missed_rows(plan: Plan, missed: pl.DataFrame) -> list[tuple[str, str, str]]:
    """`member type, figure, outcome` of each person with a change that was not made.

    Somebody blocked is counted as blocked, whatever became of the changes to their account. A leaver's
    account has no row: neither its deactivation nor the clearing of its e-mail takes one away.
    """
    changes = plan.changes.users
    blocked = plan.findings.filter(level="blocked")
    clearing = (pl.col("fields") == "email") & (pl.col("after_email") == "") & ~pl.col("after_active")
    leavers = changes.filter((pl.col("action") == "deactivate") | clearing)
    order = pl.Enum(list(_COUNTED_AS))
    figures = (
        changes.filter(pl.col("action").is_in(list(_COUNTED_AS)))
        .join(missed, on="host_id", how="semi")
        .join(blocked, on="host_id", how="anti")
        .join(leavers, on="host_id", how="anti")
        .group_by("host_id")
        .agg(
            pl.col("action").cast(order).min().cast(pl.String).replace_strict(_COUNTED_AS),
            pl.col("after_member_type").last(),
        )
    )
    worst = missed.group_by("host_id").agg(pl.col("outcome").min())  # failed, then stale, then unknown
    who = plan.people.unique("host_id").select("host_id", "member_type")
    rows = figures.join(worst, on="host_id").join(who, on="host_id", how="left").sort("host_id")
    return rows.select(
        pl.coalesce("member_type", "after_member_type"), pl.col("action"), pl.col("outcome")
    ).rows()
