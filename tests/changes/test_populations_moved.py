"""Populations at apply: those of before the plan, plus what others than the plan have changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.changes import move_populations
from tests.support.schools import apply_to, contact, make_school, make_tables, open_directory, parent, staff
from tests.support.schools import student as pupil
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Plan

BEFORE = make_tables(
    students=[pupil("1"), pupil("2"), pupil("3")],
    staff=[staff("1")],
    parents=[parent("1")],
    contacts=[contact("1", "1"), contact("2", "1")],
)
AFTER = make_tables(
    students=[pupil("1"), pupil("4", grade="6"), pupil("5", grade="6")],
    staff=[staff("1")],
    parents=[parent("1"), parent("2")],
    contacts=[contact("1", "1"), contact("4", "2")],
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "directory.db", make_school())
    world.apply(BEFORE)
    return world


def moved(world: World, plan: Plan) -> dict[str, int]:
    return move_populations(plan.changes, plan.header.figures, open_directory(world.path).read())


def test_a_plan_that_is_not_begun_finds_what_it_was_made_on(world: World) -> None:
    plan = world.plan(AFTER)
    assert moved(world, plan) == dict(plan.header.figures.populations)


@pytest.mark.parametrize("kinds", [("groups",), ("groups", "users"), None])
def test_what_the_plan_itself_has_done_moves_nothing(world: World, kinds: tuple[str, ...] | None) -> None:
    plan = world.plan(AFTER)
    part = plan.changes
    if kinds:
        rest = {kind: frame.clear() for kind, frame in part.frames().items() if kind not in kinds}
        part = replace(part, **rest)
    apply_to(replace(plan, changes=part), world.path)
    assert moved(world, plan) == dict(plan.header.figures.populations)


def test_what_others_have_changed_counts(world: World) -> None:
    plan = world.plan(AFTER)
    apply_to(plan, world.path)
    world.by_hand("UPDATE users SET active = 0, deactivated_by = 'hand' WHERE host_id = 'T1'")
    expected = dict(plan.header.figures.populations)
    assert moved(world, plan) == expected | {"users": expected["users"] - 1}
