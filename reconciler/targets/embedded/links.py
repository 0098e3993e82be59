"""Membership and relationship changes, carried out in an embedded directory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from reconciler.targets.embedded.judging import settle
from reconciler.targets.embedded.reading import groups_by, links_by_ends, users_by

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class _Table:
    """Where links of a kind are kept."""

    name: str
    left: str
    right: str

    @property
    def insert(self) -> str:
        return f"INSERT INTO {self.name} ({self.left}, {self.right}, origin) VALUES (?, ?, 'sync')"  # noqa: S608

    @property
    def delete(self) -> str:
        return f"DELETE FROM {self.name} WHERE {self.left} = ? AND {self.right} = ?"  # noqa: S608 - our names


_TARGET_ID = r"^(\d+):(\d+)$"
_MEMBERSHIPS = _Table("memberships", "group_id", "user_id")
_RELATIONSHIPS = _Table("relationships", "student_id", "parent_id")


def write_memberships(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out MEMBERSHIP_CHANGES; gives `id, outcome, detail`."""
    adds = changes.filter(pl.col("action") == "add")
    keys = adds["group_key"].unique()
    groups = groups_by(connection, "external_id", keys.filter(keys != ""))  # '' is every group without a key
    users = users_by(connection, "host_id", adds["host_id"].unique())
    found = adds.join(
        groups.select(group_key="key", left="id"), on="group_key", how="left", maintain_order="left"
    ).join(users.select("host_id", right="id"), on="host_id", how="left", maintain_order="left")
    return _write(
        connection,
        _MEMBERSHIPS,
        changes.filter(pl.col("action") == "remove"),
        found.with_columns(left_name=pl.format("group {}", "group_key"), right_name=_account("host_id")),
    )


def write_relationships(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out RELATIONSHIP_CHANGES; gives `id, outcome, detail`."""
    student, parent = "student_host_id", "parent_host_id"
    adds = changes.filter(pl.col("action") == "add")
    users = users_by(connection, "host_id", pl.concat([adds[student], adds[parent]]).unique())
    found = adds.join(
        users.select(left="id", **{student: "host_id"}), on=student, how="left", maintain_order="left"
    ).join(users.select(right="id", **{parent: "host_id"}), on=parent, how="left", maintain_order="left")
    return _write(
        connection,
        _RELATIONSHIPS,
        changes.filter(pl.col("action") == "remove"),
        found.with_columns(left_name=_account(student), right_name=_account(parent)),
    )


def _account(column: str) -> pl.Expr:
    return pl.format("account {}", column)


def _write(
    connection: sqlite3.Connection, table: _Table, removes: pl.DataFrame, adds: pl.DataFrame
) -> pl.DataFrame:
    return pl.concat([_remove(connection, table, removes), _add(connection, table, adds)])


def _remove(connection: sqlite3.Connection, table: _Table, changes: pl.DataFrame) -> pl.DataFrame:
    """Take out links that a sync made, by `target_id`."""
    named = changes.with_columns(
        pl.col("target_id").str.extract(_TARGET_ID, group).cast(pl.Int64, strict=False).alias(end)
        for group, end in enumerate(("left", "right"), start=1)
    )
    by_hand = pl.col("origin") == "hand"
    judged = _beside_live(connection, table, named).with_columns(
        outcome=pl.when(by_hand)
        .then(pl.lit("stale"))
        .when(pl.col("origin").is_null())
        .then(pl.lit("already"))
        .otherwise(pl.lit("todo")),
        detail=pl.when(by_hand)
        .then(pl.lit("somebody has made it by hand since the plan"))
        .otherwise(pl.lit("")),
    )
    return settle(judged, partial(connection.execute, table.delete), ["left", "right"])


def _add(connection: sqlite3.Connection, table: _Table, found: pl.DataFrame) -> pl.DataFrame:
    """Make links between the ids `left` and `right`; one that is null is missing under its `_name`."""
    missing = pl.concat_str(
        [pl.when(pl.col(end).is_null()).then(f"{end}_name") for end in ("left", "right")],
        separator=" and ",
        ignore_nulls=True,
    )
    judged = _beside_live(connection, table, found).with_columns(
        outcome=pl.when(missing != "")
        .then(pl.lit("failed"))
        .when(pl.col("origin").is_null())
        .then(pl.lit("todo"))
        .otherwise(pl.lit("already")),
        detail=pl.when(missing != "").then(pl.format("there is no {}", missing)).otherwise(pl.lit("")),
    )
    return settle(judged, partial(connection.execute, table.insert), ["left", "right"])


def _beside_live(connection: sqlite3.Connection, table: _Table, links: pl.DataFrame) -> pl.DataFrame:
    """Links with the `origin` that they have in the directory, null for one that is not there."""
    pairs = links.select("left", "right").drop_nulls().rows()
    live = links_by_ends(connection, table.name, (table.left, table.right), pairs)
    return links.join(live, on=["left", "right"], how="left", maintain_order="left")
