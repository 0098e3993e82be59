"""Plans made by hand: frames from the few values that a test is about, the rest by default."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.frames import (
    FINDINGS,
    GROUP_CHANGES,
    MEMBERSHIP_CHANGES,
    OUTCOMES,
    PLAN_PEOPLE,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
    check,
)
from reconciler.model import FINDING_CODES, Changes, Digests, Figures, Outcomes, Plan, PlanHeader

if TYPE_CHECKING:
    from reconciler.frames import Schema

Row = dict[str, Any]

_BLANKS: dict[Any, Any] = {pl.String: "", pl.UInt32: 0, pl.Boolean: False}
_MEMBER_TYPES = {"S": "student", "T": "staff", "P": "parent"}


def frame(schema: Schema, rows: list[Row]) -> pl.DataFrame:
    """A frame of `schema`; what a row does not say is blank."""
    blank = {name: _BLANKS[dtype] for name, dtype in schema.items()}
    return check(pl.DataFrame([blank | row for row in rows], schema=dict(schema)), schema)


def user(id_: int, action: str, host_id: str, **values: object) -> Row:
    """A user change: a create has all fields, an update an e-mail of its own, others what is given."""
    member_type = _MEMBER_TYPES.get(host_id[:1], "")
    person = {
        "host_id": host_id,
        "member_type": member_type,
        "first_name": f"First{host_id}",
        "last_name": f"Last{host_id}",
        "email": f"{host_id.lower()}@example.org",
    }
    row: Row = {"id": id_, "action": action, "host_id": host_id, "step": 1}
    if action != "create":
        row |= {"target_id": f"u{id_}"} | {f"before_{name}": value for name, value in person.items()}
    row |= {f"after_{name}": value for name, value in person.items()}
    row |= {
        "before_active": action in ("update", "rekey", "deactivate"),
        "after_active": action != "deactivate",
    }
    if action == "update":
        row |= {"fields": "email", "before_email": "old@example.org"}
    return row | values


def group(id_: int, action: str, name: str, **values: object) -> Row:
    """A group change in the category Academics."""
    key = f"grade:{name.removeprefix('Grade ')}"
    after = {"after_key": key, "after_category": "Academics", "after_name": name}
    return {"id": id_, "action": action, "group_key": key, "step": 1, **after, **values}


def membership(id_: int, action: str, host_id: str, name: str = "Grade 1", **values: object) -> Row:
    """A membership change in a group of the category Academics."""
    key = f"grade:{name.removeprefix('Grade ')}"
    return {
        "id": id_,
        "action": action,
        "group_key": key,
        "group": f"Academics/{name}",
        "host_id": host_id,
        **values,
    }


def relationship(id_: int, action: str, student: str, parent: str, **values: object) -> Row:
    """A relationship change."""
    return {"id": id_, "action": action, "student_host_id": student, "parent_host_id": parent, **values}


def finding(code: str, host_id: str = "", **values: object) -> Row:
    """A finding at its code's own level."""
    return {"code": code, "level": FINDING_CODES[code].level, "host_id": host_id, **values}


def person(host_id: str, first_name: str = "", last_name: str = "", email: str = "") -> Row:
    """Somebody whom a plan mentions."""
    return {
        "host_id": host_id,
        "member_type": _MEMBER_TYPES.get(host_id[:1], ""),
        "first_name": first_name or f"First{host_id}",
        "last_name": last_name or f"Last{host_id}",
        "email": email,
    }


def rows_read(member_type: str, outcome: str, rows: int, reason: str = "") -> dict[str, str | int]:
    """One of a plan's figures of rows."""
    return {"member_type": member_type, "outcome": outcome, "reason": reason, "rows": rows}


def group_size(name: str, before: int, after: int) -> dict[str, str | int]:
    """One of a plan's figures of groups."""
    key = f"grade:{name.removeprefix('Grade ')}"
    return {"key": key, "category": "Academics", "name": name, "before": before, "after": after}


def make_header(**values: Any) -> PlanHeader:
    """The header of a plan for Maple Grove; `rows`, `groups`, `unmanaged`, `active_users` are its figures."""
    figures = Figures(
        rows=tuple(values.pop("rows", ())),
        groups=tuple(values.pop("groups", ())),
        unmanaged=values.pop("unmanaged", {}),
        active_users=values.pop("active_users", 0),
        populations=values.pop("populations", {}),
        held=values.pop("held", {}),
        first_import=values.pop("first_import", False),
    )
    header = PlanHeader(
        school="maple-grove",
        school_file="schools/maple-grove.yaml",
        school_name="Maple Grove School",
        sis="PowerSchool",
        sync="apply",
        school_year="2025-26",
        directory_id="dir-1",
        new_directory=False,
        directory_year="2025-26",
        tool_version="0.1.0",
        created="2025-09-01T08:00:00Z",
        max_age_days=7.0,
        additions_only=False,
        baseline="run 1, 2025-08-25",
        settings={"groups": {"names": "keep"}},
        digests=Digests(settings="aa", rule_sets={"powerschool": "bb"}, sources={"students": "cc"}),
        figures=figures,
        user_types={"student": "Student", "staff": "Staff", "parent": "Member"},
    )
    return replace(header, **values)


def make_plan(
    *,
    users: list[Row] | None = None,
    groups: list[Row] | None = None,
    memberships: list[Row] | None = None,
    relationships: list[Row] | None = None,
    findings: list[Row] | None = None,
    people: list[Row] | None = None,
    ready: list[str] | None = None,
    header: PlanHeader | None = None,
) -> Plan:
    """A plan of the given changes and findings. People default to those of the user changes and findings."""
    users, findings = users or [], findings or []
    if people is None:
        mentioned = {row["host_id"] for row in [*users, *findings] if row["host_id"]}
        people = [person(host_id) for host_id in sorted(mentioned)]
    return Plan(
        header=header or make_header(),
        changes=Changes(
            users=frame(USER_CHANGES, users),
            groups=frame(GROUP_CHANGES, groups or []),
            memberships=frame(MEMBERSHIP_CHANGES, memberships or []),
            relationships=frame(RELATIONSHIP_CHANGES, relationships or []),
        ),
        findings=frame(FINDINGS, findings),
        people=frame(PLAN_PEOPLE, people),
        ready=pl.DataFrame({"host_id": ready or []}, schema={"host_id": pl.String}),
    )


def make_outcomes(plan: Plan, **missed: str) -> Outcomes:
    """Everything applied, but for `missed`: `users_3="stale"` is the user change with the id 3."""
    rows = []
    for kind, changes in plan.changes.frames().items():
        for id_ in changes["id"].to_list():
            outcome = missed.get(f"{kind}_{id_}", "applied")
            detail = "it has changed since" if outcome == "stale" else ""
            rows.append({"kind": kind, "id": id_, "outcome": outcome, "detail": detail})
    return Outcomes(frame(OUTCOMES, rows))
