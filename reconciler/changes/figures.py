"""The figures that a plan carries, so that views and reports need neither the sources nor the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PLAN_PEOPLE, check, in_key_order
from reconciler.model import Changes, Directory, Figures

if TYPE_CHECKING:
    from reconciler.model import Resolution, Roster

_DONE = {"create": "created", "update": "updated", "rekey": "updated", "reactivate": "reactivated"}


def count_figures(
    roster: Roster, resolution: Resolution, current: Directory, changes: Changes, findings: pl.DataFrame
) -> Figures:
    """Rows by what becomes of them, and groups with their sizes."""
    return Figures(
        rows=tuple(_count_rows(roster, changes, findings).to_dicts()),
        groups=tuple(_count_members(resolution, current).to_dicts()),
        unmanaged=resolution.unmanaged,
        active_users=resolution.active_users,
    )


def people_named(
    changes: Changes, findings: pl.DataFrame, roster: Roster, current: Directory
) -> pl.DataFrame:
    """PLAN_PEOPLE: who everybody is that a change or a finding names."""
    named = pl.concat(
        [
            changes.users["host_id"],
            changes.memberships["host_id"],
            changes.relationships["student_host_id"],
            changes.relationships["parent_host_id"],
            findings["host_id"],
            findings["others"].str.split(" ").explode(empty_as_null=False),
        ]
    ).unique()
    known = pl.concat([roster.people.select(*PLAN_PEOPLE), current.users.select(*PLAN_PEOPLE)])
    wanted = known.filter(pl.col("host_id").is_in(named.implode()))
    return check(wanted.unique("host_id", keep="first", maintain_order=True).sort("host_id"), PLAN_PEOPLE)


def ready_to_invite(changes: Changes) -> pl.DataFrame:
    """`host_id` of the new people who have an e-mail."""
    return changes.users.filter((pl.col("action") == "create") & (pl.col("after_email") != "")).select(
        "host_id"
    )


def _count_rows(roster: Roster, changes: Changes, findings: pl.DataFrame) -> pl.DataFrame:
    blocked = (
        findings.filter((pl.col("level") == "blocked") & (pl.col("host_id") != ""))
        .select("host_id", code="code")
        .unique("host_id", keep="first", maintain_order=True)
    )
    done = (
        changes.users.select("host_id", done=pl.col("action").replace_strict(_DONE, default=None))
        .drop_nulls()
        .unique("host_id", keep="last")
    )
    rows = roster.rows.join(blocked, on="host_id", how="left").join(done, on="host_id", how="left")
    person = pl.col("outcome") == "person"
    stopped = person & pl.col("code").is_not_null()
    return (
        rows.with_columns(
            outcome=pl.when(stopped)
            .then(pl.lit("blocked"))
            .when(person)
            .then(pl.col("done").fill_null("unchanged"))
            .otherwise("outcome"),
            reason=pl.when(stopped).then("code").otherwise("reason"),
        )
        .group_by("member_type", "outcome", "reason")
        .agg(rows=pl.len())
        .sort("member_type", "outcome", "reason")
    )


def _count_members(resolution: Resolution, current: Directory) -> pl.DataFrame:
    """`key, category, name, before, after` of our groups."""
    before = current.memberships.group_by(target_id="group_target_id").agg(before=pl.len())
    after = resolution.directory.memberships.group_by(key="group_key").agg(after=pl.len())
    return (
        resolution.directory.groups.filter(pl.col("key") != "")
        .join(before, on="target_id", how="left")
        .join(after, on="key", how="left")
        .with_columns(pl.col("before", "after").fill_null(0))
        .select("key", "category", "name", "before", "after")
        .sort(in_key_order("key"), nulls_last=True)
    )
