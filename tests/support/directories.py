"""Directories to test with: changes by what they change, edits by hand, and a directory as plain values."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.frames import (
    GROUP_CHANGES,
    MEMBERSHIP_CHANGES,
    PERSON_FIELDS,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
)
from reconciler.model import TargetSettings
from reconciler.targets import Batch, open_target
from tests.support import plans
from tests.support.memory import HeldMemory

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.frames import Schema
    from reconciler.targets import Target
    from tests.support.plans import Row

YEAR = "2025-26"
SCHEMAS: dict[str, Schema] = {
    "users": USER_CHANGES,
    "groups": GROUP_CHANGES,
    "memberships": MEMBERSHIP_CHANGES,
    "relationships": RELATIONSHIP_CHANGES,
}
USER_FIELDS = ("host_id", *PERSON_FIELDS, "active")


def new_directory(path: Path, kind: str = "embedded") -> Target:
    """An empty directory with the id `dir-1`."""
    target = open_target(TargetSettings(kind, str(path)), HeldMemory())
    target.prepare("dir-1", create=True)
    return target


def apply(
    target: Target, kind: str, *rows: Row, year: str = YEAR, cut_short: bool = False
) -> list[tuple[str, str]]:
    """Carry out changes as all of a plan, in one batch; gives the outcome and detail of each.

    `cut_short` leaves it there, as a run does that is killed.
    """
    changes = plans.frame(SCHEMAS[kind], [{"id": n} | row for n, row in enumerate(rows, start=1)])
    outcomes = target.apply(Batch(kind, changes, year)).select("outcome", "detail").rows()
    if not cut_short:
        target.finish()
    return outcomes


def creation(host_id: str, /, **values: object) -> Row:
    """The creation of a user."""
    row = plans.user(0, "create", host_id)
    row |= {f"after_{name}": value for name, value in values.items()}
    return _without_id(row)


def change(target: Target, host_id: str, action: str = "update", /, **after: object) -> Row:
    """A change of an account as it stands now, of the fields given."""
    live = target.read().users.row(by_predicate=pl.col("host_id") == host_id, named=True)
    return {
        "action": action,
        "step": 1,
        "host_id": after.get("host_id", host_id),
        "target_id": live["target_id"],
        "fields": " ".join(name for name in USER_FIELDS if name in after),
        **{f"before_{name}": live[name] for name in USER_FIELDS},
        **{f"after_{name}": after.get(name, live[name]) for name in USER_FIELDS},
    }


def group_creation(name: str, **values: object) -> Row:
    """The creation of a group in the category Academics."""
    return _without_id(plans.group(0, "create", name, **values))


def group_change(target: Target, group_name: str, **after: str) -> Row:
    """A change of a group as it stands now."""
    live = target.read().groups.row(by_predicate=pl.col("name") == group_name, named=True)
    return {
        "action": "update",
        "target_id": live["target_id"],
        "group_key": after.get("key", live["key"]),
        "fields": " ".join(after),
        **{f"before_{name}": live[name] for name in ("key", "category", "name")},
        **{f"after_{name}": after.get(name, live[name]) for name in ("key", "category", "name")},
    }


def joining(host_id: str, name: str = "Grade 1") -> Row:
    """The addition of a membership."""
    return _without_id(plans.membership(0, "add", host_id, name, step=1))


def leaving(target: Target, host_id: str, name: str = "Grade 1") -> Row:
    """The removal of a membership, as it stands now."""
    row = plans.membership(0, "remove", host_id, name, step=1)
    live = target.read().memberships.row(
        by_predicate=(pl.col("host_id") == host_id) & (pl.col("group_key") == row["group_key"]), named=True
    )
    return _without_id(row | {"target_id": live["target_id"]})


def linking(student: str, parent: str) -> Row:
    """The addition of a relationship."""
    return _without_id(plans.relationship(0, "add", student, parent, step=1))


def unlinking(target: Target, student: str, parent: str) -> Row:
    """The removal of a relationship, as it stands now."""
    live = target.read().relationships.row(
        by_predicate=(pl.col("student_host_id") == student) & (pl.col("parent_host_id") == parent), named=True
    )
    return _without_id(plans.relationship(0, "remove", student, parent, step=1, target_id=live["target_id"]))


def numbered(**kinds: list[Row]) -> dict[str, list[Row]]:
    """Changes by kind with ids over all of them, as a plan has."""
    numbers = iter(range(1, 1_000_000))
    return {kind: [row | {"id": next(numbers)} for row in rows] for kind, rows in kinds.items()}


def user(target: Target, host_id: str) -> dict[str, Any]:
    """An account as it stands, without its target_id."""
    rows = target.read().users.filter(pl.col("host_id") == host_id).drop("target_id").to_dicts()
    return rows[0] if rows else {}


def state(target: Target) -> dict[str, object]:
    """A directory as plain values, the same for two directories that hold the same."""
    info, directory = target.snapshot()
    frames = {
        "users": directory.users,
        "groups": directory.groups,
        "memberships": directory.memberships,
        "relationships": directory.relationships,
    }
    rows = {
        kind: sorted(frame.drop("^.*target_id$").rows()) if frame.height else []
        for kind, frame in frames.items()
    }
    return {"id": info.directory_id, "year": info.school_year, **rows}


def execute(path: Path, statement: str, *values: object) -> None:
    """Do something by hand, in the file of an embedded directory."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(statement, values)


def edit_user(path: Path, host_id: str, /, **values: object) -> None:
    """Change an account by hand."""
    if "email" in values:
        values["email_key"] = str(values["email"]).lower()
    columns = ", ".join(f"{name} = ?" for name in values)
    execute(path, f"UPDATE users SET {columns} WHERE host_id = ?", *values.values(), host_id)  # noqa: S608


def add_user(path: Path, host_id: str, email: str = "") -> None:
    """Add an account by hand."""
    execute(
        path,
        "INSERT INTO users (host_id, member_type, first_name, last_name, email, email_key, origin)"
        " VALUES (?, 'parent', 'Robin', 'Hand', ?, ?, 'hand')",
        host_id,
        email,
        email.lower(),
    )


def add_group(path: Path, name: str) -> None:
    """Add a group by hand, in the category Academics."""
    execute(path, "INSERT INTO groups (category, name, origin) VALUES ('Academics', ?, 'hand')", name)


def add_member(path: Path, host_id: str, name: str = "Grade 1") -> None:
    """Put somebody into a group by hand."""
    execute(
        path,
        "INSERT INTO memberships SELECT groups.id, users.id, 'hand' FROM groups, users"
        " WHERE name = ? AND host_id = ?",
        name,
        host_id,
    )


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}
