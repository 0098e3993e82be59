"""What differs between the resolved directory and the current one: one frame of changes a kind."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from reconciler.changes.order import order_users
from reconciler.columns import choose, where, with_values
from reconciler.frames import (
    GROUP_CHANGES,
    GROUPS,
    MEMBERSHIP_CHANGES,
    PERSON_FIELDS,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
    USERS,
    blanks,
    check,
    empty,
    group_label,
    in_key_order,
)
from reconciler.model import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.frames import Schema
    from reconciler.model import Directory

_FIELDS = ("host_id", *PERSON_FIELDS, "active")
_PAIR = ["student_host_id", "parent_host_id"]
_SEAT = ["group_key", "host_id"]
_GROUP_ORDER = in_key_order("group_key")
_NOTHING_LATER = [pl.lit("").alias(name) for name in ("later_email", "later_host_id")]
_ADD = [
    pl.col("reason"),
    pl.lit("").alias("target_id"),
    pl.lit("add").alias("action"),
    pl.lit("").alias("fields"),
]
_REMOVE = [pl.col("reason", "target_id"), pl.lit("remove").alias("action"), pl.lit("").alias("fields")]
_LABELS = [
    pl.col("target_id").alias("group_target_id"),
    group_label("key", "target_id").alias("label"),
    pl.format("{}/{}", "category", "name").alias("group"),
]
_UNDER_LABELS = [pl.coalesce("label", "group_key").alias("group_key"), pl.col("host_id", "target_id")]
_NAMED_OR_NOT = pl.col("group").fill_null("")
_WHY_REMOVED = (
    pl.when(pl.col("reason").is_null())
    .then(pl.lit("no longer in this group in the SIS"))
    .otherwise(pl.format("has left ({})", "reason"))
    .alias("reason")
)


def diff(resolved: Directory, current: Directory) -> Changes:
    """Every change that turns `current` into `resolved`, with its step and a number of its own.

    Groups come first, then users, then relationships and memberships, then deactivations; a user who
    needs an e-mail or a Host ID that another gives up comes after that one. Links of both directories
    stand under the Host IDs that the accounts get.
    """
    users, last = order_users(_diff_users(resolved, current), current.users["host_id"])
    moved = where(users, (users["target_id"] != "") & (users["before_host_id"] != users["after_host_id"]))
    relationships = _name_moved(_diff_relationships(resolved, current), moved, *_PAIR)
    memberships = _name_moved(_diff_memberships(resolved, current, users), moved, "", "host_id")
    first = 1
    numbered = {}
    for kind, frame, keys, schema in (
        ("groups", _diff_groups(resolved, current), _GROUP_ORDER, GROUP_CHANGES),
        ("users", users, ["step", "host_id"], USER_CHANGES),
        ("relationships", with_values(relationships, step=last), ["action", *_PAIR], RELATIONSHIP_CHANGES),
        ("memberships", with_values(memberships, step=last), ["action", *_SEAT], MEMBERSHIP_CHANGES),
    ):
        numbered[kind] = _number(frame, keys, schema, first)
        first += frame.height
    return Changes(**numbered)


def _number(frame: pl.DataFrame, keys: Sequence[str | pl.Expr], schema: Schema, first: int) -> pl.DataFrame:
    """The frame in canonical order, its rows numbered from `first`."""
    if frame.is_empty():
        return empty(schema)
    # A column of one value says nothing of the order, and would make sorting take twice as long.
    telling = [key for key in keys if not isinstance(key, str) or (frame[key] != frame[key][0]).any()]
    in_order = frame.sort(telling, nulls_last=True) if telling else frame
    return check(in_order.with_row_index("id", offset=first), schema)


def _diff_users(resolved: Directory, current: Directory) -> pl.DataFrame:
    """USER_CHANGES without their steps."""
    changes = _diff_objects(resolved.users, current.users, _FIELDS)
    if changes.is_empty():
        return empty(USER_CHANGES)
    was, will_be = changes["before_active"], changes["after_active"]
    action = choose(changes["before_host_id"] != changes["after_host_id"], "rekey", "update")
    action = choose(~was & will_be, "reactivate", action)
    action = choose(was & ~will_be, "deactivate", action)
    return with_values(
        changes.with_columns(_NOTHING_LATER),
        action=choose(changes["target_id"] == "", "create", action),
        host_id=changes["after_host_id"],
        reason=choose(changes["reason"] == "", "differs from the SIS", changes["reason"]),
    )


def _diff_groups(resolved: Directory, current: Directory) -> pl.DataFrame:
    """GROUP_CHANGES, all of the first step."""
    changes = _diff_objects(resolved.groups, current.groups, ("key", "category", "name"))
    if changes.is_empty():
        return empty(GROUP_CHANGES)
    return with_values(
        changes,
        action=choose(changes["target_id"] == "", "create", "update"),
        group_key=changes["after_key"],
        step=0,
        reason=choose(changes["reason"] == "", "differs from the rule set", changes["reason"]),
    )


def _diff_objects(resolved: pl.DataFrame, current: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """`target_id, reason, after_*, before_*, fields` of objects that are new or differ in one of `names`.

    Before a new object everything is blank, and false.
    """
    then = _prefixed(resolved, ["target_id", "reason"], "after_", names)
    is_new = then["target_id"] == ""
    there, new = where(then, ~is_new), where(then, is_new)
    changed = []
    if there.height:
        both = there.join(_prefixed(current, ["target_id"], "before_", names), on="target_id")
        differs = (both[f"before_{name}"] != both[f"after_{name}"] for name in names)
        changed.append(where(both, reduce(or_, differs)))
    if new.height:
        changed.append(new.with_columns(_blank_before(names)))
    parts = [_with_fields(part, names) for part in changed if part.height]
    return pl.concat(parts) if parts else then.clear()


def _prefixed(frame: pl.DataFrame, keys: list[str], prefix: str, names: tuple[str, ...]) -> pl.DataFrame:
    """The keys, and the columns of these names under longer ones."""
    part = frame[[*keys, *names]]
    part.columns = [*keys, *(prefix + name for name in names)]
    return part


@cache
def _blank_before(names: tuple[str, ...]) -> list[pl.Expr]:
    schema: Schema = {**USERS, **GROUPS}
    return blanks({f"before_{name}": schema[name] for name in names})


def _with_fields(changed: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """With the names of what differs in `fields`, by spaces."""
    return with_values(changed, fields=_combinations(names)[changed.select(_bits(names)).to_series()])


@cache
def _bits(names: tuple[str, ...]) -> pl.Expr:
    """For each of the names whether it differs, as the bits of one number."""
    differs = (pl.col(f"before_{name}") != pl.col(f"after_{name}") for name in names)
    return pl.sum_horizontal([one.cast(pl.UInt16) * 2**bit for bit, one in enumerate(differs)])


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
    """MEMBERSHIP_CHANGES without their step."""
    groups = resolved.groups.select(_LABELS)
    there = current.memberships
    if there.height:
        kept = where(groups, groups["group_target_id"] != "")
        there = there.join(kept, on="group_target_id", how="left").select(_UNDER_LABELS)
    added = _missing_from(there, resolved.memberships, _SEAT)
    removed = _missing_from(resolved.memberships, there, _SEAT)
    if removed.height:
        leavers = where(users, users["action"] == "deactivate")[["host_id", "reason"]]
        removed = removed.join(leavers, on="host_id", how="left").with_columns(_WHY_REMOVED)
    both = _come_and_go(added, removed, _SEAT, MEMBERSHIP_CHANGES)
    if both.is_empty():
        return both
    names = groups[["label", "group"]]
    return both.join(names, left_on="group_key", right_on="label", how="left").with_columns(_NAMED_OR_NOT)


def _diff_relationships(resolved: Directory, current: Directory) -> pl.DataFrame:
    """RELATIONSHIP_CHANGES without their step."""
    added = _missing_from(current.relationships, resolved.relationships, _PAIR)
    removed = _missing_from(resolved.relationships, current.relationships, _PAIR)
    if removed.height:
        removed = removed.with_columns(reason=pl.lit("no longer a contact with access in the SIS"))
    return _come_and_go(added, removed, _PAIR, RELATIONSHIP_CHANGES)


def _missing_from(some: pl.DataFrame, links: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Those of the links that are not among some others."""
    return links.join(some, on=key, how="anti") if some.height and links.height else links


def _come_and_go(added: pl.DataFrame, removed: pl.DataFrame, key: list[str], schema: Schema) -> pl.DataFrame:
    """Changes that add and remove links, for the reasons that these give."""
    sides = ((added, _ADD), (removed, _REMOVE))
    parts = [links.select(*key, *marks) for links, marks in sides if links.height]
    return pl.concat(parts) if parts else empty(schema)


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
