"""A directory that has been applied to and edited by hand: what resolve has to make sense of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.schools import apply_to, make_school, open_directory, plan_for

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Capabilities, Plan, School, Tables


@dataclass
class World:
    """One school's directory, and the school."""

    path: Path
    school: School

    def plan(
        self,
        tables: Tables,
        *,
        additions_only: bool = False,
        can: Capabilities | None = None,
        **settings: Any,
    ) -> Plan:
        """The plan for the tables, under the school's settings or these."""
        school = make_school(settings) if settings else self.school
        return plan_for(school, tables, open_directory(self.path), additions_only=additions_only, can=can)

    def apply(self, tables: Tables, **settings: Any) -> Plan:
        """Plan, and carry it out."""
        plan = self.plan(tables, **settings)
        apply_to(plan, self.path)
        return plan

    def by_hand(self, statement: str, *values: object) -> None:
        """Edit the directory as somebody in Vidigami would."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            assert connection.execute(statement, values).rowcount, "the edit changed nothing"

    def user(self, host_id: str, *fields: str) -> tuple[object, ...]:
        """These fields of an account, as they stand."""
        users = open_directory(self.path).read().users
        return users.filter(users["host_id"] == host_id).select(fields).row(0)

    def members(self, group_key: str) -> list[str]:
        """Host IDs of a group's members, sorted."""
        there = open_directory(self.path).read().memberships
        return sorted(there.filter(there["group_key"] == group_key)["host_id"])
