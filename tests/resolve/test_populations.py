"""What guards count percents from: what of the current directory is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.schools import contact, email, make_school, make_tables, parent, staff, student
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Plan

TABLES = make_tables(
    students=[student("1"), student("2")],
    staff=[staff("1")],
    parents=[parent("1")],
    contacts=[contact("1", "1"), contact("2", "1")],
    emails=[email("1")],
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "directory.db", make_school())


def populations(plan: Plan) -> dict[str, int]:
    return dict(plan.header.figures.populations)


def test_nothing_is_ours_before_the_first_apply(world: World) -> None:
    plan = world.plan(TABLES)
    assert set(populations(plan).values()) == {0}
    added = [one for one in plan.header.verdicts if one.guard.endswith((".create", ".add"))]
    assert {one.basis for one in added} == {"first import"}


def test_what_was_applied_is_ours_whether_or_not_it_stays(world: World) -> None:
    world.apply(TABLES)
    expected = {"accounts": 4, "users": 4, "groups": 2, "memberships": 4, "relationships": 2}
    assert populations(world.plan(TABLES)) == expected
    left = make_tables(students=[student("1")], staff=[staff("1")])
    assert populations(world.plan(left)) == expected


def test_an_inactive_account_is_an_account_and_no_active_user(world: World) -> None:
    world.apply(TABLES)
    world.by_hand("UPDATE users SET active = 0 WHERE host_id = 'S2'")
    found = populations(world.plan(TABLES))
    assert (found["accounts"], found["users"]) == (4, 3)


def test_what_is_not_ours_is_not_counted(world: World) -> None:
    world.apply(TABLES)
    world.by_hand("UPDATE users SET host_id = 'office' WHERE host_id = 'T1'")
    world.by_hand("UPDATE relationships SET origin = 'hand'")
    found = populations(world.plan(TABLES))
    assert (found["accounts"], found["relationships"]) == (3, 0)
