"""The figures that a plan carries, so that views and reports need neither the sources nor the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.changes.guard import count_held
from reconciler.frames import PLAN_PEOPLE, check, in_key_order
from reconciler.keys import first_of_each, is_among, one_of, put
from reconciler.model import Changes, Directory, Figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Resolution, Roster

_DONE = {"create": "created", "update": "updated", "rekey": "updated", "reactivate": "reactivated"}


def count_figures(  # noqa: PLR0913 - all that a plan is made of
    roster: Roster,
    resolution: Resolution,
    current: Directory,
    changes: Changes,
    findings: pl.DataFrame,
    *,
    unfinished_import: bool,
) -> Figures:
    """Rows by what becomes of them, groups with their sizes, and what guards count from.

    `unfinished_import` says that what is there of ours comes from a first import that was never finished.
    """
    return Figures(
        rows=tuple(_count_rows(roster, changes, findings).to_dicts()),
        groups=tuple(_count_members(resolution, current).to_dicts()),
        unmanaged=resolution.unmanaged,
        active_users=resolution.active_users,
        populations=resolution.populations,
        held=count_held(current),
        first_import=unfinished_import or not resolution.populations["accounts"],
    )


def people_named(
    changes: Changes, findings: pl.DataFrame, *among: pl.DataFrame, gone: pl.DataFrame | None = None
) -> pl.DataFrame:
    """PLAN_PEOPLE: who everybody is that a change or a finding names, `among` these people and accounts.

    Where an account's person is GONE, the place is that of the row that says so.
    """
    named = pl.concat(
        [
            changes.users["host_id"],
            changes.memberships["host_id"],
            changes.relationships["student_host_id"],
            changes.relationships["parent_host_id"],
            findings["host_id"],
            findings["others"].str.split(" ").explode(empty_as_null=False),
        ]
    ).to_frame()
    nowhere = {"file": pl.lit(""), "line": pl.lit(0, pl.UInt32)}
    sides = [
        side.with_columns(
            **{name: value for name, value in nowhere.items() if name not in side.columns}
        ).select(*PLAN_PEOPLE)
        for side in among
    ]
    wanted = pl.concat([side.filter(is_among(side.select("host_id"), named)) for side in sides])
    people = first_of_each(wanted, ["host_id"]).sort("host_id")
    return check(people if gone is None else _with_places(people, gone), PLAN_PEOPLE)


def _with_places(people: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """PLAN_PEOPLE with the places of GONE where they have none."""
    unplaced = (people["file"] == "").arg_true()
    if not unplaced.len() or not gone.height:
        return people
    found = people.select(pl.col("host_id").gather(unplaced)).join(
        gone, on="host_id", how="left", maintain_order="left"
    )
    return put(people, unplaced, found.select(pl.col("file").fill_null(""), pl.col("line").fill_null(0)))


def ready_to_invite(changes: Changes) -> pl.DataFrame:
    """`host_id` of the new people who have an e-mail."""
    return changes.users.filter((pl.col("action") == "create") & (pl.col("after_email") != "")).select(
        "host_id"
    )


def _count_rows(roster: Roster, changes: Changes, findings: pl.DataFrame) -> pl.DataFrame:
    blocked = (
        findings.filter((pl.col("level") == "blocked") & (pl.col("host_id") != ""))
        .select("host_id", outcome=pl.lit("blocked"), reason="code")
        .unique("host_id", keep="first", maintain_order=True)
    )
    done = changes.users.select(
        "host_id",
        "action",
        member_type="after_member_type",
        outcome=pl.col("action").replace_strict(_DONE, default=""),
    ).filter(pl.col("outcome") != "", ~one_of("host_id", blocked["host_id"]))
    key = ["member_type", "outcome", "reason"]
    # Who is created is a person of the roster; any other change may be of the account of somebody who is not.
    # Where the directory holds no member types, the roster tells them.
    is_new = (pl.col("action") == "create") & (pl.col("member_type") != "")
    created = done.filter(is_new).select("member_type", "outcome", reason=pl.lit(""))
    others = done.filter(~is_new).unique("host_id", keep="last")
    told = pl.concat([blocked, others.select("host_id", "outcome", reason=pl.lit(""))])
    carried_on = roster.people.select("host_id", "member_type", "blocked").filter(
        one_of("host_id", told["host_id"]), pl.col("blocked") == ""
    )
    known = carried_on.join(told, on="host_id").select(key)
    theirs = pl.concat([created, known]).group_by(key).agg(rows=pl.len())
    less = theirs.group_by("member_type").agg(less=pl.col("rows").sum())
    persons = roster.rows.filter(outcome="person").join(less, on="member_type", how="left")
    unchanged = persons.select(
        "member_type",
        outcome=pl.lit("unchanged"),
        reason=pl.lit(""),
        rows=pl.col("rows") - pl.col("less").fill_null(0),
    )
    left = roster.rows.filter(pl.col("outcome") != "person")
    every = pl.concat([unchanged, theirs, left]).group_by(key).agg(pl.col("rows").sum())
    return every.filter(pl.col("rows") > 0).sort(key)


def count_undone(changes: Changes, current: Directory, then: Mapping[str, int]) -> Figures:
    """The figures of a plan that undoes a run; `then` are that run's populations, moved to today."""
    sizes = current.memberships.group_by(target_id="group_target_id").agg(before=pl.len())
    moved = changes.memberships.group_by(key="group_key").agg(
        after=pl.when(pl.col("action") == "add").then(1).otherwise(-1).sum()
    )
    groups = current.groups.filter(pl.col("key") != "")
    groups = groups.join(sizes, on="target_id", how="left").join(moved, on="key", how="left")
    groups = groups.with_columns(pl.col("before", "after").fill_null(0).cast(pl.Int64))
    groups = groups.with_columns(after=pl.col("before") + pl.col("after"))
    return Figures(
        rows=(),
        groups=tuple(groups.select("key", "category", "name", "before", "after").sort("key").to_dicts()),
        unmanaged={},
        active_users=int(current.users["active"].sum()),
        populations=then,
        held=count_held(current),
    )


def _sizes(memberships: pl.DataFrame, group: str, **named: str) -> pl.DataFrame:
    """How many rows there are of each group, under the names that both columns get."""
    ((key, count),) = named.items()
    return memberships[group].alias(key).value_counts(name=count)


def _count_members(resolution: Resolution, current: Directory) -> pl.DataFrame:
    """`key, category, name, before, after` of our groups."""
    before = _sizes(current.memberships, "group_target_id", target_id="before")
    out = _sizes(resolution.before.memberships, "group_target_id", target_id="out")
    into = _sizes(resolution.after.memberships, "group_key", key="into")
    groups = resolution.after.groups.filter(pl.col("key") != "")
    for some, key in ((before, "target_id"), (out, "target_id"), (into, "key")):
        groups = groups.join(some, on=key, how="left")
    return (
        groups.with_columns(pl.col("before", "out", "into").fill_null(0))
        .with_columns(after=pl.col("before") - pl.col("out") + pl.col("into"))
        .select("key", "category", "name", "before", "after")
        .sort(in_key_order("key"), nulls_last=True)
    )
