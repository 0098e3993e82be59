"""A batch of links, made in what is believed to be in Vidigami.

Vidigami tells its ids late: a plan that was saved before an export names by `new:` what has an id since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import group_label, link_id
from reconciler.targets.judging import VERDICT
from reconciler.targets.sheets.belief import NEW
from reconciler.targets.sheets.carry import HANDED_OVER, Carried, made_of

if TYPE_CHECKING:
    from reconciler.model import Directory


def carry_links(
    links: pl.DataFrame, changes: pl.DataFrame, directory: Directory, *, of_groups: bool
) -> Carried:
    """Make MEMBERSHIP_CHANGES or RELATIONSHIP_CHANGES in the current links."""
    key = ["group_key", "host_id"] if of_groups else ["student_host_id", "parent_host_id"]
    removing = pl.col("action") == "remove"
    gone = _judge_removals(links, changes.filter(removing), directory, key, of_groups=of_groups)
    new = _judge_links(links, changes.filter(~removing), directory, key, of_groups=of_groups)
    out = gone.filter(pl.col("outcome") == HANDED_OVER)["live_id"]
    come = new.filter(pl.col("outcome") == HANDED_OVER)
    added = come.select(*key, **_ids_of(of_groups=of_groups), origin=pl.lit("sync")).select(links.columns)
    table = pl.concat([links.filter(~pl.col("target_id").is_in(out.implode())), added])
    verdicts = pl.concat([gone.select(VERDICT), new.select(VERDICT)])
    return Carried(table, verdicts, made_of(changes, verdicts))


def _judge_removals(
    links: pl.DataFrame, changes: pl.DataFrame, directory: Directory, key: list[str], *, of_groups: bool
) -> pl.DataFrame:
    """Removals with the `live_id` of their link, and what is to become of them."""
    live = links.select(target_id="target_id", live_id="target_id")
    if not changes.join(live, on="target_id", how="anti").is_empty():
        earlier = _earlier_ids(links, directory, key, of_groups=of_groups)
        live = pl.concat([live, earlier.join(live, on="target_id", how="anti")])
    there = links.select(live_id="target_id", origin="origin")
    label = {"group_key": group_label("group_key", "group_target_id")} if of_groups else {}
    other = links.with_columns(**label).select(*key, other=pl.lit(value=True)).unique(key)
    found = (
        changes.join(live, on="target_id", how="left", maintain_order="left")
        .join(there, on="live_id", how="left", maintain_order="left")
        .join(other, on=key, how="left", maintain_order="left")
    )
    detail = (
        pl.when(pl.col("origin") == "hand")
        .then(pl.lit("somebody has made it by hand since the plan"))
        .when(pl.col("live_id").is_null() & pl.col("other"))
        .then(pl.lit("it is a link of another account or group since the plan"))
        .otherwise(pl.lit(""))
    )
    return found.with_columns(detail=detail).with_columns(
        outcome=pl.when(pl.col("detail") != "")
        .then(pl.lit("stale"))
        .when(pl.col("live_id").is_null())
        .then(pl.lit("already"))
        .otherwise(pl.lit(HANDED_OVER))
    )


def _earlier_ids(
    links: pl.DataFrame, directory: Directory, key: list[str], *, of_groups: bool
) -> pl.DataFrame:
    """`target_id, live_id`: by which ids links may have gone before Vidigami told those of their ends."""
    named = directory.users.select(one="host_id", own="target_id")
    users = pl.concat([named, named.with_columns(own=pl.lit(NEW) + pl.col("one"))]).unique()
    ends = links.rename({"target_id": "live_id"})
    if of_groups:
        told = ends.with_columns(_left="group_target_id")
        new = ends.filter(pl.col("group_key") != "").with_columns(_left=pl.lit(NEW) + pl.col("group_key"))
        ends = pl.concat([told, new])
    else:
        ends = ends.join(users.rename({"own": "_left"}), left_on=key[0], right_on="one")
    ends = ends.join(users.rename({"own": "_right"}), left_on=key[1], right_on="one")
    bare = pl.concat_str("_left", "_right", separator=":")  # as ids were written before they were quoted
    ids = pl.concat([ends.select("live_id", target_id=one) for one in (link_id("_left", "_right"), bare)])
    ids = ids.select("target_id", "live_id").unique()
    return ids.unique("target_id", keep="none")  # what may mean two links means neither


def _judge_links(
    links: pl.DataFrame, changes: pl.DataFrame, directory: Directory, key: list[str], *, of_groups: bool
) -> pl.DataFrame:
    """Additions with the ids of both ends, and what is to become of them.

    A change may name, as `<left>:<right>`, the accounts that it means; an end that is another one is missing.
    """
    users = directory.users.select("host_id", id="target_id")
    groups = directory.groups.filter(pl.col("key") != "").select(host_id="key", id="target_id")
    left = groups if of_groups else users
    for end, among, ids in ((key[0], left, "_left"), (key[1], users, "_right")):
        named = among.select(pl.col("host_id").alias(end), pl.col("id").alias(ids))
        changes = changes.join(named, on=end, how="left", maintain_order="left")
    there = links.select(*key, _there=pl.lit(value=True))
    changes = changes.join(there, on=key, how="left", maintain_order="left")
    both = [pl.col("_left").fill_null(""), pl.col("_right").fill_null("")]
    meant = pl.any_horizontal(
        pl.col("target_id") == "",
        pl.col("target_id") == pl.concat_str(*both, separator=":"),
        pl.col("target_id") == pl.lit(":") + both[1],
        pl.lit(not of_groups) & (pl.col("target_id") == both[0] + pl.lit(":")),
    )
    names = ["group {}" if of_groups else "account {}", "account {}"]
    missing = pl.concat_str(
        [
            pl.when(pl.col(ids).is_null() | ~meant).then(pl.format(name, end))
            for end, ids, name in zip(key, ("_left", "_right"), names, strict=True)
        ],
        separator=" and ",
        ignore_nulls=True,
    )
    return changes.with_columns(_missing=missing).with_columns(
        outcome=pl.when(pl.col("_missing") != "")
        .then(pl.lit("failed"))
        .when("_there")
        .then(pl.lit("already"))
        .otherwise(pl.lit(HANDED_OVER)),
        detail=pl.when(pl.col("_missing") != "")
        .then(pl.format("there is no {}", "_missing"))
        .otherwise(pl.lit("")),
    )


def _ids_of(*, of_groups: bool) -> dict[str, pl.Expr]:
    """The ids of a link between `_left` and `_right`."""
    both = {"target_id": link_id("_left", "_right")}
    return {**both, "group_target_id": pl.col("_left")} if of_groups else both
