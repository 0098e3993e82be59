"""Links that would be given back to somebody who has left since: they are not."""

from __future__ import annotations

import polars as pl

from reconciler.frames import findings


def inactive_after(users: pl.DataFrame, after: pl.DataFrame) -> pl.Series:
    """Host IDs of those who are not active once the undoing is applied.

    `users` is CURRENT_USERS under the Host IDs of then, `after` RESOLVED_USERS of those whom it changes.
    """
    others = users.join(after, on="target_id", how="anti")
    both = pl.concat([frame.select("host_id", "active") for frame in (others, after)])
    return both.filter(~pl.col("active"))["host_id"]


def without_inactive(
    links: pl.DataFrame, ends: list[str], inactive: pl.Series, what: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The links between active people, and `undo-conflict` for who else would get some; `what` they are."""
    gone = pl.col("end").is_in(inactive.implode())
    who = pl.concat([links.select(end=end) for end in ends]).filter(gone).unique().sort("end")
    told = findings(
        who,
        "undo-conflict",
        f"is not active by now, so the {what} that the run removed are not added again",
        host_id="end",
    )
    return links.filter(~pl.any_horizontal(pl.col(ends).is_in(inactive.implode()))), told
