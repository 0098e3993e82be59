"""Which accounts, and which group, a link of a run's journal is between, and what cannot be told of it."""

from __future__ import annotations

import polars as pl

from reconciler.frames import findings, quoted


def name_ends(links: pl.DataFrame, users: pl.Series, *, of_groups: bool) -> pl.DataFrame:
    """The links with the target ids of both ends, `_left` and `_right`; null where an end is no account's.

    `users` are the target ids of the accounts that are there. The id of a link is `<left>:<right>`, where an
    end may be quoted, or blank for one that is not named. Of a group nothing but its key is asked. Runs of
    before ids were quoted have ends with colons: there the one division counts that gives accounts.
    """
    known = _known(users)
    parts = pl.col("_parts").list
    divided = (
        links.select("id", _parts=pl.col("target_id").str.split(":"))
        .with_columns(_at=pl.int_ranges(1, parts.len()))
        .explode("_at", empty_as_null=False)
        .select("id", left=parts.head("_at").list.join(":"), right=parts.slice("_at").list.join(":"))
    )
    found = divided.join(known.rename({"own": "_right"}), left_on="right", right_on="name")
    if of_groups:
        found = found.with_columns(_left=pl.lit(None, pl.String))
    else:
        found = found.join(known.rename({"own": "_left"}), left_on="left", right_on="name")
    one = found.select("id", "_left", "_right").unique("id", keep="none")
    return links.join(one, on="id", how="left", maintain_order="left")


def lost_memberships(made: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """`undo-conflict` for memberships that the run has removed and that are not among those `told`."""
    detail = pl.format(
        "does not come back into {}: which account or group that was cannot be told any more", "group_key"
    )
    return findings(_lost(made, told).sort("group_key", "host_id"), "undo-conflict", detail)


def lost_relationships(made: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """`undo-conflict` for relationships that the run has removed and that are not among those `told`."""
    detail = pl.format(
        "is not linked to the parent {} again: which accounts those were cannot be told any more",
        "parent_host_id",
    )
    lost = _lost(made, told).sort("student_host_id", "parent_host_id")
    return findings(lost, "undo-conflict", detail, host_id="student_host_id", others=pl.col("parent_host_id"))


def _lost(made: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Removals that are not told, but for what was forgotten: that has no id."""
    removed = made.filter(pl.col("action") == "remove", pl.col("target_id") != "")
    return removed.join(told, on="id", how="anti")


def _known(users: pl.Series) -> pl.DataFrame:
    """`name, own`: what ids of links call each account, and null for an end that is not named."""
    own = pl.DataFrame({"own": users}, schema={"own": pl.String})
    blank = pl.DataFrame({"name": [""], "own": [None]}, schema={"name": pl.String, "own": pl.String})
    names = [own.select(name=name, own="own") for name in (pl.col("own"), quoted("own"))]
    return pl.concat([blank, *names]).unique("name", keep="first", maintain_order=True)
