"""A plan with everything in it: groups, exchanged e-mails, new people, links, roll-over, leavers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import directories as d
from tests.support.plans import make_header, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Plan
    from reconciler.targets import Target
    from tests.support.plans import Row

NEW = 40
"""How many new students and parents there are."""


def before(path: Path) -> Target:
    """The directory before: ten students and a parent by hand in Grade 1, in 2025-26."""
    target = d.new_directory(path)
    students = [f"S{n}" for n in range(10)]
    d.apply(target, "groups", d.group_creation("Grade 1"))
    d.apply(target, "users", *map(d.creation, students), d.creation("P0"))
    d.apply(target, "memberships", *map(d.joining, students))
    d.apply(target, "relationships", d.linking("S0", "P0"))
    d.add_user(path, "guest", "guest@example.org")
    d.add_member(path, "guest")
    return target


def plan(target: Target, new: int = NEW) -> Plan:
    """The plan from that directory to next year's."""
    students = [f"S1{n:04}" for n in range(new)]
    parents = [f"P1{n:04}" for n in range(new)]
    users = [
        *_swap(target, "S0", "S1"),
        *({**d.creation(host_id), "step": 2} for host_id in (*students, *parents)),
        {**d.change(target, "S2", email="two@example.org", first_name="Kim"), "step": 1},
        {**d.creation("S20000", email="s2@example.org"), "step": 2},
        *({**d.change(target, f"S{n}", "deactivate", active=False), "step": 9} for n in (7, 8, 9)),
    ]
    relationships = [
        d.unlinking(target, "S0", "P0"),
        *(d.linking(student, parent) for student, parent in zip(students, parents, strict=True)),
    ]
    memberships = [
        *(d.leaving(target, f"S{n}") for n in (7, 8, 9)),
        *(d.joining(host_id, "Grade 2") for host_id in (*students, *parents)),
    ]
    kinds = d.numbered(
        groups=[{**d.group_creation("Grade 2"), "step": 0}],
        users=users,
        relationships=[row | {"step": 4} for row in relationships],
        memberships=[row | {"step": 4} for row in memberships],
    )
    return make_plan(**kinds, people=[], header=make_header(school_year="2026-27"))  # type: ignore[arg-type]


def _swap(target: Target, one: str, other: str) -> list[Row]:
    """Two accounts exchange their e-mails: the first is cleared, then each gets the other's."""
    emails = {host_id: str(d.user(target, host_id)["email"]) for host_id in (one, other)}
    clear = d.change(target, one, email="") | {"later_email": emails[other], "step": 1}
    take = d.change(target, other, email=emails[one]) | {"step": 2}
    give = d.change(target, one, email=emails[other]) | {"before_email": "", "step": 3}
    return [clear, take, give]
