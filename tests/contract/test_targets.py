"""What every target keeps to, whatever stands behind it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler import frames
from reconciler.errors import HeldError
from reconciler.model import DirectoryInfo, TargetSettings
from reconciler.targets import TARGETS, Batch, open_target
from tests.support import directories as d
from tests.support import plans
from tests.support.memory import HeldMemory, LateMemory
from tests.support.scim_servers import scim2_server, scimmy_or_skip, sign_in
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.targets import Target

NOTHING = {"id": "", "year": "", "users": [], "groups": [], "memberships": [], "relationships": []}


@contextmanager
def embedded(folder: Path) -> Iterator[TargetSettings]:
    """A file."""
    yield TargetSettings("embedded", str(folder / "directory"))


@contextmanager
def sheets(folder: Path) -> Iterator[TargetSettings]:
    """A folder for sheets."""
    yield sheet_settings(folder / "directory")


@contextmanager
def scim(_folder: Path) -> Iterator[TargetSettings]:
    """A SCIM server."""
    with scim2_server(page=2) as server:
        yield server.settings()


@contextmanager
def scim_by_cursor(_folder: Path) -> Iterator[TargetSettings]:
    """A SCIM server whose listings go by cursor."""
    with scim2_server(cursor=True, page=2) as server:
        yield server.settings(members_per_patch=1)


@contextmanager
def scim_of_node(_folder: Path) -> Iterator[TargetSettings]:
    """Another SCIM server, where node is."""
    with scimmy_or_skip() as server:
        yield server.settings(single_remove=True)


DIRECTORIES: dict[str, tuple[str, Callable[[Path], AbstractContextManager[TargetSettings]]]] = {
    "embedded": ("embedded", embedded),
    "scim": ("scim", scim),
    "scim by cursor": ("scim", scim_by_cursor),
    "scim of node": ("scim", scim_of_node),
    "sheets": ("sheets", sheets),
}
"""Kind of target, and how an empty directory of it is made."""


def test_every_target_is_held_to_the_contract() -> None:
    assert {kind for kind, _ in DIRECTORIES.values()} == set(TARGETS)


@pytest.fixture(params=DIRECTORIES)
def fresh(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    """A target whose directory does not exist yet."""
    sign_in(monkeypatch)
    with DIRECTORIES[request.param][1](tmp_path) as settings:
        yield open_target(settings, HeldMemory())


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


@pytest.mark.parametrize("kind", ["embedded", "scim", "sheets"])
def test_of_two_who_find_no_directory_one_makes_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch)
    memory = HeldMemory()
    with DIRECTORIES[kind][1](tmp_path) as settings:
        one, other = open_target(settings, memory), open_target(settings, LateMemory(memory))
        one.prepare("dir-1", create=True)
        with pytest.raises(HeldError, match=r"this is directory dir-1, and the plan is for directory dir-2"):
            other.prepare("dir-2", create=True)
        assert one.info().directory_id == "dir-1"


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


@pytest.mark.parametrize(
    ("key", "kind"), [("grade:5@Upper School", "grade"), ("faculty@St. John: K-8, North", "faculty")]
)
def test_the_key_of_a_campus_s_group_may_hold_any_name(target: Target, key: str, kind: str) -> None:
    group = d.group_creation("Upper", group_key=key, after_key=key)
    assert d.apply(target, "groups", group) == [made(target)]
    assert d.apply(target, "users", d.creation("S1")) == [made(target)]
    seat = {**d.joining("S1"), "group_key": key}
    assert d.apply(target, "memberships", seat) == [made(target)]
    there = target.read()
    assert there.groups.select("key", "kind").rows() == [(key, kind)]
    assert there.memberships.select("group_key", "host_id").rows() == [(key, "S1")]


def test_memberships_name_their_group_as_its_table_does(target: Target) -> None:
    fill(target)
    directory = target.read()
    joined = directory.memberships.join(
        directory.groups.select(group="target_id", group_key="key"), on="group_key"
    )
    assert joined.height == 2
    assert joined["group_target_id"].equals(joined["group"].alias("group_target_id"))


def test_which_accounts_were_created_is_told_by_their_ids(target: Target) -> None:
    rows = [{"id": n} | d.creation(host_id) for n, host_id in enumerate(("S1", "P1"), start=1)]
    batch = Batch("users", plans.frame(d.SCHEMAS["users"], rows), d.YEAR)
    for _ in range(2):  # and who is there already
        told = target.apply(batch)["made_id"].to_list()
        target.finish()
        ids = dict(target.read().users.select("host_id", "target_id").rows())
        # What is handed over has no id yet.
        assert told == ([ids["S1"], ids["P1"]] if target.capabilities.immediate else ["", ""])
    assert target.apply(Batch("users", batch.changes.clear(), d.YEAR))["made_id"].to_list() == []


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
    outcomes = d.apply(target, "users", *rows)
    assert [outcomes[0], outcomes[2]] == [made(target)] * 2
    there = {"P1", "S1", "S2", "S4"}
    if target.capabilities.refuses_taken_email:
        assert outcomes[1] == ("failed", "its e-mail is held by account S1")
    else:
        there.add("S3")
    assert set(target.read().users["host_id"]) == there


def test_host_ids_that_differ_in_case_are_two_people(target: Target) -> None:
    rows = (d.creation("S1"), d.creation("s1", email="other@example.org", member_type="student"))
    assert d.apply(target, "users", rows[0]) == [made(target)]
    ((outcome, detail),) = d.apply(target, "users", rows[1])
    if target.capabilities.exact_host_ids:
        assert (outcome, detail) == made(target)
    else:  # not every server can say whose it is
        assert outcome == "failed"
        assert detail in {f"its Host ID is held by {who}" for who in ("account S1", "another account")}


def test_links_to_what_is_not_there_fail_and_say_so(target: Target) -> None:
    fill(target)
    assert d.apply(target, "memberships", d.joining("S9"), d.joining("S9", "Grade 9")) == [
        ("failed", "there is no account S9"),
        ("failed", "there is no group grade:9 and account S9"),
    ]
    assert d.apply(target, "relationships", d.linking("S1", "P9")) == [("failed", "there is no account P9")]


def test_an_account_that_gets_another_host_id_keeps_its_links(target: Target) -> None:
    fill(target)
    assert d.apply(target, "users", d.change(target, "P1", "rekey", host_id='P"1 \\x')) == [made(target)]
    directory = target.read()
    assert directory.relationships["parent_host_id"].to_list() == ['P"1 \\x']
    assert sorted(directory.memberships["host_id"]) == ['P"1 \\x', "S1"]
    assert d.apply(target, "users", d.creation('P"1 \\x')) == [
        ("stale", "the account exists already, and differs in: first_name, last_name, email")
    ]


def test_values_that_go_are_gone(target: Target) -> None:
    fill(target)
    full = d.change(target, "S1", preferred_name="Zoë", grad_year="2031")
    assert d.apply(target, "users", full) == [made(target)]
    bare = d.change(target, "S1", preferred_name="", grad_year="", email="", last_name="")
    assert d.apply(target, "users", bare) == [made(target)]
    user = d.user(target, "S1")
    assert [user[name] for name in ("preferred_name", "grad_year", "email", "last_name")] == [""] * 4


def test_whoever_was_deactivated_by_a_sync_comes_back(target: Target) -> None:
    fill(target)
    d.apply(target, "users", d.change(target, "P1", "deactivate", active=False))
    assert d.apply(target, "users", d.change(target, "P1", "reactivate", active=True)) == [made(target)]
    assert (d.user(target, "P1")["active"], d.user(target, "P1")["deactivated_by"]) == (True, "")
