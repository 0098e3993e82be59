"""What a SCIM server is sent, and what becomes of it on servers with less than all."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from reconciler.apply.runner import run
from reconciler.targets import open_target
from reconciler.targets.scim import ScimTarget
from tests.support import directories as d
from tests.support.clock import HeldClock
from tests.support.memory import HeldMemory
from tests.support.plans import make_plan
from tests.support.scim_api import serving
from tests.support.scim_servers import Running, scim2_server, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.targets import Target


UNSEEN = "the server does not list it as a member; if it lists nobody's, set target.members: hidden"


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)


@pytest.fixture
def server() -> Iterator[Running]:
    with scim2_server() as running:
        yield running


@pytest.fixture
def bare() -> Iterator[Running]:
    """A server without our extensions."""
    with scim2_server(extended=False) as running:
        yield running


def opened(server: Running, memory: HeldMemory | None = None, **scim: object) -> Target:
    target = open_target(server.settings(**scim), memory or HeldMemory())
    target.prepare("dir-1", create=True)
    return target


def raw(target: Target, path: str) -> list[dict[str, object]]:
    """What the server holds, with names in lower case."""
    pages = cast("ScimTarget", target)._server.pages(path)
    return [dict(one) for page in pages for one in page]


def test_a_category_that_the_server_has_no_place_for_is_remembered(bare: Running) -> None:
    memory = HeldMemory()
    target = opened(bare, memory)
    assert d.apply(target, "groups", d.group_creation("Grade 1")) == [("applied", "")]
    again = opened(bare, memory)
    assert again.read().groups.select("key", "category", "name").rows() == [
        ("grade:1", "Academics", "Grade 1")
    ]
    assert d.apply(again, "groups", d.group_creation("Grade 1")) == [("already", "")]
    assert opened(bare).read().groups["category"].to_list() == [""]  # the state store was lost


def test_a_category_may_stand_in_the_name(bare: Running) -> None:
    target = opened(bare, category_in_name=True)
    d.apply(target, "groups", d.group_creation("Grade 1"))
    assert [group["displayname"] for group in raw(target, "/Groups")] == ["Academics/Grade 1"]
    change = d.group_change(target, "Grade 1", name="A/B", category="Internal")
    assert d.apply(target, "groups", change) == [("applied", "")]
    assert opened(bare, category_in_name=True).read().groups.select("category", "name").rows() == [
        ("Internal", "A/B")
    ]


def test_a_member_type_without_an_extension_is_the_user_type(bare: Running) -> None:
    target = opened(bare)
    assert target.capabilities.fields == {
        *("member_type", "first_name", "last_name", "preferred_name", "email"),
    }
    assert target.capabilities.kinds == {"users", "groups", "memberships"}
    d.apply(target, "users", d.creation("S1"))
    assert [user["usertype"] for user in raw(target, "/Users")] == ["student"]
    assert d.apply(target, "users", d.change(target, "S1", member_type="staff")) == [("applied", "")]
    assert d.user(target, "S1")["member_type"] == "staff"
    d.apply(target, "users", d.change(target, "S1", "deactivate", active=False))
    assert d.user(target, "S1")["deactivated_by"] == "hand"  # the server cannot tell


def test_a_user_name_may_be_the_email_and_follows_it(server: Running) -> None:
    target = opened(server, user_name="email")
    assert target.capabilities.refuses_taken_email
    d.apply(target, "users", d.creation("S1"), d.creation("S2", email=""))
    assert d.apply(target, "users", d.creation("S3", email="S1@example.org")) == [
        ("failed", "its e-mail is held by account S1")
    ]
    d.apply(target, "users", d.change(target, "S1", email="new@example.org", host_id="S9"))
    d.apply(target, "users", d.change(target, "S2", host_id="S8"))
    assert sorted(str(user["username"]) for user in raw(target, "/Users")) == ["S8", "new@example.org"]


def test_other_emails_of_an_account_stay(server: Running) -> None:
    target = opened(server)
    d.apply(target, "users", d.creation("S1"))
    (user,) = raw(target, "/Users")
    more = {"value": "home@example.org", "type": "home"}
    scim = cast("ScimTarget", target)._server
    scim.patch("/Users", user, [{"op": "add", "path": "emails", "value": [more]}])
    d.apply(target, "users", d.change(target, "S1", email="new@example.org"))
    assert d.user(target, "S1")["email"] == "new@example.org"
    (user,) = raw(target, "/Users")
    assert sorted(one["value"] for one in cast("list[dict[str, str]]", user["emails"])) == [
        *("home@example.org", "new@example.org"),
    ]


@pytest.mark.parametrize(
    "more", [{"type": "home"}, {}, {"primary": False}, {"type": "other", "display": "x"}]
)
def test_an_account_is_without_an_email_though_others_of_it_stay(
    server: Running, more: dict[str, object]
) -> None:
    target = opened(server)
    d.apply(target, "users", d.creation("S1"), d.creation("S2"))
    user = next(one for one in raw(target, "/Users") if one["externalid"] == "S1")
    private = {"value": "private@example.org", **more}
    cast("ScimTarget", target)._server.patch(
        "/Users", user, [{"op": "add", "path": "emails", "value": [private]}]
    )
    clearing = d.change(target, "S1", email="") | {"later_email": "s2@example.org"}
    for _ in range(2):
        assert d.apply(target, "users", clearing)[0][0] in ("applied", "already")
        assert d.user(target, "S1")["email"] == ""
    others = [d.change(target, "S2", email="s1@example.org"), d.change(target, "S1", email="s2@example.org")]
    assert d.apply(target, "users", *others) == [("applied", "")] * 2
    assert d.apply(target, "users", clearing) == [("already", "")]
    assert [d.user(target, one)["email"] for one in ("S1", "S2")] == ["s2@example.org", "s1@example.org"]
    user = next(one for one in raw(target, "/Users") if one["externalid"] == "S1")
    held = [one["value"] for one in cast("list[dict[str, str]]", user["emails"])]
    assert sorted(held) == ["private@example.org", "s2@example.org"]


@pytest.mark.parametrize(
    ("emails", "own"),
    [
        ([{"value": "a"}], "a"),
        ([{"value": "a", "primary": False}], ""),
        ([{"value": "a", "type": "home"}], ""),
        ([{"value": "a"}, {"value": "b"}], ""),
        ([{"value": "a", "type": "home"}, {"value": "b", "type": "Work"}], "b"),
        ([{"value": "a", "type": "work"}, {"value": "b", "type": "home", "primary": True}], "b"),
        (["a"], ""),
    ],
)
def test_the_email_of_an_account_is_the_one_that_is_said_to_be(emails: list[object], own: str) -> None:
    with serving(Users=[{"id": "u1", "externalId": "S1", "userName": "S1", "emails": emails}]) as server:
        target = open_target(server.settings(), HeldMemory())
        assert target.read().users["email"].to_list() == [own]


def test_members_go_in_parts_of_the_size_that_the_server_takes(server: Running) -> None:
    target = opened(server, members_per_patch=3)
    names = [f"S1{n:03}" for n in range(40)]
    d.apply(target, "groups", d.group_creation("Grade 1"))
    d.apply(target, "users", *map(d.creation, names))
    fresh = opened(server, members_per_patch=3)  # which has to look up more than a few
    assert set(d.apply(fresh, "memberships", *map(d.joining, names))) == {("applied", "")}
    assert sorted(fresh.read().memberships["host_id"]) == names
    leaving = [d.leaving(fresh, name) for name in names[:7]]
    assert set(d.apply(fresh, "memberships", *leaving)) == {("applied", "")}
    assert sorted(fresh.read().memberships["host_id"]) == names[7:]


def test_a_run_that_was_cut_short_is_looked_up_before_it_goes_on(server: Running) -> None:
    memory = HeldMemory()
    target = opened(server, memory)
    d.apply(target, "users", d.creation("S1"), cut_short=True)
    assert memory.kept
    assert memory.kept.notes == {"unfinished": "users"}
    again = opened(server, memory)
    assert d.apply(again, "users", d.creation("S1"), d.creation("S2")) == [("already", ""), ("applied", "")]
    assert memory.kept.notes == {}


def test_progress_is_told_every_two_hundred_accounts(server: Running) -> None:
    target = opened(server)
    plan = make_plan(**d.numbered(users=[d.creation(f"S{number}") for number in range(250)]))  # type: ignore[arg-type]
    told: list[tuple[int, int]] = []
    outcomes = run(plan, target, lambda done, total: told.append((done, total)))
    assert told == [(0, 250), (200, 250), (250, 250)]
    assert set(outcomes.frame["outcome"]) == {"applied"}


def test_an_account_with_the_same_email_is_never_taken_over(server: Running) -> None:
    target = opened(server)
    scim = cast("ScimTarget", target)._server
    scim.create("/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "S1"})
    assert d.apply(target, "users", d.creation("S1")) == [
        ("failed", "its Host ID is held by another account")
    ]
    assert [user.get("externalid") for user in raw(target, "/Users")] == [None]


def test_members_that_the_server_does_not_show_have_failed() -> None:
    group = {"id": "g1", "externalId": "grade:1", "displayName": "Grade 1"}
    user = {"id": "u1", "externalId": "S1", "userName": "S1"}
    with serving("hides members", Users=[user], Groups=[group]) as hiding:
        target = ScimTarget(hiding.settings(), HeldMemory(), HeldClock())
        target.prepare("dir-1", create=True)
        assert d.apply(target, "memberships", d.joining("S1")) == [("failed", UNSEEN)]
