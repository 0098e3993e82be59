"""Many people are planned as few are: keys found by hashes give the same plan."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import given

from reconciler import keys
from tests.properties.directories import told
from tests.properties.laws import law
from tests.properties.stories import Story, stories

if TYPE_CHECKING:
    from reconciler.model import Plan


def contents(plan: Plan) -> dict[str, object]:
    """All that a plan says, but when it was made and for which directory."""
    frames = {**plan.changes.frames(), "findings": plan.findings, "people": plan.people}
    return {"figures": plan.header.figures, **{name: frame.rows() for name, frame in frames.items()}}


@law
@given(stories())
def test_a_plan_by_hashes_is_the_plan(story: Story) -> None:
    with told(story) as scene:
        plan = contents(scene.plan())
        with patch.object(keys, "MANY", 0):
            assert contents(scene.plan()) == plan
