"""What every target keeps to, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler import frames
from reconciler.errors import HeldError
from reconciler.model import DirectoryInfo, TargetSettings
from reconciler.targets import TARGETS, open_target
from tests.support import directories as d
from tests.support.memory import HeldMemory
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.targets import Target

SETTINGS: dict[str, Callable[[Path], TargetSettings]] = {
    "embedded": lambda path: TargetSettings("embedded", str(path)),
    "sheets": sheet_settings,
}
"""Kind of target -> the settings of one that has its directory at a path."""
NOTHING = {"id": "", "year": "", "users": [], "groups": [], "memberships": [], "relationships": []}


@pytest.fixture(params=sorted(TARGETS))
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """A target whose directory does not exist yet."""
    return open_target(SETTINGS[request.param](tmp_path / "directory"), HeldMemory())


@pytest.fixture
def target(fresh: Target) -> Target:
    """A target with an empty directory."""
    fresh.prepare("dir-1", create=True)
    return fresh


def made(target: Target) -> tuple[str, str]:
    """What becomes of a change that goes well."""
    return ("applied" if target.capabilities.immediate else "handed-over", "")


def fill(target: Target) -> list[tuple[str, str]]:
    """A student, a parent, a group, and what joins them."""
    return [
        *d.apply(target, "groups", d.group_creation("Grade 1")),
        *d.apply(target, "users", d.creation("S1"), d.creation("P1")),
        *d.apply(target, "relationships", d.linking("S1", "P1")),
        *d.apply(target, "memberships", d.joining("S1"), d.joining("P1")),
    ]


def test_a_directory_that_does_not_exist_is_empty_and_stays_so(fresh: Target) -> None:
    assert fresh.info() == DirectoryInfo("", "")
    assert d.state(fresh) == NOTHING
    assert fresh.info() == DirectoryInfo("", "")


def test_frames_have_their_schemas_with_rows_and_without(fresh: Target) -> None:
    for _ in range(2):
        directory = fresh.read()
        assert directory.users.schema == pl.Schema(frames.CURRENT_USERS)
        assert directory.groups.schema == pl.Schema(frames.CURRENT_GROUPS)
        assert directory.memberships.schema == pl.Schema(frames.CURRENT_MEMBERSHIPS)
        assert directory.relationships.schema == pl.Schema(frames.CURRENT_RELATIONSHIPS)
        fresh.prepare("dir-1", create=True)
        fill(fresh)


def test_a_plan_for_a_directory_that_is_gone_is_refused(fresh: Target) -> None:
    with pytest.raises(HeldError, match=r"there is no directory here, and the plan is for one that exists"):
        fresh.prepare("dir-1", create=False)
    assert d.state(fresh) == NOTHING


@pytest.mark.parametrize("create", [True, False])
def test_a_plan_for_another_directory_is_refused(target: Target, create: bool) -> None:
    with pytest.raises(HeldError, match=r"this is directory dir-1, and the plan is for directory dir-2"):
        target.prepare("dir-2", create=create)


@pytest.mark.parametrize("create", [True, False])
def test_preparing_a_directory_that_is_there_changes_nothing(target: Target, create: bool) -> None:
    fill(target)
    before = d.state(target)
    target.prepare("dir-1", create=create)
    assert d.state(target) == before


def test_the_year_is_written_with_the_batch_even_an_empty_one(target: Target) -> None:
    assert target.info() == DirectoryInfo("dir-1", "")
    d.apply(target, "users", d.creation("S1"))
    assert target.info() == DirectoryInfo("dir-1", "2025-26")
    assert d.apply(target, "memberships", year="2026-27") == []
    assert target.info() == DirectoryInfo("dir-1", "2026-27")


def test_what_was_created_is_read_back(target: Target) -> None:
    assert fill(target) == [made(target)] * 6
    directory = target.read()
    assert directory.users.drop("target_id").sort("host_id").to_dicts() == [
        {
            "host_id": host_id,
            "member_type": member_type,
            "first_name": f"First{host_id}",
            "last_name": f"Last{host_id}",
            "preferred_name": "",
            "email": email,
            "grad_year": "",
            "active": True,
            "status": "not_activated",
            "role": "Contributor",
            "opt_out": False,
            "origin": "sync",
            "deactivated_by": "",
        }
        for host_id, member_type, email in (
            ("P1", "parent", "p1@example.org"),
            ("S1", "student", "s1@example.org"),
        )
    ]
    assert directory.groups.drop("target_id").rows() == [
        ("grade:1", "Academics", "Grade 1", "grade", "sync"),
    ]
    assert sorted(directory.memberships.select("group_key", "host_id", "origin").rows()) == [
        ("grade:1", "P1", "sync"),
        ("grade:1", "S1", "sync"),
    ]
    assert directory.relationships.drop("target_id").rows() == [("S1", "P1", "sync")]


def test_memberships_name_their_group_as_its_table_does(target: Target) -> None:
    fill(target)
    directory = target.read()
    joined = directory.memberships.join(
        directory.groups.select(group="target_id", group_key="key"), on="group_key"
    )
    assert joined.height == 2
    assert joined["group_target_id"].equals(joined["group"].alias("group_target_id"))


def test_creating_twice_does_nothing_more(target: Target) -> None:
    fill(target)
    before = d.state(target)
    assert fill(target) == [("already", "")] * 6
    assert d.state(target) == before


def test_each_change_is_applied_once_and_done_after(target: Target) -> None:
    fill(target)
    changes = (
        ("users", d.change(target, "S1", first_name="Kim", email="kim@example.org")),
        ("users", d.change(target, "P1", "deactivate", active=False)),
        ("groups", d.group_change(target, "Grade 1", name="First Grade")),
        ("memberships", d.leaving(target, "P1")),
        ("relationships", d.unlinking(target, "S1", "P1")),
    )
    assert [d.apply(target, kind, row) for kind, row in changes] == [[made(target)]] * 5
    before = d.state(target)
    assert [d.apply(target, kind, row) for kind, row in changes] == [[("already", "")]] * 5
    assert d.state(target) == before
    assert before == {
        "id": "dir-1",
        "year": "2025-26",
        "users": [
            ("P1", "parent", "FirstP1", "LastP1", "", "p1@example.org", "", False,
             "not_activated", "Contributor", False, "sync", "sync"),
            ("S1", "student", "Kim", "LastS1", "", "kim@example.org", "", True,
             "not_activated", "Contributor", False, "sync", ""),
        ],
        "groups": [("grade:1", "Academics", "First Grade", "grade", "sync")],
        "memberships": [("grade:1", "S1", "sync")],
        "relationships": [],
    }  # fmt: skip


def test_what_moved_since_the_plan_is_left_alone(target: Target) -> None:
    fill(target)
    late = d.change(target, "S1", first_name="Kim")
    d.apply(target, "users", d.change(target, "S1", first_name="Sam"))
    assert d.apply(target, "users", late) == [
        ("stale", "the account has changed since the plan in: first_name")
    ]
    assert d.user(target, "S1")["first_name"] == "Sam"


def test_one_bad_change_does_not_take_the_others_with_it(target: Target) -> None:
    fill(target)
    rows = (d.creation("S2"), d.creation("S3", email="S1@Example.ORG"), d.creation("S4"))
    assert d.apply(target, "users", *rows) == [
        made(target),
        ("failed", "its e-mail is held by account S1"),
        made(target),
    ]
    assert sorted(target.read().users["host_id"]) == ["P1", "S1", "S2", "S4"]


def test_host_ids_that_differ_in_case_are_two_people(target: Target) -> None:
    rows = (d.creation("S1"), d.creation("s1", email="other@example.org", member_type="student"))
    assert d.apply(target, "users", *rows) == [made(target)] * 2
