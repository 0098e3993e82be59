from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import directories as d

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.targets import Target

APPLIED, ALREADY = ("applied", ""), ("already", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


@pytest.fixture
def target(path: Path) -> Target:
    target = d.new_directory(path)
    d.apply(target, "groups", d.group_creation("Grade 1"))
    d.apply(target, "users", d.creation("S1"), d.creation("P1"))
    return target


def test_a_group_that_differs_from_the_creation_is_stale(target: Target) -> None:
    assert d.apply(target, "groups", d.group_creation("Grade 1", after_name="First Grade")) == [
        ("stale", "the group exists already, and differs in: name")
    ]


def test_a_group_whose_name_is_taken_is_not_made(path: Path, target: Target) -> None:
    d.add_group(path, "Grade 2")
    assert d.apply(target, "groups", d.group_creation("Grade 2")) == [
        ("failed", "another group has its category and name")
    ]


def test_groups_of_one_name_in_two_categories_are_two(target: Target) -> None:
    other = d.group_creation("Grade 1", after_key="list:Arts/Grade 1", after_category="Arts")
    assert d.apply(target, "groups", other) == [APPLIED]
    assert target.read().groups["kind"].to_list() == ["grade", "list"]


def test_an_adopted_group_gets_its_key_and_keeps_its_origin(path: Path, target: Target) -> None:
    d.add_group(path, "Grade 2")
    adoption = d.group_change(target, "Grade 2", key="grade:2")
    assert d.apply(target, "groups", adoption) == [APPLIED]
    assert d.apply(target, "groups", adoption) == [ALREADY]
    assert target.read().groups.drop("target_id").rows()[1] == (
        "grade:2", "Academics", "Grade 2", "grade", "hand"
    )  # fmt: skip


def test_a_group_is_found_again_whatever_it_is_called_now(path: Path, target: Target) -> None:
    rename = d.group_change(target, "Grade 1", category="Arts")
    d.execute(path, "UPDATE groups SET name = 'By Hand'")
    assert d.apply(target, "groups", rename) == [APPLIED]
    assert target.read().groups.select("category", "name").rows() == [("Arts", "By Hand")]


def test_a_group_renamed_twice_is_stale(path: Path, target: Target) -> None:
    rename = d.group_change(target, "Grade 1", name="First Grade")
    d.execute(path, "UPDATE groups SET name = 'By Hand'")
    assert d.apply(target, "groups", rename) == [("stale", "the group has changed since the plan in: name")]


def test_a_group_that_is_not_there_makes_its_change_stale(target: Target) -> None:
    rename = d.group_change(target, "Grade 1", name="First Grade") | {"target_id": "99"}
    assert d.apply(target, "groups", rename) == [("stale", "the group is not there any more")]


@pytest.mark.parametrize(
    ("after", "detail"),
    [
        ({"name": "Grade 1"}, "another group has its category and name"),
        ({"key": "grade:1"}, "another group has its key"),
        ({"name": " "}, "the directory does not take these values"),
    ],
)
def test_a_change_of_a_group_that_the_directory_refuses_fails(
    path: Path, target: Target, after: dict[str, str], detail: str
) -> None:
    d.add_group(path, "Grade 2")
    assert d.apply(target, "groups", d.group_change(target, "Grade 2", **after)) == [("failed", detail)]


def test_a_membership_made_by_hand_is_there_already_and_stays_by_hand(path: Path, target: Target) -> None:
    d.add_member(path, "S1")
    assert d.apply(target, "memberships", d.joining("S1"), d.joining("P1")) == [ALREADY, APPLIED]
    assert sorted(target.read().memberships.select("host_id", "origin").rows()) == [
        ("P1", "sync"),
        ("S1", "hand"),
    ]


def test_a_membership_needs_its_group_and_its_account(target: Target) -> None:
    rows = (d.joining("S9"), d.joining("S1", "Grade 9"), d.joining("S9", "Grade 9"), d.joining("S1"))
    assert d.apply(target, "memberships", *rows) == [
        ("failed", "there is no account S9"),
        ("failed", "there is no group grade:9"),
        ("failed", "there is no group grade:9 and account S9"),
        APPLIED,
    ]


def test_a_group_by_hand_without_a_key_is_nobody_s_group(path: Path, target: Target) -> None:
    d.add_group(path, "Chess")
    row = d.joining("S1") | {"group_key": ""}
    assert d.apply(target, "memberships", row) == [("failed", "there is no group ")]


def test_host_ids_are_told_apart_by_case(target: Target) -> None:
    assert d.apply(target, "memberships", d.joining("s1")) == [("failed", "there is no account s1")]


def test_a_membership_that_is_gone_needs_no_removal(path: Path, target: Target) -> None:
    d.apply(target, "memberships", d.joining("S1"))
    row = d.leaving(target, "S1")
    d.execute(path, "DELETE FROM memberships")
    assert d.apply(target, "memberships", row) == [ALREADY]


def test_a_membership_made_by_hand_since_the_plan_is_not_removed(path: Path, target: Target) -> None:
    d.apply(target, "memberships", d.joining("S1"))
    row = d.leaving(target, "S1")
    d.execute(path, "DELETE FROM memberships")
    d.add_member(path, "S1")
    assert d.apply(target, "memberships", row) == [("stale", "somebody has made it by hand since the plan")]
    assert target.read().memberships.height == 1


@pytest.mark.parametrize("target_id", ["", "1", "x:y", "1:", ":1", "1:2:3x", "1:2x", f"{2**70}:1"])
def test_a_removal_that_names_no_link_removes_nothing(target: Target, target_id: str) -> None:
    d.apply(target, "memberships", d.joining("S1"), d.joining("P1"))
    row = d.leaving(target, "S1") | {"target_id": target_id}
    assert d.apply(target, "memberships", row) == [ALREADY]
    assert target.read().memberships.height == 2


def test_a_removal_takes_out_its_own_link_alone(target: Target) -> None:
    d.apply(target, "memberships", d.joining("S1"), d.joining("P1"))
    assert d.apply(target, "memberships", d.leaving(target, "S1")) == [APPLIED]
    assert target.read().memberships["host_id"].to_list() == ["P1"]


def test_removals_and_additions_share_a_batch_in_the_plan_s_order(target: Target) -> None:
    d.apply(target, "memberships", d.joining("S1"))
    rows = (d.joining("S9"), d.leaving(target, "S1"), d.joining("P1"))
    assert d.apply(target, "memberships", *rows) == [
        ("failed", "there is no account S9"),
        APPLIED,
        APPLIED,
    ]


def test_a_relationship_needs_both_its_ends(target: Target) -> None:
    rows = (d.linking("S9", "P1"), d.linking("S1", "P9"), d.linking("S9", "P9"), d.linking("S1", "P1"))
    assert d.apply(target, "relationships", *rows) == [
        ("failed", "there is no account S9"),
        ("failed", "there is no account P9"),
        ("failed", "there is no account S9 and account P9"),
        APPLIED,
    ]


def test_nobody_is_their_own_parent(target: Target) -> None:
    assert d.apply(target, "relationships", d.linking("S1", "S1")) == [
        ("failed", "the directory does not take these values")
    ]


def test_a_relationship_made_by_hand_since_the_plan_is_not_removed(path: Path, target: Target) -> None:
    d.apply(target, "relationships", d.linking("S1", "P1"))
    row = d.unlinking(target, "S1", "P1")
    d.execute(path, "UPDATE relationships SET origin = 'hand'")
    assert d.apply(target, "relationships", row) == [("stale", "somebody has made it by hand since the plan")]
    assert d.apply(target, "relationships", d.linking("S1", "P1")) == [ALREADY]
