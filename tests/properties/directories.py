"""Stories told: an embedded directory in the state to which exports and edits by hand brought it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import reject

from reconciler.errors import InputError
from tests.support.schools import apply_to, make_tables, open_directory, plan_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import Plan, School, Tables
    from reconciler.targets import EmbeddedDirectory
    from tests.properties.rows import Rows
    from tests.properties.stories import Story

TABLES = ("users", "groups", "memberships", "relationships")
# Where two edits or constraints get in each other's way, Vidigami refuses the edit: OR IGNORE.
EDITS: Mapping[str, str] = {
    "add user": "INSERT OR IGNORE INTO users (host_id, member_type, first_name, last_name, email, email_key,"
    " origin) VALUES (:text, CASE :one % 3 WHEN 0 THEN 'student' WHEN 1 THEN 'staff' ELSE 'parent' END,"
    " 'Ana', 'Fox', CASE :two % 2 WHEN 0 THEN '' ELSE 'a@example.org' END,"
    " CASE :two % 2 WHEN 0 THEN '' ELSE 'a@example.org' END, 'hand')",
    "join": "INSERT OR IGNORE INTO memberships SELECT g.id, u.id, 'hand' FROM {group} AS g, {user} AS u",
    "leave": "DELETE FROM memberships WHERE (group_id, user_id) IN (SELECT group_id, user_id FROM memberships"
    " LIMIT 1 OFFSET :one)",
    "link": "INSERT OR IGNORE INTO relationships SELECT s.id, p.id, 'hand'"
    " FROM {student} AS s, {parent} AS p",
    "unlink": "DELETE FROM relationships WHERE (student_id, parent_id) IN (SELECT student_id, parent_id FROM"
    " relationships LIMIT 1 OFFSET :one)",
    "deactivate": "UPDATE users SET active = 0, deactivated_by = 'hand' WHERE id IN {user}",
    "activate": "UPDATE users SET status = 'activated' WHERE id IN {user}",
    "set e-mail": "UPDATE OR IGNORE users SET email = :text, email_key = lower(:text) WHERE id IN {user}",
    # The text is `<Host ID of today>=<another>`.
    "rekey user": "UPDATE OR IGNORE users SET host_id = substr(:text, instr(:text, '=') + 1)"
    " WHERE host_id = substr(:text, 1, instr(:text, '=') - 1)",
    "rename user": "UPDATE users SET first_name = :text WHERE id IN {user}",
    "set type": "UPDATE users SET member_type = :text WHERE id IN {user}",
    "set role": "UPDATE users SET role = :text WHERE id IN {user}",
    "old host id": "UPDATE OR IGNORE users SET host_id = 'old-' || host_id WHERE id IN {user}",
    "old prefix": "UPDATE OR IGNORE users SET host_id = 'Q' || substr(host_id, 2) WHERE id IN {user}",
    # A plan parks an account under its Host ID of today, never under one of before.
    "park": "UPDATE OR IGNORE users SET host_id = 'parked:' || host_id WHERE id IN {user}"
    " AND host_id GLOB '[STP][0-9]*'",
    "opt out": "UPDATE users SET opt_out = 1 WHERE id IN {user}",
    "add group": "INSERT OR IGNORE INTO groups (category, name, origin) VALUES ('Academics', :text, 'hand')",
    "rename group": "UPDATE OR IGNORE groups SET name = :text WHERE id IN {group}",
    "unkey group": "UPDATE groups SET external_id = '' WHERE id IN {group}",
}
_ONE_OF = (
    "(SELECT id FROM {table} ORDER BY id LIMIT 1 OFFSET {number} % (SELECT max(count(*), 1) FROM {table}))"
)
_PICKED = {
    "user": _ONE_OF.format(table="users", number=":one"),
    "group": _ONE_OF.format(table="groups", number=":two"),
    "student": _ONE_OF.format(table="(SELECT id FROM users WHERE member_type = 'student')", number=":one"),
    "parent": _ONE_OF.format(table="(SELECT id FROM users WHERE member_type <> 'student')", number=":two"),
}
"""One of them, by a number that may be larger than there are."""


@dataclass(frozen=True)
class Scene:
    """A school's export of today, and the directory that it meets."""

    school: School
    rows: Rows
    file: Path

    @property
    def tables(self) -> Tables:
        return make_tables(**self.rows)

    @property
    def target(self) -> EmbeddedDirectory:
        return open_directory(self.file)

    def plan(self, rows: Rows | None = None, *, additions_only: bool = False) -> Plan:
        """The plan for these rows, or the export's own."""
        tables = self.tables if rows is None else make_tables(**rows)
        return plan_for(self.school, tables, self.target, additions_only=additions_only)

    def copy(self) -> Scene:
        """The same scene with a directory of its own."""
        file = self.file.with_name(f"{self.file.stem}x.db")
        if self.file.exists():
            copyfile(self.file, file)
        return Scene(self.school, self.rows, file)


@contextmanager
def told(story: Story) -> Iterator[Scene]:
    """The scene to which a story leads; an export that stops a run makes no story."""
    school = story.now.school
    with TemporaryDirectory() as folder:
        file = Path(folder) / "directory.db"
        try:
            for export in story.before:
                tables = make_tables(**export.rows)
                apply_to(plan_for(export.school, tables, file), file)
            if story.before:
                _edit_by_hand(story, file)
            yield Scene(school, story.now.rows, file)
        except InputError:
            reject()


def dump(file: Path) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Table -> key -> every column of each row, straight from the file."""
    if not file.exists():
        return {table: {} for table in TABLES}
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        found = {}
        for table in TABLES:
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608 - ours
            keys = ("id",) if table in {"users", "groups"} else tuple(rows[0])[:2] if rows else ()
            found[table] = {tuple(row[key] for key in keys): row for row in rows}
        return found


def _edit_by_hand(story: Story, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for name, one, two, text in story.by_hand:
            connection.execute(EDITS[name].format(**_PICKED), {"one": one, "two": two, "text": text})
        connection.commit()
