"""The figures that a plan carries, so that views and reports need neither the sources nor the directory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from reconciler.changes.guard import count_held
from reconciler.columns import framed, where, with_values
from reconciler.frames import PLAN_PEOPLE, check, empty, in_key_order
from reconciler.keys import first_of_each, is_among, put
from reconciler.model import Changes, Directory, Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import Resolution, Roster

_Fate: TypeAlias = tuple[str, ...]
"""Member type, outcome and reason."""

_DONE = {"create": "created", "update": "updated", "rekey": "updated", "reactivate": "reactivated"}
_WHAT_CHANGED = [
    pl.col("host_id"),
    pl.col("action").replace_strict(_DONE).alias("outcome"),
    pl.lit("").alias("reason"),
]
_NOBODY = empty(PLAN_PEOPLE)
_FATE = ["member_type", "outcome", "reason"]
_KEY_ORDER = in_key_order("key")


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
        rows=tuple(_count_rows(roster, changes, findings)),
        groups=tuple(_count_members(resolution, current)),
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
    others = findings["others"]
    named = [
        changes.users["host_id"],
        changes.memberships["host_id"],
        changes.relationships["student_host_id"],
        changes.relationships["parent_host_id"],
        findings["host_id"],
        others if (others == "").all() else others.str.split(" ").explode(empty_as_null=False),
    ]
    names = pl.concat(named).to_frame()
    sides = [_placed(side) for side in among if side.height]
    wanted = pl.concat([where(side, is_among(side[["host_id"]], names)) for side in sides] or [_NOBODY])
    people = first_of_each(wanted, ["host_id"]).sort("host_id")
    return check(people if gone is None else _with_places(people, gone), PLAN_PEOPLE)


def _placed(people: pl.DataFrame) -> pl.DataFrame:
    """PLAN_PEOPLE, without a place where the people have none."""
    known = people[[name for name in PLAN_PEOPLE if name in people.columns]]
    return known if known.width == len(PLAN_PEOPLE) else with_values(known, file="", line=0)


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
    users = changes.users
    return where(users, (users["action"] == "create") & (users["after_email"] != ""))[["host_id"]]


def _count_rows(roster: Roster, changes: Changes, findings: pl.DataFrame) -> Iterator[dict[str, str | int]]:
    """ROWS of the import summary: what becomes of each row of the exports."""
    counts = Counter({tuple(key): rows for *key, rows in roster.rows.rows()})
    for key, rows in _count_told(roster.people, changes.users, findings).items():
        counts[key] += rows
        counts[key[0], "person", ""] -= rows
    for member in {member for member, outcome, _ in counts if outcome == "person"}:
        counts[member, "unchanged", ""] = counts.pop((member, "person", ""))
    for (member, outcome, reason), rows in sorted(counts.items()):
        if rows > 0:
            yield {"member_type": member, "outcome": outcome, "reason": reason, "rows": rows}


def _count_told(people: pl.DataFrame, users: pl.DataFrame, findings: pl.DataFrame) -> Counter[_Fate]:
    """How many of the people who are carried on are blocked after all, created or changed."""
    blocked = where(findings, (findings["level"] == "blocked") & (findings["host_id"] != ""))
    told = framed(host_id=blocked["host_id"], outcome="blocked", reason=blocked["code"])
    if told.height:
        told = told.unique("host_id", keep="first", maintain_order=True)
        users = where(users, ~is_among(users[["host_id"]], told[["host_id"]]))
    # Who is created is a person of the roster; any other change may be of the account of somebody who is not.
    # Where the directory holds no member types, the roster tells them.
    is_new = (users["action"] == "create") & (users["after_member_type"] != "")
    created = users["after_member_type"].filter(is_new).value_counts()
    others = where(users, ~is_new & (users["action"] != "deactivate"))
    if others.height:
        told = pl.concat([told, others.unique("host_id", keep="last").select(_WHAT_CHANGED)])
    counts: Counter[_Fate] = Counter({(member, "created", ""): rows for member, rows in created.rows()})
    carried_on = where(people, (people["blocked"] == "") & is_among(people[["host_id"]], told[["host_id"]]))
    if carried_on.height:
        known = carried_on[["host_id", "member_type"]].join(told, on="host_id")
        counts.update({tuple(key): rows for *key, rows in known.group_by(_FATE).len().rows()})
    return counts


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


def _count_members(resolution: Resolution, current: Directory) -> Iterator[dict[str, str | int]]:
    """`key, category, name, before, after` of our groups, in the order of their keys."""
    held = _sizes(current.memberships["group_target_id"])
    out = _sizes(resolution.before.memberships["group_target_id"])
    into = _sizes(resolution.after.memberships["group_key"])
    groups = resolution.after.groups
    ours = where(groups, groups["key"] != "").sort(_KEY_ORDER, nulls_last=True)
    for key, category, name, target_id in ours[["key", "category", "name", "target_id"]].rows():
        before = held.get(target_id, 0)
        after = before - out.get(target_id, 0) + into.get(key, 0)
        yield {"key": key, "category": category, "name": name, "before": before, "after": after}


def _sizes(groups: pl.Series) -> dict[str, int]:
    """How many memberships there are of each group."""
    return dict(groups.value_counts().rows())
