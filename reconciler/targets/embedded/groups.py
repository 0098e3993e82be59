"""Group changes, carried out in an embedded directory."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from reconciler.targets.embedded.reading import groups_by
from reconciler.targets.embedded.settling import REFUSED, settle
from reconciler.targets.judging import judge_create, judge_update, same

if TYPE_CHECKING:
    import sqlite3

    from reconciler.targets.embedded.carrying import Row

_FIELDS = ("key", "category", "name")


def write_groups(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out GROUP_CHANGES; gives `id, outcome, detail`."""
    creating = pl.col("action") == "create"
    return pl.concat(
        [_update(connection, changes.filter(~creating)), _create(connection, changes.filter(creating))]
    )


def _update(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    live = groups_by(connection, "id", changes["target_id"]).select(pl.all().name.prefix("live_"))
    matched = changes.join(
        live, left_on="target_id", right_on="live_target_id", how="left", maintain_order="left"
    )
    listed = {name: pl.col(f"before_{name}") != pl.col(f"after_{name}") for name in _FIELDS}
    done = {name: same(name, f"live_{name}", f"after_{name}") for name in _FIELDS}
    # A parameter that is null leaves its column alone.
    written = [pl.when(f"todo_{name}").then(f"after_{name}").alias(name) for name in _FIELDS]
    return settle(
        connection,
        judge_update(matched, listed, done, "group"),
        [*written, pl.col("live_id")],
        partial(
            connection.executemany,
            "UPDATE groups SET external_id = coalesce(?, external_id), category = coalesce(?, category),"
            " name = coalesce(?, name) WHERE id = ?",
        ),
        partial(_explain, connection),
    )


def _create(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    live = groups_by(connection, "external_id", changes["after_key"]).select(pl.all().name.prefix("live_"))
    matched = changes.join(live, left_on="after_key", right_on="live_key", how="left", maintain_order="left")
    return settle(
        connection,
        judge_create(matched, ("category", "name"), "group"),
        [pl.col(f"after_{name}") for name in _FIELDS],
        partial(
            connection.executemany,
            "INSERT INTO groups (external_id, category, name, origin) VALUES (?, ?, ?, 'sync')",
        ),
        partial(_explain, connection),
    )


def _explain(connection: sqlite3.Connection, row: Row) -> str:
    """Why the directory refused a row of key, category and name, and the id of a group that exists."""
    key, category, name, target_id = (*row, 0)[:4]
    holder = connection.execute(
        "SELECT 1 FROM groups WHERE external_id = ? AND id <> ?", [key, target_id]
    ).fetchone()
    if holder:
        return "another group has its key"
    taken = connection.execute(
        "SELECT 1 FROM groups LEFT JOIN groups AS own ON own.id = ? WHERE groups.category ="
        " coalesce(?, own.category) AND groups.name = coalesce(?, own.name)",
        [target_id, category, name],
    ).fetchone()
    return "another group has its category and name" if taken else REFUSED
