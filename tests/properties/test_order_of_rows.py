"""The order of rows doesn't matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.directories import told
from tests.properties.laws import law
from tests.properties.stories import Story, stories

if TYPE_CHECKING:
    from random import Random

    from reconciler.model import Plan


def said(plan: Plan) -> tuple[object, ...]:
    """All that a plan says apart from files and lines."""
    return (
        {kind: frame.rows() for kind, frame in plan.changes.frames().items()},
        sorted(plan.findings.select("code", "level", "host_id", "others").unique().rows()),
        plan.people.drop("file", "line").rows(),
        plan.ready.rows(),
        plan.header.figures,
        plan.verdict,
    )


@law
@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(story: Story, random: Random) -> None:
    with told(story) as scene:
        shuffled = {table: random.sample(rows, len(rows)) for table, rows in scene.rows.items()}
        assert said(scene.plan(shuffled)) == said(scene.plan())
