"""Membership and relationship changes, carried out in an embedded directory.

A batch is staged in the temporary table `wanted`, and what the directory has of it in `found`: the ids of the
two ends of each link, and its origin, null for what is not there. What is left to do is then one statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from reconciler.targets.embedded.carrying import stage
from reconciler.targets.embedded.reading import select
from reconciler.targets.embedded.settling import settle

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from reconciler.targets.embedded.carrying import Row


@dataclass(frozen=True, slots=True)
class _Table:
    """Where links of a kind are kept, and how their ends are looked up by key."""

    name: str
    left: str
    right: str
    left_end: str
    right_end: str


_MEMBERSHIPS = _Table(
    "memberships",
    "group_id",
    "user_id",
    left_end="groups AS left_end ON external_id = left_key AND external_id <> ''",  # '' stands for no key
    right_end="users AS right_end ON right_end.host_id = right_key",
)
_RELATIONSHIPS = _Table(
    "relationships",
    "student_id",
    "parent_id",
    left_end="users AS left_end ON left_end.host_id = left_key",
    right_end="users AS right_end ON right_end.host_id = right_key",
)
_FOUND = {"position": pl.UInt32, "left_id": pl.Int64, "right_id": pl.Int64, "origin": pl.String}
_TO_ADD = "left_id IS NOT NULL AND right_id IS NOT NULL AND origin IS NULL"
_TO_REMOVE = "origin = 'sync'"
_TARGET_ID = r"^(\d*):(\d*)$"


def write_memberships(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out MEMBERSHIP_CHANGES; gives `id, outcome, detail`."""
    keys = {"left_key": pl.col("group_key"), "right_key": pl.col("host_id")}
    names = (pl.format("group {}", "left_key"), pl.format("account {}", "right_key"))
    return _write(connection, _MEMBERSHIPS, changes.with_columns(**keys), names)


def write_relationships(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out RELATIONSHIP_CHANGES; gives `id, outcome, detail`."""
    keys = {"left_key": pl.col("student_host_id"), "right_key": pl.col("parent_host_id")}
    names = (pl.format("account {}", "left_key"), pl.format("account {}", "right_key"))
    return _write(connection, _RELATIONSHIPS, changes.with_columns(**keys), names)


def _write(
    connection: sqlite3.Connection, table: _Table, changes: pl.DataFrame, names: tuple[pl.Expr, pl.Expr]
) -> pl.DataFrame:
    removing = pl.col("action") == "remove"
    return pl.concat(
        [
            _remove(connection, table, changes.filter(removing)),
            _add(connection, table, changes.filter(~removing), names),
        ]
    )


def _remove(connection: sqlite3.Connection, table: _Table, changes: pl.DataFrame) -> pl.DataFrame:
    """Take out links that a sync made, by `target_id`."""
    ids = changes.select(
        pl.col("target_id").str.extract(_TARGET_ID, group).cast(pl.Int64, strict=False).alias(end)
        for group, end in enumerate(("left_key", "right_key"), start=1)
    )
    _find(connection, table, ids, ("left_key", "right_key"))
    by_hand = pl.col("origin") == "hand"
    judged = _beside(changes, _odd(connection, _TO_REMOVE)).with_columns(
        outcome=pl.when(~pl.col("odd"))
        .then(pl.lit("todo"))
        .when(by_hand)
        .then(pl.lit("stale"))
        .otherwise(pl.lit("already")),
        detail=pl.when(by_hand)
        .then(pl.lit("somebody has made it by hand since the plan"))
        .otherwise(pl.lit("")),
    )
    delete = f"""
        DELETE FROM {table.name}
        WHERE ({table.left}, {table.right}) IN (
            SELECT left_id, right_id FROM temp.found WHERE position BETWEEN ? AND ? AND {_TO_REMOVE}
        )
    """  # noqa: S608 - our own names
    return settle(connection, judged, ["position"], partial(_perform, connection, delete))


def _add(
    connection: sqlite3.Connection, table: _Table, changes: pl.DataFrame, names: tuple[pl.Expr, pl.Expr]
) -> pl.DataFrame:
    """Make links between what the keys stand for; `names` are what each end is called if it is not there."""
    lookups = f"LEFT JOIN {table.left_end} LEFT JOIN {table.right_end}"
    _find(
        connection, table, changes.select("left_key", "right_key"), ("left_end.id", "right_end.id"), lookups
    )
    _drop_others(connection, changes)
    ends = zip(("left_id", "right_id"), names, strict=True)
    missing = pl.concat_str(
        [pl.when("odd", pl.col(end).is_null()).then(name) for end, name in ends],
        separator=" and ",
        ignore_nulls=True,
    )
    judged = _beside(changes, _odd(connection, _TO_ADD)).with_columns(
        outcome=pl.when(missing != "")
        .then(pl.lit("failed"))
        .when("odd")
        .then(pl.lit("already"))
        .otherwise(pl.lit("todo")),
        detail=pl.when(missing != "").then(pl.format("there is no {}", missing)).otherwise(pl.lit("")),
    )
    # In the order of the table: SQLite is two to three times as slow in any other.
    insert = f"""
        INSERT INTO {table.name} ({table.left}, {table.right}, origin)
        SELECT left_id, right_id, 'sync'
        FROM temp.found
        WHERE position BETWEEN ? AND ? AND {_TO_ADD}
        ORDER BY left_id, right_id
    """  # noqa: S608 - our own names
    return settle(connection, judged, ["position"], partial(_perform, connection, insert))


def _find(
    connection: sqlite3.Connection, table: _Table, keys: pl.DataFrame, ids: tuple[str, str], lookups: str = ""
) -> None:
    """Fill `found` with what is there of the links with these keys; `ids` says how ids follow from keys."""
    left_id, right_id = ids
    stage(connection, "wanted", ("position", *keys.columns), keys.with_row_index("position").rows())
    stage(connection, "found", ("position INTEGER PRIMARY KEY", "left_id", "right_id", "origin"), [])
    connection.execute(
        f"""
        INSERT INTO temp.found
        SELECT position, {left_id}, {right_id}, live.origin
        FROM temp.wanted
        {lookups}
        LEFT JOIN {table.name} AS live ON live.{table.left} = {left_id} AND live.{table.right} = {right_id}
        """  # noqa: S608 - our own names
    )


def _drop_others(connection: sqlite3.Connection, changes: pl.DataFrame) -> None:
    """Take for missing whatever end is not the account that its change names by `target_id`."""
    named = changes.with_row_index("position").filter(pl.col("target_id") != "")
    for group, end in enumerate(("left_id", "right_id"), start=1):
        ids = named.select(
            "position", id=pl.col("target_id").str.extract(_TARGET_ID, group).cast(pl.Int64, strict=False)
        ).filter(pl.col("id").is_not_null())
        connection.executemany(
            f"UPDATE temp.found SET {end} = NULL WHERE position = ? AND {end} <> ?",  # noqa: S608 - ours
            ids.rows(),
        )


def _odd(connection: sqlite3.Connection, usual: str) -> pl.DataFrame:
    """What was found of those links with which there is not just something to do."""
    return select(connection, f"SELECT * FROM temp.found WHERE ({usual}) IS NOT TRUE", _FOUND)  # noqa: S608


def _beside(changes: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
    """Changes with their `position`, whether they are `odd`, and what was found of those that are."""
    return (
        changes.with_row_index("position")
        .join(odd.with_columns(odd=True), on="position", how="left", maintain_order="left")
        .with_columns(pl.col("odd").fill_null(value=False))
    )


def _perform(connection: sqlite3.Connection, statement: str, positions: Sequence[Row]) -> None:
    """Carry out a statement for what stands in `found` from the first position to the last."""
    connection.execute(statement, [positions[0][0], positions[-1][0]])
