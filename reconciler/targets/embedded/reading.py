"""An embedded directory's tables as frames, whole or the few rows that a batch is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.model import Directory

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_CHUNK = 50_000  # rows turned into a frame at a time: twice as fast as all at once, and lighter

_USER_COLUMNS = [name for name in frames.CURRENT_USERS if name != "target_id"]
_USERS = {"id": pl.Int64, **{name: frames.CURRENT_USERS[name] for name in _USER_COLUMNS}}
_GROUPS = {"id": pl.Int64, "key": pl.String, "category": pl.String, "name": pl.String, "origin": pl.String}
_SELECT_USERS = f"SELECT id, {', '.join(_USER_COLUMNS)} FROM users"  # noqa: S608 - our own column names
_SELECT_GROUPS = "SELECT id, external_id, category, name, origin FROM groups"


def read_directory(connection: sqlite3.Connection | None) -> Directory:
    """CURRENT_USERS, CURRENT_GROUPS, CURRENT_MEMBERSHIPS, CURRENT_RELATIONSHIPS; empty for no directory."""
    if connection is None:
        return Directory(
            frames.empty(frames.CURRENT_USERS),
            frames.empty(frames.CURRENT_GROUPS),
            frames.empty(frames.CURRENT_MEMBERSHIPS),
            frames.empty(frames.CURRENT_RELATIONSHIPS),
        )
    users = _with_target_id(_select(connection, f"{_SELECT_USERS} ORDER BY id", _USERS))
    groups = _with_target_id(_select(connection, f"{_SELECT_GROUPS} ORDER BY id", _GROUPS))
    return Directory(
        frames.check(users, frames.CURRENT_USERS),
        frames.check(groups.with_columns(kind=_kind()), frames.CURRENT_GROUPS),
        _read_memberships(connection, groups, users),
        _read_relationships(connection, users),
    )


def users_by(connection: sqlite3.Connection, column: str, values: Iterable[str]) -> pl.DataFrame:
    """CURRENT_USERS, and `id`, of those users whose `id` or `host_id` is among `values`."""
    return _with_target_id(_select(connection, *_among(_SELECT_USERS, _USERS, column, values)))


def groups_by(connection: sqlite3.Connection, column: str, values: Iterable[str]) -> pl.DataFrame:
    """`id, target_id, key, category, name, origin` of the groups with such an `id` or `external_id`."""
    return _with_target_id(_select(connection, *_among(_SELECT_GROUPS, _GROUPS, column, values)))


def links_by_ends(
    connection: sqlite3.Connection, table: str, ends: tuple[str, str], pairs: Sequence[tuple[int, int]]
) -> pl.DataFrame:
    """`left, right, origin` of those memberships or relationships that join one of the pairs of ids."""
    left, right = ends
    return _select(
        connection,
        f"SELECT {left}, {right}, origin FROM json_each(?) AS pair JOIN {table}"  # noqa: S608 - our own names
        f" ON {left} = json_extract(pair.value, '$[0]') AND {right} = json_extract(pair.value, '$[1]')",
        {"left": pl.Int64, "right": pl.Int64, "origin": pl.String},
        [json.dumps(pairs)],
    )


def _read_memberships(
    connection: sqlite3.Connection, groups: pl.DataFrame, users: pl.DataFrame
) -> pl.DataFrame:
    # Ids are numbers and joined here: fetching all these texts from SQLite takes three times as long.
    links = _select(
        connection,
        "SELECT group_id, user_id, origin FROM memberships",
        {"group_id": pl.Int64, "user_id": pl.Int64, "origin": pl.String},
    )
    links = links.join(
        groups.select(group_id="id", group_key="key", group_target_id="target_id"), on="group_id"
    ).join(users.select("host_id", user_id="id", user_target_id="target_id"), on="user_id")
    target_id = pl.concat_str("group_target_id", "user_target_id", separator=":")
    return frames.check(
        links.sort("group_id", "user_id").with_columns(target_id=target_id), frames.CURRENT_MEMBERSHIPS
    )


def _read_relationships(connection: sqlite3.Connection, users: pl.DataFrame) -> pl.DataFrame:
    links = _select(
        connection,
        "SELECT student_id, parent_id, origin FROM relationships",
        {"student_id": pl.Int64, "parent_id": pl.Int64, "origin": pl.String},
    )
    for end in ("student", "parent"):
        links = links.join(
            users.select(
                pl.col("id").alias(f"{end}_id"),
                pl.col("host_id").alias(f"{end}_host_id"),
                pl.col("target_id").alias(f"{end}_target_id"),
            ),
            on=f"{end}_id",
        )
    target_id = pl.concat_str("student_target_id", "parent_target_id", separator=":")
    return frames.check(
        links.sort("student_id", "parent_id").with_columns(target_id=target_id), frames.CURRENT_RELATIONSHIPS
    )


def _among(
    select: str, schema: frames.Schema, column: str, values: Iterable[str]
) -> tuple[str, frames.Schema, list[str]]:
    """A selection by thousands of values, given as one parameter."""
    cast = "CAST(value AS INTEGER)" if column == "id" else "value"
    return (
        f"{select} WHERE {column} IN (SELECT {cast} FROM json_each(?)) ORDER BY id",  # noqa: S608 - our names
        schema,
        [json.dumps(list(values))],
    )


def _select(
    connection: sqlite3.Connection, query: str, schema: frames.Schema, parameters: Sequence[str] = ()
) -> pl.DataFrame:
    cursor = connection.execute(query, parameters)
    stored = {name: pl.Int64 if dtype == pl.Boolean else dtype for name, dtype in schema.items()}
    parts = [pl.DataFrame(schema=stored)]
    while rows := cursor.fetchmany(_CHUNK):
        parts.append(pl.DataFrame(rows, schema=stored, orient="row"))
    return pl.concat(parts).cast({name: pl.Boolean for name, dtype in schema.items() if dtype == pl.Boolean})


def _with_target_id(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(target_id=pl.col("id").cast(pl.String))


def _kind() -> pl.Expr:
    """What stands before the colon of a group's key."""
    return pl.col("key").str.split(":").list.first()
