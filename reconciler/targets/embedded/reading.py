"""An embedded directory's tables as frames, whole or the few rows that a batch is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.model import Directory

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

_AT_ONCE = 50_000
"""Rows read at a time: they are in memory several times over until they are a frame."""

_USERS = {"id": pl.Int64, **frames.CURRENT_USERS}
del _USERS["target_id"]  # the id as text
_GROUPS = {"id": pl.Int64, "key": pl.String, "category": pl.String, "name": pl.String, "origin": pl.String}
_MEMBERSHIPS = {"group_id": pl.Int64, "user_id": pl.Int64, "origin": pl.String}
_RELATIONSHIPS = {"student_id": pl.Int64, "parent_id": pl.Int64, "origin": pl.String}
_SELECT_USERS = f"SELECT {', '.join(_USERS)} FROM users"  # noqa: S608 - our own column names
_SELECT_GROUPS = "SELECT id, external_id AS key, category, name, origin FROM groups"


def read_directory(connection: sqlite3.Connection | None) -> Directory:
    """CURRENT_USERS, CURRENT_GROUPS, CURRENT_MEMBERSHIPS, CURRENT_RELATIONSHIPS; empty for no directory."""
    if connection is None:
        return Directory(
            frames.empty(frames.CURRENT_USERS),
            frames.empty(frames.CURRENT_GROUPS),
            frames.empty(frames.CURRENT_MEMBERSHIPS),
            frames.empty(frames.CURRENT_RELATIONSHIPS),
        )
    return Directory(**dict(read_tables(connection)))


def read_tables(connection: sqlite3.Connection) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables of a directory by name, one after the other: they need not be held all at once."""
    users = _with_target_id(_in_parts(connection, "users", ("id",), _USERS))
    yield "users", frames.check(users, frames.CURRENT_USERS)
    users = users.select("id", "host_id", "target_id")
    groups = _with_target_id(select(connection, _SELECT_GROUPS, _GROUPS)).sort("id")
    yield "groups", frames.check(groups.with_columns(kind=frames.key_kind("key")), frames.CURRENT_GROUPS)
    yield "memberships", _read_memberships(connection, groups, users)
    yield "relationships", _read_relationships(connection, users)


def count_rows(connection: sqlite3.Connection) -> int:
    """How many users, memberships and relationships there are."""
    (rows,) = connection.execute(
        "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM memberships)"
        " + (SELECT count(*) FROM relationships)"
    ).fetchone()
    return int(rows)


def users_by(connection: sqlite3.Connection, column: str, values: Iterable[str]) -> pl.DataFrame:
    """CURRENT_USERS, and `id`, of those users whose `id` or `host_id` is among `values`."""
    return _with_target_id(select(connection, *_among(_SELECT_USERS, _USERS, column, values)))


def ids_of(connection: sqlite3.Connection, host_ids: Iterable[str]) -> dict[str, str]:
    """Host ID -> target id, of those accounts that are there."""
    schema = {"id": pl.Int64, "host_id": pl.String}
    found = select(connection, *_among("SELECT id, host_id FROM users", schema, "host_id", host_ids))
    return dict(found.select("host_id", pl.col("id").cast(pl.String)).rows())


def groups_by(connection: sqlite3.Connection, column: str, values: Iterable[str]) -> pl.DataFrame:
    """`id, target_id, key, category, name, origin` of the groups with such an `id` or `external_id`."""
    return _with_target_id(select(connection, *_among(_SELECT_GROUPS, _GROUPS, column, values)))


def select(
    connection: sqlite3.Connection, query: str, schema: frames.Schema, parameters: Sequence[str | int] = ()
) -> pl.DataFrame:
    """What a query gives, as a frame of `schema`; the rows come in any order.

    Each column comes out of SQLite as one JSON array: rows as tuples would take three times as long.
    """
    arrays = ", ".join(f"'{name}', json_group_array({name})" for name in schema)
    (text,) = connection.execute(f"SELECT json_object({arrays}) FROM ({query})", parameters).fetchone()  # noqa: S608
    flags = [name for name, dtype in schema.items() if dtype == pl.Boolean]  # numbers in SQLite
    stored = {name: pl.Int64 if name in flags else dtype for name, dtype in schema.items()}
    lists = pl.Struct({name: pl.List(dtype) for name, dtype in stored.items()})
    columns = pl.Series([text]).str.json_decode(lists).struct.unnest()
    rows = columns.explode(list(schema), empty_as_null=False)
    return rows.with_columns(pl.col(flags).cast(pl.Boolean)) if flags else rows


def _in_parts(
    connection: sqlite3.Connection, table: str, key: Sequence[str], schema: frames.Schema
) -> pl.DataFrame:
    """The columns of `schema` of a whole table, in the order of its primary key."""
    names, places = ", ".join(key), ", ".join("?" for _ in key)
    parts = []
    last: tuple[int, ...] | None = ()
    while last is not None:
        after = f"({names}) > ({places})" if last else "TRUE"
        end = connection.execute(
            f"SELECT {names} FROM {table} WHERE {after}"  # noqa: S608 - our own names
            f" ORDER BY {names} LIMIT 1 OFFSET {_AT_ONCE - 1}",
            last,
        ).fetchone()
        until = f"({names}) <= ({places})" if end else "TRUE"
        query = f"SELECT {', '.join(schema)} FROM {table} WHERE {after} AND {until}"  # noqa: S608
        parts.append(select(connection, query, schema, [*last, *(end or ())]).sort(key))
        last = end
    return pl.concat(parts)


def _read_memberships(
    connection: sqlite3.Connection, groups: pl.DataFrame, users: pl.DataFrame
) -> pl.DataFrame:
    # Ids are numbers and joined here: fetching all these texts from SQLite takes three times as long.
    links = _in_parts(connection, "memberships", tuple(_MEMBERSHIPS)[:2], _MEMBERSHIPS)
    links = links.join(
        groups.select(group_id="id", group_key="key", group_target_id="target_id"),
        on="group_id",
        maintain_order="left",
    ).join(
        users.select("host_id", user_id="id", user_target_id="target_id"),
        on="user_id",
        maintain_order="left",
    )
    target_id = pl.concat_str("group_target_id", "user_target_id", separator=":")
    return frames.check(links.with_columns(target_id=target_id), frames.CURRENT_MEMBERSHIPS)


def _read_relationships(connection: sqlite3.Connection, users: pl.DataFrame) -> pl.DataFrame:
    links = _in_parts(connection, "relationships", tuple(_RELATIONSHIPS)[:2], _RELATIONSHIPS)
    for end in ("student", "parent"):
        links = links.join(
            users.select(
                pl.col("id").alias(f"{end}_id"),
                pl.col("host_id").alias(f"{end}_host_id"),
                pl.col("target_id").alias(f"{end}_target_id"),
            ),
            on=f"{end}_id",
            maintain_order="left",
        )
    target_id = pl.concat_str("student_target_id", "parent_target_id", separator=":")
    return frames.check(links.with_columns(target_id=target_id), frames.CURRENT_RELATIONSHIPS)


def _among(
    query: str, schema: frames.Schema, column: str, values: Iterable[str]
) -> tuple[str, frames.Schema, list[str]]:
    """A selection by thousands of values, given as one parameter."""
    cast = "CAST(value AS INTEGER)" if column == "id" else "value"
    return (
        f"{query} WHERE {column} IN (SELECT {cast} FROM json_each(?))",  # noqa: S608 - our names
        schema,
        [json.dumps(list(values))],
    )


def _with_target_id(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(target_id=pl.col("id").cast(pl.String))
