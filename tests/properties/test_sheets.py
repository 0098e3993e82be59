"""Laws of sheets: what is believed after a hand-over is what the embedded directory would hold."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given

from reconciler.apply.runner import run
from reconciler.model import Kept
from reconciler.targets.sheets import ImportSheets
from tests.properties.directories import told
from tests.properties.laws import law
from tests.properties.stories import Story, stories
from tests.properties.test_apply import contents, memberships
from tests.support.memory import HeldMemory
from tests.support.schools import apply_to
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from reconciler.model import Outcomes
    from reconciler.targets import Target


def outcomes_of(outcomes: Outcomes) -> list[tuple[object, ...]]:
    """As every target tells them, but for the ids of what they made, which sheets cannot know."""
    told_as = pl.col("outcome").replace("handed-over", "applied")
    return sorted(outcomes.frame.with_columns(told_as).drop("made_id").rows())


def believing(target: Target, folder: Path) -> ImportSheets:
    """Sheets for a Vidigami that holds what another target does, as far as is remembered."""
    memory = HeldMemory()
    info, directory = target.snapshot()
    if info.directory_id:
        memory.keep(Kept(info, directory))
    return ImportSheets(sheet_settings(folder / "sheets"), memory)


@law
@given(stories())
def test_sheets_make_in_the_belief_what_others_make_in_the_directory(story: Story) -> None:
    with told(story) as scene, TemporaryDirectory() as folder:
        plan = scene.plan()
        sheets = believing(scene.target, Path(folder))
        ours = run(plan, sheets)
        theirs = apply_to(plan, scene.target)
        assert outcomes_of(ours) == outcomes_of(theirs)
        believed, held = sheets.read(), scene.target.read()
        assert contents(believed) == contents(held)
        assert memberships(believed, resolved=False) == memberships(held, resolved=False)


@law
@given(stories())
def test_a_second_hand_over_of_a_plan_does_nothing(story: Story) -> None:
    with told(story) as scene, TemporaryDirectory() as folder:
        plan = scene.plan()
        sheets = believing(scene.target, Path(folder))
        run(plan, sheets)
        again = run(plan, sheets)
        assert set(again.frame["outcome"]) <= {"already"}
        assert again.left == ""
