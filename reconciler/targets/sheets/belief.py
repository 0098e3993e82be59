"""What is in Vidigami, as far as its exports and what was handed over tell: one directory from both.

An export that was made since the last hand-over is what there is. Without one, what was handed over is taken
for done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.frames import LED, PERSON_FIELDS, check, empty, findings, link_id, one_finding, stack
from reconciler.model import Directory, SchoolYear

if TYPE_CHECKING:
    from reconciler.model import Kept
    from reconciler.targets.sheets.exports import Listed

NEW = "new:"
"""How Vidigami's id of an object begins that it has not told yet."""
_SEAT, _PAIR = ["group_key", "host_id"], ["student_host_id", "parent_host_id"]
_UNSAID: Mapping[str, str | bool] = {
    **dict.fromkeys(("preferred_name", "grad_year", "role"), ""),
    "status": "not_activated",
    "opt_out": False,
}
"""What somebody has of whom neither an export nor a hand-over tells it."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What there is, and what that leaves to be said."""

    directory: Directory
    findings: pl.DataFrame
    """FINDINGS: `not-arrived`, `handed-over`."""


def nobody() -> Directory:
    """A directory without anybody."""
    return Directory(
        empty(frames.CURRENT_USERS),
        empty(frames.CURRENT_GROUPS),
        empty(frames.CURRENT_MEMBERSHIPS),
        empty(frames.CURRENT_RELATIONSHIPS),
    )


def believe(kept: Kept | None, listed: Mapping[str, Listed]) -> Belief:
    """The directory of today. `kept` is what was believed after the last hand-over."""
    before = kept.directory if kept else nobody()
    seen = {kind: kept.notes.get(kind, "") if kept else "" for kind in listed}
    new = {kind: one.rows for kind, one in listed.items() if one.version != seen[kind]}
    handed_over = kept.notes.get("folder", "") if kept else ""
    users = _users(before.users, new.get("users"))
    groups = _groups(before.groups, new.get("groups"))
    told = _users_not_arrived(before.users, new.get("users"), handed_over)
    told += _groups_not_arrived(before.groups, new.get("groups"), handed_over)
    moved = _moved(before.users, users)
    seats, lost = _links(before.memberships, moved, new.get("memberships"), _SEAT, ["host_id"])
    pairs, unlinked = _links(before.relationships, moved, new.get("relationships"), _PAIR, _PAIR)
    told += _links_not_arrived(
        lost.join(groups.select(group_key="key"), on="group_key", how="semi"), unlinked, handed_over
    )
    if handed_over and "users" not in new:
        how = "the next export will tell" if listed else "name target.exports.users to have it confirmed"
        told.append(one_finding("handed-over", f"{handed_over} is taken for uploaded; {how}"))
    related = _related(pairs, users)
    seated = _seated(seats, groups, users)
    if "memberships" in new:
        seated = _led(seated, related)
    directory = Directory(users, groups, seated, related)
    return Belief(directory, stack(told, frames.FINDINGS))


def _links_not_arrived(seats: pl.DataFrame, pairs: pl.DataFrame, handed_over: str) -> list[pl.DataFrame]:
    where = pl.lit(handed_over)
    parent = pl.format("was to be linked to the parent {} ({})", "parent_host_id", where)
    return [
        findings(seats, "not-arrived", pl.format("was to be a member of {} ({})", "group_key", where)),
        findings(pairs, "not-arrived", parent, host_id="student_host_id", others=pl.col("parent_host_id")),
    ]


def _users(before: pl.DataFrame, rows: pl.DataFrame | None) -> pl.DataFrame:
    """CURRENT_USERS: those of a new export, with what it does not tell of those who were there before."""
    if rows is None:
        return before
    both = _beside(before, rows)
    for name, blank in _UNSAID.items():
        if name not in rows:
            both = both.with_columns(pl.coalesce(f"was_{name}", pl.lit(blank)).alias(name))
    out = ~pl.col("was_active")
    if "status" in rows:  # else what was handed over is taken for done
        out &= pl.col("status") == "not_activated"
    users = both.with_columns(
        active=~(out.fill_null(value=False) | _past(both)),
        origin=pl.when(pl.col("was_origin") == "sync").then(pl.lit("sync")).otherwise(pl.lit("hand")),
    ).with_columns(deactivated_by=pl.when("active").then(pl.lit("")).otherwise(pl.lit("sync")))
    return check(users, frames.CURRENT_USERS)


def _beside(before: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Users of a new export, with what was believed of each as `was_*`, null of those who are new."""
    was = _under_their_ids(before, rows).select(pl.all().name.prefix("was_"))
    return rows.join(was, left_on="target_id", right_on="was_target_id", how="left", maintain_order="left")


def _under_their_ids(before: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Users of before under the ids that Vidigami has given since to those that were new."""
    given = rows.select("host_id", given="target_id")
    return (
        before.join(given, on="host_id", how="left", maintain_order="left")
        .with_columns(
            target_id=pl.when(pl.col("target_id").str.starts_with(NEW))
            .then(pl.coalesce("given", "target_id"))
            .otherwise("target_id")
        )
        .drop("given")
    )


def _past(users: pl.DataFrame) -> pl.Expr:
    """Whether somebody belongs to none but earlier school years: nobody took them out, and they are not in.

    A year that cannot be read says nothing.
    """
    if "latest_year" not in users:
        return pl.lit(value=False)
    ends = {year: _end_of(year) for year in users["latest_year"].unique()}
    now = max(ends.values(), default=0)
    past = [year for year, end in ends.items() if 0 < end < now]
    return pl.col("latest_year").is_in(past)


def _end_of(year: str) -> int:
    try:
        return SchoolYear.parse(year).end
    except ValueError:
        return 0


def _users_not_arrived(
    before: pl.DataFrame, rows: pl.DataFrame | None, handed_over: str
) -> list[pl.DataFrame]:
    """`not-arrived` for what a new export does not show of what was handed over.

    E-mails are left out: they are their owners', who may have changed them since.
    """
    if rows is None or not handed_over:
        return []
    both = _beside(before, rows).filter(pl.col("was_host_id").is_not_null())
    expected = _under_their_ids(before, rows).filter(pl.col("target_id").str.starts_with(NEW))
    other = pl.concat_str(
        [
            pl.when(pl.col(name) != pl.col(f"was_{name}")).then(pl.lit(name))
            for name in PERSON_FIELDS
            if name in rows and name != "email"
        ],
        separator=", ",
        ignore_nulls=True,
    )
    where = pl.lit(handed_over)
    cases = [
        (expected, pl.format("was to be created ({})", where)),
        (
            both.filter(pl.col("host_id") != pl.col("was_host_id")),
            pl.format("was to get the Host ID {} ({})", "was_host_id", where),
        ),
        (both.filter(other != ""), pl.format("is not as it was handed over ({}) in: {}", where, other)),
    ]
    if "status" in rows:
        still = both.filter(~pl.col("was_active") & (pl.col("status") != "not_activated"))
        cases.append((still, pl.format("was to be un-invited ({})", where)))
    return [findings(frame, "not-arrived", detail) for frame, detail in cases]


def _groups(before: pl.DataFrame, rows: pl.DataFrame | None) -> pl.DataFrame:
    """CURRENT_GROUPS: those of a new export."""
    if rows is None:
        return before
    if "target_id" not in rows:
        own = pl.when(pl.col("key") == "").then(pl.format("{}/{}", "category", "name")).otherwise("key")
        rows = rows.with_columns(target_id=own)
    keys = before.filter(pl.col("origin") == "sync")["key"].implode()
    by_sync = (pl.col("key") != "") & pl.col("key").is_in(keys)
    groups = rows.with_columns(
        kind=frames.key_kind("key"),
        origin=pl.when(by_sync).then(pl.lit("sync")).otherwise(pl.lit("hand")),
    )
    return check(groups, frames.CURRENT_GROUPS)


def _groups_not_arrived(
    before: pl.DataFrame, rows: pl.DataFrame | None, handed_over: str
) -> list[pl.DataFrame]:
    if rows is None:
        return []
    new = before.filter(pl.col("target_id").str.starts_with(NEW))
    gone = new.filter(~pl.col("key").is_in(rows["key"].implode())).with_columns(host_id=pl.lit(""))
    detail = pl.format("the group {} was to be created ({})", "key", pl.lit(handed_over))
    return [findings(gone, "not-arrived", detail)]


def _moved(before: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """`host_id, now`: under which Host ID each user of before is there; those who are not are left out."""
    now = users.select("target_id", now="host_id")
    by_id = before.select("host_id", "target_id").join(now, on="target_id")
    new = before.filter(pl.col("target_id").str.starts_with(NEW)).select("host_id", now="host_id")
    found = new.join(users.select(now="host_id"), on="now", how="semi")
    return pl.concat([by_id.select("host_id", "now"), found]).unique("host_id", maintain_order=True)


def _links(
    before: pl.DataFrame, moved: pl.DataFrame, rows: pl.DataFrame | None, key: list[str], people: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Links with their origin, and those that a sync made and a new export does not have."""
    there = before
    for end in people:
        there = (
            there.join(moved.rename({"host_id": end}), on=end, maintain_order="left")
            .with_columns(pl.col("now").alias(end))
            .drop("now")
        )
    if rows is None:
        return there.drop("target_id"), there.clear().select(key)
    made = there.filter(pl.col("origin") == "sync").select(key)
    links = rows.select(key).unique(maintain_order=True)
    links = links.join(made.with_columns(origin=pl.lit("sync")), on=key, how="left", maintain_order="left")
    return links.with_columns(pl.col("origin").fill_null("")), made.join(links, on=key, how="anti")


def _seated(seats: pl.DataFrame, groups: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """CURRENT_MEMBERSHIPS of those groups and users that are there.

    A group is known by Vidigami's own id, or by its key where that id is not told.
    """
    by_id = groups.select(group_target_id="target_id", same="target_id")
    by_key = groups.filter(pl.col("key") != "").select(group_key="key", named="target_id")
    known = seats if "group_target_id" in seats else seats.with_columns(group_target_id=pl.lit(""))
    there = (
        known.join(by_id, on="group_target_id", how="left", maintain_order="left")
        .join(by_key, on="group_key", how="left", maintain_order="left")
        .with_columns(group_target_id=pl.coalesce("same", "named"))
        .drop("group_key")
        .join(groups.select(group_key="key", group_target_id="target_id"), on="group_target_id")
        .join(users.select("host_id", user="target_id"), on="host_id", maintain_order="left")
    )
    return check(
        there.with_columns(target_id=link_id("group_target_id", "user")),
        frames.CURRENT_MEMBERSHIPS,
    )


def _led(seats: pl.DataFrame, related: pl.DataFrame) -> pl.DataFrame:
    """CURRENT_MEMBERSHIPS, with those of parents whom Vidigami itself has put where their child is."""
    seat = ["group_target_id", "host_id"]
    children = seats.select("group_target_id", student_host_id="host_id")
    led = related.join(children, on="student_host_id").select("group_target_id", host_id="parent_host_id")
    found = seats.join(led.unique().with_columns(led=True), on=seat, how="left", maintain_order="left")
    origin = pl.when(pl.col("led").is_not_null()).then(pl.lit(LED)).otherwise("origin")
    return found.with_columns(origin=origin).drop("led")


def _related(pairs: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """CURRENT_RELATIONSHIPS between users who are there."""
    for end in ("student", "parent"):
        pairs = pairs.join(
            users.select(pl.col("host_id").alias(f"{end}_host_id"), pl.col("target_id").alias(end)),
            on=f"{end}_host_id",
            maintain_order="left",
        )
    return check(
        pairs.with_columns(target_id=link_id("student", "parent")),
        frames.CURRENT_RELATIONSHIPS,
    )
