"""User changes, carried out in an embedded directory. Role, opt-out and status are never touched."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS
from reconciler.targets.embedded.carrying import stage
from reconciler.targets.embedded.reading import ids_of, users_by
from reconciler.targets.embedded.settling import REFUSED, settle
from reconciler.targets.judging import judge_create, judge_update, same

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from reconciler.targets.embedded.carrying import Row

_FIELDS = ("host_id", *PERSON_FIELDS, "active")
_WRITTEN = (*_FIELDS, "email_key", "deactivated_by")
_FOLLOWS = {"email_key": "email", "deactivated_by": "active"}
"""Columns that are written together with another one."""
_HOST_ID, _EMAIL_KEY = _WRITTEN.index("host_id"), _WRITTEN.index("email_key")

_INSERT = (
    f"INSERT INTO users ({', '.join(_WRITTEN)}, origin)"  # noqa: S608 - our own column names
    f" SELECT {', '.join(_WRITTEN)}, 'sync' FROM temp.created ORDER BY rowid"
)
# A parameter that is null leaves its column alone.
_UPDATE = (
    f"UPDATE users SET {', '.join(f'{name} = coalesce(?, {name})' for name in _WRITTEN)}"  # noqa: S608
    " WHERE id = ?"
)


def write_users(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out USER_CHANGES; gives `id, outcome, detail`."""
    creating = pl.col("action") == "create"
    return pl.concat(
        [_update(connection, changes.filter(~creating)), _create(connection, changes.filter(creating))]
    )


def made_ids(connection: sqlite3.Connection, changes: pl.DataFrame) -> dict[str, str]:
    """Host ID -> target id, of the accounts that USER_CHANGES create."""
    created = changes.filter(pl.col("action") == "create")["after_host_id"]
    return ids_of(connection, created) if created.len() else {}


def _update(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    live = users_by(connection, "id", changes["target_id"]).select(pl.all().name.prefix("live_"))
    matched = changes.join(
        live, left_on="target_id", right_on="live_target_id", how="left", maintain_order="left"
    )
    names = pl.col("fields").str.split(" ")
    done = {name: same(name, f"live_{name}", f"after_{name}") for name in _FIELDS}
    # Of a chain that frees a value and sets another later, the first step is done once the last is.
    for name in ("email", "host_id"):
        done[name] |= (pl.col(f"later_{name}") != "") & same(name, f"live_{name}", f"later_{name}")
    judged = judge_update(matched, {name: names.list.contains(name) for name in _FIELDS}, done, "account")
    written = [
        pl.when(f"todo_{_FOLLOWS.get(name, name)}").then(value).alias(name)
        for name, value in _written().items()
    ]
    return settle(
        connection,
        judged,
        [*written, pl.col("live_id")],
        partial(connection.executemany, _UPDATE),
        partial(_explain, connection),
    )


def _create(connection: sqlite3.Connection, changes: pl.DataFrame) -> pl.DataFrame:
    live = users_by(connection, "host_id", changes["after_host_id"]).select(pl.all().name.prefix("live_"))
    matched = changes.join(
        live, left_on="after_host_id", right_on="live_host_id", how="left", maintain_order="left"
    )
    return settle(
        connection,
        judge_create(matched, (*PERSON_FIELDS, "active"), "account"),
        list(_written().values()),
        partial(_insert, connection),
        partial(_explain, connection),
    )


def _insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    # One statement for all: SQLite makes the lists in its CHECKs (`IN ('student', ...)`) anew for each
    # statement, which takes twice as long as all the rest of it.
    stage(connection, "created", _WRITTEN, rows)
    connection.execute(_INSERT)


def _written() -> dict[str, pl.Expr]:
    """What a change writes into each column, once it is carried out."""
    values = {name: pl.col(f"after_{name}") for name in _FIELDS}
    values["active"] = values["active"].cast(pl.Int8)
    values["email_key"] = pl.col("after_email").str.to_lowercase()
    values["deactivated_by"] = pl.when("after_active").then(pl.lit("")).otherwise(pl.lit("sync"))
    return {name: value.alias(name) for name, value in values.items()}


def _explain(connection: sqlite3.Connection, row: Row) -> str:
    """Why the directory refused a row of `_WRITTEN`, without a name or an address."""
    target_id = row[len(_WRITTEN)] if len(row) > len(_WRITTEN) else 0
    holder = connection.execute(
        "SELECT host_id FROM users WHERE email_key = ? AND email_key <> '' AND id <> ?",
        [row[_EMAIL_KEY], target_id],
    ).fetchone()
    if holder:
        return f"its e-mail is held by account {holder[0]}"
    if connection.execute(
        "SELECT 1 FROM users WHERE host_id = ? AND id <> ?", [row[_HOST_ID], target_id]
    ).fetchone():
        return "its Host ID is held by another account"
    return REFUSED
