"""What differs between the resolved directory and the current one: one frame of changes a kind."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from reconciler.changes.order import order_users
from reconciler.frames import (
    GROUP_CHANGES,
    MEMBERSHIP_CHANGES,
    PERSON_FIELDS,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
    blanks,
    check,
    group_label,
    in_key_order,
)
from reconciler.model import Changes, Directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.frames import Schema

_FIELDS = ("host_id", *PERSON_FIELDS, "active")
_PAIR = ["student_host_id", "parent_host_id"]


def diff(resolved: Directory, current: Directory) -> Changes:
    """Every change that turns `current` into `resolved`, with its step and a number of its own.

    Groups come first, then users, then relationships and memberships, then deactivations; a user who
    needs an e-mail or a Host ID that another gives up comes after that one. Links of both directories
    stand under the Host IDs that the accounts get.
    """
    users, last = order_users(_diff_users(resolved, current), current.users["host_id"])
    groups = _diff_groups(resolved, current)
    moved = users.filter(pl.col("target_id") != "", pl.col("fields").str.contains(r"\bhost_id\b"))
    relationships = _name_moved(_diff_relationships(resolved, current), moved, *_PAIR)
    memberships = _name_moved(_diff_memberships(resolved, current, users), moved, "", "host_id")
    relationships, memberships = (
        links.with_columns(step=pl.lit(last, pl.UInt32)) for links in (relationships, memberships)
    )
    first = 1
    numbered = {}
    for kind, frame, keys, schema in (
        ("groups", groups, in_key_order("group_key"), GROUP_CHANGES),
        ("users", users, ["step", "host_id"], USER_CHANGES),
        ("relationships", relationships, ["action", *_PAIR], RELATIONSHIP_CHANGES),
        ("memberships", memberships, ["action", "group_key", "host_id"], MEMBERSHIP_CHANGES),
    ):
        numbered[kind] = _number(frame, keys, schema, first)
        first += frame.height
    return Changes(**numbered)


def _number(frame: pl.DataFrame, keys: Sequence[str | pl.Expr], schema: Schema, first: int) -> pl.DataFrame:
    """The frame in canonical order, its rows numbered from `first`."""
    # A column of one value says nothing of the order, and would make sorting take twice as long.
    telling = [key for key in keys if not isinstance(key, str) or (frame[key] != frame[key][:1]).any()]
    in_order = frame.sort(telling, nulls_last=True) if telling else frame
    return check(in_order.with_row_index("id", offset=first), schema)


def _diff_users(resolved: Directory, current: Directory) -> pl.DataFrame:
    """USER_CHANGES without id and step."""
    changes = _diff_objects(resolved.users, current.users, _FIELDS).with_columns(
        action=pl.when(pl.col("target_id") == "")
        .then(pl.lit("create"))
        .when(pl.col("before_active") & ~pl.col("after_active"))
        .then(pl.lit("deactivate"))
        .when(~pl.col("before_active") & pl.col("after_active"))
        .then(pl.lit("reactivate"))
        .when(pl.col("before_host_id") != pl.col("after_host_id"))
        .then(pl.lit("rekey"))
        .otherwise(pl.lit("update")),
        host_id=pl.col("after_host_id"),
        later_email=pl.lit(""),
        later_host_id=pl.lit(""),
    )
    return changes.with_columns(
        reason=pl.when(pl.col("reason") == "").then(pl.lit("differs from the SIS")).otherwise("reason")
    )


def _diff_groups(resolved: Directory, current: Directory) -> pl.DataFrame:
    """GROUP_CHANGES without id."""
    return _diff_objects(resolved.groups, current.groups, ("key", "category", "name")).with_columns(
        action=pl.when(pl.col("target_id") == "").then(pl.lit("create")).otherwise(pl.lit("update")),
        group_key=pl.col("after_key"),
        step=pl.lit(0, pl.UInt32),
        reason=pl.when(pl.col("reason") == "").then(pl.lit("differs from the rule set")).otherwise("reason"),
    )


def _diff_objects(resolved: pl.DataFrame, current: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """`target_id, reason, before_*, after_*, fields` of objects that are new or differ in one of `names`.

    Before a new object everything is blank, and false.
    """
    now = current.select("target_id", pl.col(names).name.prefix("before_"))
    then = resolved.select("target_id", "reason", pl.col(names).name.prefix("after_"))
    differs = {name: pl.col(f"before_{name}") != pl.col(f"after_{name}") for name in names}
    there = then.filter(pl.col("target_id") != "").join(now, on="target_id")
    kept = there.filter(pl.any_horizontal(differs.values()))
    new = then.filter(pl.col("target_id") == "").with_columns(blanks(now.drop("target_id").schema))
    changed = pl.concat([part for part in (kept, new.select(kept.columns)) if part.height] or [kept])
    return changed.with_columns(fields=_names_of(changed, differs))


def _names_of(frame: pl.DataFrame, conditions: dict[str, pl.Expr]) -> pl.Series:
    """For each row the names whose condition holds, by spaces."""
    bits = [holds.cast(pl.UInt16) * 2**bit for bit, holds in enumerate(conditions.values())]
    return _combinations(tuple(conditions))[frame.select(pl.sum_horizontal(bits)).to_series()]


@cache
def _combinations(names: tuple[str, ...]) -> pl.Series:
    """Every combination of the names as a text, at the number whose bits say which."""
    return pl.Series(
        [
            " ".join(name for bit, name in enumerate(names) if code >> bit & 1)
            for code in range(2 ** len(names))
        ]
    )


def _diff_memberships(resolved: Directory, current: Directory, users: pl.DataFrame) -> pl.DataFrame:
    """MEMBERSHIP_CHANGES without id and step."""
    key = ["group_key", "host_id"]
    labels = resolved.groups.filter(pl.col("target_id") != "").select(
        group_target_id="target_id", label=group_label("key", "target_id")
    )
    there = (
        current.memberships.join(labels, on="group_target_id", how="left")
        .with_columns(group_key=pl.coalesce("label", "group_key"))
        .select(*key, "target_id")
    )
    added = resolved.memberships.join(there, on=key, how="anti").with_columns(
        target_id=pl.lit(""), action=pl.lit("add")
    )
    leavers = users.filter(pl.col("action") == "deactivate").select("host_id", cause="reason")
    removed = (
        there.join(resolved.memberships, on=key, how="anti")
        .join(leavers, on="host_id", how="left")
        .with_columns(
            reason=pl.when(pl.col("cause").is_null())
            .then(pl.lit("no longer in this group in the SIS"))
            .otherwise(pl.format("has left ({})", "cause")),
            action=pl.lit("remove"),
        )
        .drop("cause")
    )
    names = resolved.groups.select(
        group_key=group_label("key", "target_id"), group=pl.format("{}/{}", "category", "name")
    )
    both = pl.concat([added, removed], how="diagonal")
    return both.join(names, on="group_key", how="left").with_columns(
        pl.col("group").fill_null(""), fields=pl.lit("")
    )


def _name_moved(changes: pl.DataFrame, moved: pl.DataFrame, left: str, right: str) -> pl.DataFrame:
    """New links with the target ids of those ends whose Host ID changes, as `<left>:<right>`.

    Should that change fail, somebody else may have the Host ID, and must not get the link.
    """
    if not moved.height:
        return changes
    ids = dict(moved.sort("step").select("after_host_id", "target_id").rows())
    names = [
        pl.col(end).replace_strict(ids, default="", return_dtype=pl.String) if end else pl.lit("")
        for end in (left, right)
    ]
    both = pl.concat_str(names, separator=":")
    named = (pl.col("action") == "add") & (both != ":")
    return changes.with_columns(target_id=pl.when(named).then(both).otherwise("target_id"))


def _diff_relationships(resolved: Directory, current: Directory) -> pl.DataFrame:
    """RELATIONSHIP_CHANGES without id and step."""
    there = current.relationships.select(*_PAIR, "target_id")
    added = resolved.relationships.join(there, on=_PAIR, how="anti").with_columns(
        target_id=pl.lit(""), action=pl.lit("add")
    )
    removed = there.join(resolved.relationships, on=_PAIR, how="anti").with_columns(
        reason=pl.lit("no longer a contact with access in the SIS"), action=pl.lit("remove")
    )
    return pl.concat([added, removed], how="diagonal").with_columns(fields=pl.lit(""))
