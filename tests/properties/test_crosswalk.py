"""The founding laws, with a crosswalk in play: old Host IDs, swaps, chains, second accounts, prefixes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.runner import run
from tests.properties.directories import dump, told
from tests.properties.laws import law
from tests.properties.stories import Story, stories
from tests.properties.test_apply import contents, memberships
from tests.support.schools import apply_to, resolution_for

if TYPE_CHECKING:
    from tests.properties.directories import Scene
    from tests.properties.rows import Row

_DECISIONS = ("accept", "accept", "accept", "keep_old", "reject", "set_aside", "")
_SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"onboarding": "returning"},
    {"identity": {"previous_prefixes": {"student": ["PUP"], "parent": ["PAR"]}}},
)
Edit = tuple[str, int, int, str]
Past = tuple[list[Edit], list[tuple[str, str, str]]]
"""Edits by hand, and rows of the crosswalk that speak of them: old Host ID, new one, decision."""


def rekeyed(*pairs: str) -> list[Edit]:
    return [("rekey user", 0, 0, pair) for pair in pairs]


@st.composite
def old_ids(draw: st.DrawFn) -> Past:
    """Accounts under other Host IDs."""
    theirs = draw(st.lists(st.sampled_from(["S1", "S2", "S3", "T1", "P1", "P2"]), min_size=1, unique=True))
    edits = rekeyed(*(f"{host_id}=old-{host_id}" for host_id in theirs))
    return edits, [(f"old-{host_id}", host_id, draw(st.sampled_from(_DECISIONS))) for host_id in theirs]


@st.composite
def seconds(draw: st.DrawFn) -> Past:
    """An account of before for somebody who has one."""
    kind, new = draw(st.sampled_from([(0, "S1"), (0, "S2"), (1, "T1"), (2, "P1")]))
    decision = draw(st.sampled_from(["keep_old", "keep_old", "accept", "set_aside"]))
    edits: list[Edit] = [("add user", kind, draw(st.integers(0, 1)), "second")]
    return edits, [("second", new, decision)]


_RINGS: tuple[Past, ...] = (
    (rekeyed("S1=x", "S2=S1", "x=S2"), [("S1", "S2", "accept"), ("S2", "S1", "accept")]),
    (rekeyed("P1=x", "P2=P1", "x=P2"), [("P1", "P2", "accept"), ("P2", "P1", "accept")]),
    (rekeyed("S1=gone", "S2=S1", "S3=S2"), [("S1", "S2", "accept"), ("S2", "S3", "accept")]),
    ([], [("S1", "S2", "accept"), ("S2", "S1", "accept")]),
    ([], [("S1", "P1", "accept")]),
    ([], [("S1", "S77", "accept")]),
    (rekeyed("S1=PUP1", "S2=PUP2", "P1=PAR1"), []),
    (rekeyed("S1=parked:S1"), []),
    (rekeyed("S3=parked:S1"), [("S1", "S2", "accept"), ("S2", "S1", "accept")]),
)


@st.composite
def returning(draw: st.DrawFn) -> Story:
    """A story with prefixes in whose directory some have other Host IDs by now, and a crosswalk."""
    story = draw(stories(may_be_new=False).filter(lambda one: "powerschool" in one.now.rule_sets))
    pasts = draw(st.lists(st.one_of(old_ids(), seconds(), st.sampled_from(_RINGS)), min_size=1, max_size=2))
    edits = [edit for past, _ in pasts for edit in past]
    by_hand = (*story.by_hand, *edits) if draw(st.booleans()) else (*edits, *story.by_hand)
    settings = json.loads(story.now.settings) | draw(st.sampled_from(_SETTINGS))
    rows = story.now.rows | {"crosswalk": _rows([row for _, past in pasts for row in past])}
    return replace(story, now=replace(story.now, settings=json.dumps(settings), rows=rows), by_hand=by_hand)


def _rows(said: list[tuple[str, str, str]]) -> list[Row]:
    """Rows of which no two speak of the same account or the same person, which would be a mistake."""
    rows: list[Row] = []
    for old, new, decision in said:
        if all(old != row["old_host_id"] and new != row["new_host_id"] for row in rows):
            fields = {"old_host_id": old, "new_host_id": new, "member_type": "", "decision": decision}
            rows.append(fields)
    return rows


def changes_left(scene: Scene) -> dict[str, list[tuple[object, ...]]]:
    return {kind: frame.rows() for kind, frame in scene.plan().changes.frames().items() if frame.height}


@law
@given(returning())
def test_apply_makes_what_was_resolved(story: Story) -> None:
    with told(story) as scene:
        resolution = resolution_for(scene.school, scene.tables, scene.target)
        outcomes = apply_to(scene.plan(), scene.target)
        assert set(outcomes.frame["outcome"]) <= {"applied"}
        after = scene.target.read()
        assert contents(after) == contents(resolution.directory)
        assert memberships(after, resolved=False) == memberships(resolution.directory, resolved=True)


@law
@given(returning())
def test_planning_after_applying_is_empty(story: Story) -> None:
    with told(story) as scene:
        apply_to(scene.plan(), scene.target)
        assert changes_left(scene) == {}


@law
@given(returning(), st.integers(0, 30))
def test_a_stopped_apply_goes_on_with_the_same_plan(story: Story, changes: int) -> None:
    with told(story) as scene:
        plan, stopped = scene.plan(), scene.copy()
        apply_to(plan, scene.target)
        _stop(stopped, changes)
        outcomes = run(plan, stopped.target)
        assert set(outcomes.frame["outcome"]) <= {"applied", "already"}
        assert dump(stopped.file) == dump(scene.file)


@law
@given(returning(), st.integers(0, 30))
def test_a_stopped_apply_goes_on_with_a_fresh_plan(story: Story, changes: int) -> None:
    with told(story) as scene:
        stopped = scene.copy()
        apply_to(scene.plan(), scene.target)
        _stop(stopped, changes)
        outcomes = apply_to(stopped.plan(), stopped.target)
        assert set(outcomes.frame["outcome"]) <= {"applied"}
        assert _ids(stopped) == _ids(scene)
        assert changes_left(stopped) == {}


@law
@given(returning())
def test_an_account_keeps_what_is_never_touched_and_its_kind(story: Story) -> None:
    with told(story) as scene:
        before = dump(scene.file)["users"]
        plan = scene.plan()
        apply_to(plan, scene.target)
        after = dump(scene.file)["users"]
        assert before.keys() <= after.keys()
        rekeyed = set(plan.changes.users.filter(action="rekey")["target_id"])
        for key, user in before.items():
            for name in ("role", "opt_out", "status", "origin"):
                assert after[key][name] == user[name]
            if str(user["id"]) in rekeyed:
                kinds = {one["member_type"] == "student" for one in (user, after[key])}
                assert len(kinds) == 1


@law
@given(returning())
def test_what_is_set_aside_stays_word_for_word(story: Story) -> None:
    with told(story) as scene:
        aside = {row["old_host_id"] for row in scene.rows["crosswalk"] if row["decision"] == "set_aside"}
        before = dump(scene.file)["users"]
        apply_to(scene.plan(), scene.target)
        after = dump(scene.file)["users"]
        for key, user in before.items():
            if user["host_id"] in aside:
                assert after[key] == user


def _stop(scene: Scene, changes: int) -> None:
    """Apply the scene's plan, and stop it after so many changes."""

    def stop(done: int, total: int) -> None:
        if min(changes, total) == done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scene.plan(), scene.target, stop, batch_size=1)


def _ids(scene: Scene) -> dict[Any, str]:
    return {key: user["host_id"] for key, user in dump(scene.file)["users"].items()}
