"""Who made a link, where the directory cannot say: a sync, if a sync is what makes such links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import equals_any
from reconciler.frames import LED, key_kind
from reconciler.keys import listed

if TYPE_CHECKING:
    from reconciler.model import Directory


def tell_seats(
    there: pl.DataFrame, wanted: Directory, current: Directory, links: pl.DataFrame
) -> pl.DataFrame:
    """Current memberships, each `sync`, `hand` or LED; `links` are the relationships that there will be.

    One that cannot say is a sync's where the mapping puts people of that member type into that group: a
    teacher among the students of a grade was put there by hand. A parent is led no more once no child is in
    the group.
    """
    if not equals_any(there["origin"], ("", LED)).any():
        return there
    there = _led_still(there, wanted, links)
    types = wanted.users.select("host_id", "member_type")
    usual = wanted.memberships.join(types, on="host_id").select(
        "member_type", sort=_sort_of("group_key"), made=pl.lit(value=True)
    )
    holders = current.users.select("host_id", "member_type").unique("host_id")
    seats = (
        there.with_columns(sort=_sort_of("group_key"))
        .join(holders, on="host_id", how="left", maintain_order="left")
        .join(usual.unique(), on=["sort", "member_type"], how="left", maintain_order="left")
    )
    return _told(there, seats["made"].is_not_null())


def _sort_of(key: str) -> pl.Expr:
    """What groups have in common into which the mapping puts the same: their kind; each list is its own.

    So a grade that has nobody this year still is one that parents join.
    """
    return pl.when(pl.col(key).str.starts_with("list:")).then(key).otherwise(key_kind(key))


def tell_links(there: pl.DataFrame, eligible: pl.Series) -> pl.DataFrame:
    """Current relationships, each `sync` or `hand`: one of two eligible people is a sync's."""
    if not (there["origin"] == "").any():
        return there
    both = there.select(
        pl.col("student_host_id", "parent_host_id").is_in(listed(eligible)).name.keep()
    ).select(pl.all_horizontal(pl.all()))
    return _told(there, both.to_series())


def _led_still(there: pl.DataFrame, wanted: Directory, links: pl.DataFrame) -> pl.DataFrame:
    leads = links.join(
        wanted.memberships.select("group_key", student_host_id="host_id"), on="student_host_id"
    )
    leads = leads.select("group_key", host_id="parent_host_id").unique().with_columns(leads=True)
    led = there.join(leads, on=["group_key", "host_id"], how="left", maintain_order="left")
    no_more = (pl.col("origin") == LED) & pl.col("leads").is_null()
    return led.with_columns(origin=pl.when(no_more).then(pl.lit("")).otherwise("origin")).drop("leads")


def _told(there: pl.DataFrame, by_sync: pl.Series) -> pl.DataFrame:
    said = pl.when(by_sync).then(pl.lit("sync")).otherwise(pl.lit("hand"))
    return there.with_columns(origin=pl.when(pl.col("origin") == "").then(said).otherwise("origin"))
