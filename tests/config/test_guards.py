from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config.resources import schema
from reconciler.model import DEFAULT_GUARDS, NONE_ALLOWED, Limit

if TYPE_CHECKING:
    from tests.config.conftest import Load, Write


@pytest.mark.parametrize("rule_set", ["vidigami-v2", "vidigami-v3"])
def test_rule_sets_have_the_defaults(load: Load, good: str, rule_set: str) -> None:
    school = load(text=good.replace("vidigami-v2", rule_set))
    assert dict(school.guards) == dict(DEFAULT_GUARDS)
    assert list(school.guards) == list(DEFAULT_GUARDS)
    written = school.effective["guards"]
    assert isinstance(written, dict)
    names = {f"{kind}.{action}" for kind, actions in written.items() for action in actions}
    assert names == set(DEFAULT_GUARDS)


def test_schema_knows_every_guard_and_no_other() -> None:
    kinds = schema("school")["$defs"]["guards"]["properties"]
    names = {f"{kind}.{action}" for kind, node in kinds.items() for action in node["properties"]}
    assert names == set(DEFAULT_GUARDS)


def test_a_school_changes_a_part_of_a_limit(load: Load) -> None:
    guards = load("guards: {users: {deactivate: {percent: 50}}}\n").guards
    assert guards["users.deactivate"] == Limit(percent=50, count=5, floor=50)
    assert guards["users.update"] == DEFAULT_GUARDS["users.update"]


def test_off_and_zero(load: Load) -> None:
    guards = load("guards: {users: {create: off, update: 0}}\n").guards
    assert guards["users.create"] is None
    assert guards["users.update"] == NONE_ALLOWED


def test_a_guard_that_is_taken_out_has_its_default(load: Load) -> None:
    assert load("guards: null\n").guards == DEFAULT_GUARDS


def test_a_guard_that_a_rule_set_puts_off_is_put_on_again(load: Load, good: str, write: Write) -> None:
    write("rule_set: local\nguards: {users: {create: off}}\n", "local.yaml")
    text = good.replace("vidigami-v2]", "vidigami-v2, local.yaml]")
    assert load(text=text).guards["users.create"] is None
    on = load("guards: {users: {create: {percent: 5}}}\n", text=text).guards["users.create"]
    assert on == Limit(percent=5, count=15, floor=50)
