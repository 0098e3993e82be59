"""What no plan ever does: delete, or touch what is not ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import given

from reconciler.model.plan import ACTIONS
from tests.properties.directories import TABLES, dump, told
from tests.properties.laws import law
from tests.properties.stories import Story, stories
from tests.support.schools import apply_to

if TYPE_CHECKING:
    from tests.properties.directories import Scene

MOVING = ("accept", "keep_old")
_OUR_KEYS = re.compile(r"faculty(@.*)?|(grade|grad_year|class|division|list):.+")
_NEVER_TOUCHED = ("id", "role", "opt_out", "status", "origin")


def ours(user: dict[str, Any], scene: Scene) -> bool:
    """Whether an account's Host ID is one that its member type's rules make, made before, or have parked.

    Or the crosswalk says whose it is.
    """
    member, host_id = user["member_type"], user["host_id"].removeprefix("parked:")
    rules = scene.school.members[member]
    prefixes = (rules.prefix, *scene.school.identity.previous_prefixes.get(member, ()))
    said = {row["old_host_id"] for row in scene.rows.get("crosswalk", []) if row["decision"] in MOVING}
    made = any(re.fullmatch(re.escape(prefix) + rules.id_pattern, host_id) for prefix in prefixes)
    return made or user["host_id"] in said


@law
@given(stories(may_be_new=False))
def test_no_plan_deletes(story: Story) -> None:
    with told(story) as scene:
        before, plan = dump(scene.file), scene.plan()
        for kind, frame in plan.changes.frames().items():
            assert set(frame["action"]) <= set(ACTIONS[kind]) - {"delete"}
        apply_to(plan, scene.target)
        after = dump(scene.file)
        for table in ("users", "groups"):
            assert before[table].keys() <= after[table].keys()


@law
@given(stories(may_be_new=False))
def test_accounts_that_are_not_ours_stay_byte_for_byte(story: Story) -> None:
    with told(story) as scene:
        before = dump(scene.file)["users"]
        apply_to(scene.plan(), scene.target)
        after = dump(scene.file)["users"]
        for key, user in before.items():
            if not ours(user, scene):
                assert after[key] == user
            assert [after[key][name] for name in _NEVER_TOUCHED] == [user[name] for name in _NEVER_TOUCHED]


@law
@given(stories(may_be_new=False))
def test_without_a_prefix_nobody_made_by_hand_is_taken_for_a_leaver(story: Story) -> None:
    with told(story) as scene:
        before = dump(scene.file)["users"]
        gone = set(scene.plan().changes.users.filter(action="deactivate")["target_id"])
        for user in before.values():
            if user["origin"] == "hand" and not scene.school.members[user["member_type"]].prefix:
                assert str(user["id"]) not in gone


@law
@given(stories(may_be_new=False))
def test_what_was_made_by_hand_stays(story: Story) -> None:
    with told(story) as scene:
        before, plan = dump(scene.file), scene.plan()
        apply_to(plan, scene.target)
        after = dump(scene.file)
        for table in ("memberships", "relationships"):
            removed = set(plan.changes.frames()[table].filter(action="remove")["target_id"])
            for key, link in before[table].items():
                if link["origin"] == "hand":
                    assert ":".join(str(end) for end in key) not in removed
                    assert after[table][key] == link
        for key, group in before["groups"].items():
            if not _OUR_KEYS.fullmatch(group["external_id"]) and not scene.school.groups.adopt:
                assert after["groups"][key] == group


@law
@given(stories())
def test_a_partial_export_takes_nobody_and_nothing_away(story: Story) -> None:
    with told(story) as scene:
        before = dump(scene.file)
        plan = scene.plan(additions_only=True)
        assert not {"deactivate"} & set(plan.changes.users["action"])
        assert set(plan.changes.memberships["action"]) | set(plan.changes.relationships["action"]) <= {"add"}
        apply_to(plan, scene.target)
        after = dump(scene.file)
        assert all(before[table].keys() <= after[table].keys() for table in TABLES)
