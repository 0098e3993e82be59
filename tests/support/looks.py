"""Short looks at rosters, findings and plans, for tests to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from reconciler.model import Plan


def found(findings: pl.DataFrame, *codes: str) -> list[tuple[str, str]]:
    """`(code, host_id)` of findings, of these codes alone where any are given."""
    wanted = findings.filter(pl.col("code").is_in(list(codes))) if codes else findings
    return sorted(wanted.select("code", "host_id").rows())


def detail(findings: pl.DataFrame, code: str) -> str:
    """The detail of the only finding of a code."""
    return str(findings.filter(pl.col("code") == code)["detail"].item())


def users(plan: Plan) -> list[tuple[str, str]]:
    """`(action, host_id)` of the changes of users, in their order."""
    return plan.changes.users.select("action", "host_id").rows()


def memberships(plan: Plan) -> list[tuple[str, str, str]]:
    """`(action, group_key, host_id)` of the changes of memberships, in their order."""
    return plan.changes.memberships.select("action", "group_key", "host_id").rows()


def relationships(plan: Plan) -> list[tuple[str, str, str]]:
    """`(action, student, parent)` of the changes of relationships, in their order."""
    return plan.changes.relationships.select("action", "student_host_id", "parent_host_id").rows()


def after(plan: Plan, host_id: str, *fields: str) -> tuple[object, ...]:
    """The values that a user has once the plan is applied, of the only change of that user."""
    row = plan.changes.users.filter(pl.col("host_id") == host_id)
    return row.select(f"after_{name}" for name in fields).row(0)
