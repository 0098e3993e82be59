"""The people of a directory, one flat record each: the most that tools know which compare records."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = ("member_type", "first_name", "last_name", "preferred_name", "email", "grad_year")
Person = dict[str, str]
"""FIELDS, `active`, and the groups and children of this person, by spaces."""

_LISTS = {
    "groups": """
        SELECT u.host_id, g.external_id FROM memberships m
        JOIN users u ON u.id = m.user_id JOIN groups g ON g.id = m.group_id ORDER BY 1, 2
    """,
    "children": """
        SELECT p.host_id, s.host_id FROM relationships r
        JOIN users p ON p.id = r.parent_id JOIN users s ON s.id = r.student_id ORDER BY 1, 2
    """,
}


def read_people(directory: Path) -> dict[str, Person]:
    """Host ID -> the person, as an embedded directory's SQLite file has them."""
    with closing(sqlite3.connect(f"{directory.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        columns = ", ".join(FIELDS)
        users = connection.execute(f"SELECT host_id, active, {columns} FROM users ORDER BY 1")  # noqa: S608
        people = {
            host: {**dict(zip(FIELDS, values, strict=True)), "active": "yes" if active else "no"}
            for host, active, *values in users
        }
        for name, query in _LISTS.items():
            for host, item in connection.execute(query):
                people[host][name] = f"{people[host].get(name, '')} {item}".strip()
    return people


def count_changes(current: dict[str, Person], desired: dict[str, Person]) -> dict[str, int]:
    """How many records a tool has to find that compares them."""
    both = current.keys() & desired.keys()
    return {
        "create": len(desired.keys() - current.keys()),
        "update": sum(current[host] != desired[host] for host in both),
        "delete": len(current.keys() - desired.keys()),
    }
