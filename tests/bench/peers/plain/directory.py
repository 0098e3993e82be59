"""The current directory, from its SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Account(NamedTuple):
    """A user of the directory."""

    id: int
    host_id: str
    member_type: str
    first_name: str
    last_name: str
    preferred_name: str
    email: str
    grad_year: str
    active: int
    status: str
    origin: str
    deactivated_by: str


class Group(NamedTuple):
    """A group of the directory; `key` is its external id, '' where it has none."""

    id: int
    key: str
    category: str
    name: str


@dataclass(slots=True)
class Directory:
    """Everything that is there."""

    accounts: dict[str, Account] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    memberships: dict[tuple[str, str], str] = field(default_factory=dict)
    """The group's key and the member's Host ID -> origin: sync or hand."""
    relationships: dict[tuple[str, str], str] = field(default_factory=dict)
    """Host IDs of student and parent -> origin."""


def read_directory(path: Path) -> Directory:
    """The directory; empty where there is no file yet."""
    if not path.exists():
        return Directory()
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(f"SELECT {', '.join(Account._fields)} FROM users")  # noqa: S608 - our names
        accounts = {account.host_id: account for account in map(Account._make, rows)}
        rows = connection.execute("SELECT id, external_id, category, name FROM groups")
        groups = [Group._make(row) for row in rows]
        # Links are numbers in the file: looking up their texts here is faster than a join that gives them.
        hosts = {account.id: host for host, account in accounts.items()}
        keys = {group.id: group.key or f"#{group.id}" for group in groups}
        rows = connection.execute("SELECT group_id, user_id, origin FROM memberships")
        memberships = {(keys[group], hosts[user]): origin for group, user, origin in rows}
        rows = connection.execute("SELECT student_id, parent_id, origin FROM relationships")
        relationships = {(hosts[student], hosts[parent]): origin for student, parent, origin in rows}
    return Directory(accounts, groups, memberships, relationships)
