"""Laws of apply: it makes exactly what was resolved, twice is once, and stopped it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.planfile import read_plan, write_plan
from reconciler.apply.runner import run
from reconciler.frames import PERSON_FIELDS, group_label
from tests.properties.directories import dump, told
from tests.properties.laws import law
from tests.properties.stories import Story, stories
from tests.support.schools import apply_to, resolution_for

if TYPE_CHECKING:
    from reconciler.model import Directory, Resolution

_USER = ("host_id", *PERSON_FIELDS, "active")
_PAIR = ("student_host_id", "parent_host_id")


def contents(directory: Directory) -> dict[str, list[tuple[object, ...]]]:
    """What a resolved directory and a current one have in common, in canonical order."""
    return {
        "users": sorted(directory.users.select(_USER).rows()),
        "groups": sorted(directory.groups.select("key", "category", "name").rows()),
        "relationships": sorted(directory.relationships.select(_PAIR).rows()),
    }


def memberships(directory: Directory, *, resolved: bool) -> list[tuple[object, ...]]:
    """Members by the category and name of their group."""
    names = {
        label: (category, name)
        for label, category, name in directory.groups.select(
            group_label("key", "target_id"), "category", "name"
        ).rows()
    }
    label = pl.col("group_key") if resolved else group_label("group_key", "group_target_id")
    return sorted(
        (*names[key], host_id) for key, host_id in directory.memberships.select(label, "host_id").rows()
    )


@law
@given(stories())
def test_apply_makes_what_was_resolved(story: Story) -> None:
    with told(story) as scene:
        resolution = resolution_for(scene.school, scene.tables, scene.target)
        outcomes = apply_to(scene.plan(), scene.target)
        assert set(outcomes.frame["outcome"]) <= {"applied"}
        after = scene.target.read()
        assert contents(after) == contents(resolution.directory)
        assert memberships(after, resolved=False) == memberships(resolution.directory, resolved=True)


@law
@given(stories())
def test_planning_after_applying_is_empty(story: Story) -> None:
    with told(story) as scene:
        first = scene.plan()
        apply_to(first, scene.target)
        second = scene.plan()
        assert {kind: frame.rows() for kind, frame in second.changes.frames().items() if frame.height} == {}
        assert second.verdict == ("held" if first.verdict == "held" else "none")


@law
@given(stories())
def test_resolving_again_changes_nothing(story: Story) -> None:
    with told(story) as scene:
        first = resolution_for(scene.school, scene.tables, scene.target)
        apply_to(scene.plan(), scene.target)
        second = resolution_for(scene.school, scene.tables, scene.target)
        assert contents(second.directory) == contents(first.directory)
        assert _named_memberships(second) == _named_memberships(first)


def _named_memberships(resolution: Resolution) -> list[tuple[object, ...]]:
    return memberships(resolution.directory, resolved=True)


@law
@given(stories())
def test_a_saved_plan_is_read_back_word_for_word(story: Story) -> None:
    with told(story) as scene:
        plan = scene.plan()
        write_plan(plan, scene.file.with_name("saved.plan"))
        read = read_plan(scene.file.with_name("saved.plan"))
        assert read.header == plan.header
        for ours, theirs in zip(
            [*plan.changes.frames().values(), plan.findings, plan.people, plan.ready],
            [*read.changes.frames().values(), read.findings, read.people, read.ready],
            strict=True,
        ):
            assert ours.equals(theirs)


@law
@given(stories(), st.integers(0, 30))
def test_a_stopped_apply_goes_on_with_the_same_plan(story: Story, batches: int) -> None:
    with told(story) as scene:
        stopped = scene.copy()
        plan = scene.plan()
        apply_to(plan, scene.target)

        def stop(done: int, total: int) -> None:
            if min(batches, total) == done:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(plan, stopped.target, stop, batch_size=1)
        outcomes = run(plan, stopped.target)
        assert set(outcomes.frame["outcome"]) <= {"applied", "already"}
        assert dump(stopped.file) == dump(scene.file)
