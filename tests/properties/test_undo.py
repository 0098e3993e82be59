"""Laws of undo: a run taken back leaves the directory as it was, but for whom and what it made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given

from reconciler.apply.runner import run
from reconciler.changes import diff
from reconciler.undo import invert
from tests.properties.directories import dump, told
from tests.properties.laws import law
from tests.properties.stories import Story, stories
from tests.support.plans import make_header, make_plan
from tests.support.schools import apply_to

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import Changes, Outcomes, Plan
    from reconciler.targets import Target


def journal_of(plan: Plan, outcomes: Outcomes) -> dict[str, pl.DataFrame]:
    """What the journal of a run would say."""
    return {
        kind: frame.sort("step", "id").join(
            outcomes.frame.filter(kind=kind).select("id", "outcome", "detail", "made_id"),
            on="id",
            maintain_order="left",
        )
        for kind, frame in plan.changes.frames().items()
    }


def undo(journal: dict[str, pl.DataFrame], target: Target) -> tuple[Changes, pl.DataFrame]:
    inversion = invert(journal, target.read())
    changes = diff(inversion.after, inversion.before)
    header = make_header(directory_id=target.info().directory_id, school_year=target.info().school_year)
    outcomes = run(replace(make_plan(header=header), changes=changes), target)
    assert set(outcomes.frame["outcome"]) <= {"applied"}
    return changes, inversion.findings


@law
@given(stories(may_be_new=False))
def test_a_run_taken_back_leaves_the_directory_as_it_was(story: Story) -> None:
    with told(story) as scene:
        before = dump(scene.file)
        plan = scene.plan()
        journal = journal_of(plan, apply_to(plan, scene.target))
        undo(journal, scene.target)
        after = dump(scene.file)
        made = {key for key in after["users"] if key not in before["users"]}
        assert {key: row for key, row in after["users"].items() if key not in made} == before["users"]
        assert all(not after["users"][key]["active"] for key in made)
        assert {key: row for key, row in after["groups"].items() if key in before["groups"]} == before[
            "groups"
        ]
        assert after["memberships"] == before["memberships"]
        assert after["relationships"] == before["relationships"]


@law
@given(stories(may_be_new=False))
def test_undoing_twice_is_undoing_once(story: Story) -> None:
    with told(story) as scene:
        plan = scene.plan()
        journal = journal_of(plan, apply_to(plan, scene.target))
        undo(journal, scene.target)
        again, _ = undo(journal, scene.target)
        assert [frame.to_dicts() for frame in again.frames().values() if frame.height] == []
