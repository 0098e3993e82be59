"""What a SCIM server answers is held against what it holds: some say that all is well, some say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from reconciler.apply.runner import run
from reconciler.frames import OUTCOMES, empty
from reconciler.targets.scim import ScimTarget
from reconciler.undo import invert
from tests.support import directories as d
from tests.support.clock import HeldClock
from tests.support.memory import HeldMemory
from tests.support.plans import make_header, make_plan
from tests.support.scim_api import ScimServer, serving
from tests.support.scim_servers import URN, sign_in

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reconciler.model import PlanHeader
    from tests.support.plans import Row

SILENT = ("ignores", "ignores silently")
NOT_KEPT = "the server answered that it is done, and holds something else in: "
NOT_KNOWN = (
    "whether 1 of the changes were made is not known: answers got lost, and the server could not be looked at"
    " any more; apply again, which looks first"
)


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)


def account(host_id: str, **more: Any) -> dict[str, Any]:
    """As `d.creation` makes it, under its Host ID as its id."""
    return {
        "id": f"u{host_id}",
        "externalId": host_id,
        "userName": host_id,
        "name": {"givenName": f"First{host_id}", "familyName": f"Last{host_id}"},
        "emails": [{"value": f"{host_id.lower()}@example.org", "type": "work", "primary": True}],
        "active": True,
        **more,
    }


def school(lie: str) -> AbstractContextManager[ScimServer]:
    """A student with a parent and their group, of which another student is no member."""
    parents = {f"{URN}:User": {"parents": [{"value": "uP1"}]}}
    members = [{"value": "uS1"}, {"value": "uP1"}]
    grade = {"id": "g1", "externalId": "grade:1", "displayName": "Grade 1", "members": members}
    return serving(lie, Users=[account("S1", **parents), account("P1"), account("S2")], Groups=[grade])


def opened(server: ScimServer, memory: HeldMemory | None = None, **scim: Any) -> ScimTarget:
    server.schemas = [{"id": f"{URN}:User", "attributes": [{"name": "parents"}]}]
    target = ScimTarget(server.settings(**scim), memory or HeldMemory(), HeldClock())
    target.prepare("dir-1", create=True)
    return target


def new() -> PlanHeader:
    return make_header(new_directory=True, directory_year="")


class Journal:
    """The outcomes that a run has written down."""

    def __init__(self) -> None:
        self.outcomes = empty(OUTCOMES)

    def open(self, kind: str, changes: pl.DataFrame) -> int:  # noqa: ARG002 - as the runner calls it
        return 1

    def close(self, batch: int, outcomes: pl.DataFrame) -> None:  # noqa: ARG002
        self.outcomes = pl.concat([self.outcomes, outcomes])


def outcomes_of(target: ScimTarget, changes: list[tuple[str, Row]]) -> list[tuple[str, str]]:
    return [outcome for kind, row in changes for outcome in d.apply(target, kind, row)]


def all_kinds(target: ScimTarget) -> list[tuple[str, Row]]:
    """A change of each kind that is made by a PATCH."""
    return [
        ("users", d.change(target, "S1", "deactivate", active=False)),
        ("users", d.change(target, "S2", first_name="Kim", email="kim@example.org")),
        ("users", d.change(target, "P1", "rekey", host_id="P9")),
        ("groups", d.group_change(target, "Grade 1", name="First Grade")),
        ("memberships", d.leaving(target, "S1")),
        ("memberships", d.joining("S2")),
        ("relationships", d.unlinking(target, "S1", "P1")),
        ("relationships", d.linking("S2", "S1")),
    ]


@pytest.mark.parametrize("lie", SILENT)
def test_a_change_that_the_server_ignores_has_failed(lie: str) -> None:
    with school(lie) as server:
        target = opened(server)
        before = d.state(target)
        assert outcomes_of(target, all_kinds(target)) == [
            ("failed", f"{NOT_KEPT}active"),
            ("failed", f"{NOT_KEPT}first_name, email"),
            ("failed", f"{NOT_KEPT}host_id"),
            ("failed", f"{NOT_KEPT}name"),
            ("failed", "the server answered that it is done, and lists it as a member still"),
            (
                "failed",
                "the server does not list it as a member; if it lists nobody's, set target.members: hidden",
            ),
            ("failed", "the server answered that it is done, and lists it as a parent still"),
            ("failed", "the server answered that it is done, and does not list it as a parent"),
        ]
        assert len(server.bodies) == 2 * len(all_kinds(target))  # each is tried once more
        assert d.state(target)["users"] == before["users"]


def test_a_run_of_changes_that_are_ignored_is_not_done() -> None:
    with school("ignores") as server:
        target = opened(server)
        changes = d.numbered(users=[d.change(target, "S1", "deactivate", active=False)])
        assert run(make_plan(header=new(), **changes), target).incomplete  # type: ignore[arg-type]


@pytest.mark.parametrize("lie", ["honest", "says nothing", "is late"])
def test_a_change_that_shows_is_applied(lie: str) -> None:
    with school(lie) as server:
        target = opened(server)
        changes = all_kinds(target)
        assert outcomes_of(target, changes) == [("applied", "")] * len(changes)
        server.late.clear()
        directory = target.read()
        assert directory.users.select("host_id", "first_name", "email", "active").rows() == [
            ("S1", "FirstS1", "s1@example.org", False),
            ("P9", "FirstP1", "p1@example.org", True),
            ("S2", "Kim", "kim@example.org", True),
        ]
        assert directory.groups["name"].to_list() == ["First Grade"]
        assert directory.memberships["host_id"].to_list() == ["P9", "S2"]
        assert directory.relationships.select("student_host_id", "parent_host_id").rows() == [("S2", "S1")]


@pytest.mark.parametrize(("lie", "looks"), [("honest", 1), ("says nothing", 2)])
def test_an_answer_that_tells_enough_is_not_asked_for_again(lie: str, looks: int) -> None:
    with school(lie) as server:
        target = opened(server, members_per_patch=1)
        rename, kim = (
            d.group_change(target, "Grade 1", name="First Grade"),
            d.change(target, "S2", first_name="Kim"),
        )
        server.asked.clear()
        assert d.apply(target, "users", kim) == [("applied", "")]
        assert server.asked == ["/v2/Users/uS2"] * looks
        server.asked.clear()
        assert d.apply(target, "groups", rename) == [("applied", "")]
        assert [one for one in server.asked if "/g1" in one] == [
            "/v2/Groups/g1?excludedAttributes=members"
        ] * looks


def test_a_group_is_looked_at_once_for_all_of_its_members() -> None:
    with school("says nothing") as server:
        target = opened(server, single_remove=True)
        leaving = [d.leaving(target, one) for one in ("S1", "P1")]
        server.asked.clear()
        assert d.apply(target, "memberships", *leaving) == [("applied", "")] * 2
        assert server.asked == ["/v2/Groups/g1"] * 2  # before, and afterwards
        assert len(server.bodies) == 2


def test_members_of_a_server_that_hides_them_are_believed() -> None:
    with school("ignores silently") as server:
        leaving = d.leaving(opened(server), "S1")
        target = opened(server, members="hidden")
        assert d.apply(target, "memberships", d.joining("S2")) == [("applied", "")]
        assert d.apply(target, "memberships", leaving) == [("applied", "")]
        assert len(server.bodies) == 2


def test_what_the_server_makes_something_else_of_has_failed() -> None:
    with school("shouts") as server:
        target = opened(server)
        change = d.change(target, "S2", first_name="Kim", last_name="Lee")
        assert d.apply(target, "users", change) == [("failed", f"{NOT_KEPT}last_name")]
        assert len(server.bodies) == 1


def test_an_email_that_differs_in_case_alone_is_as_wanted() -> None:
    with school("honest") as server:
        target = opened(server)
        change = d.change(target, "S2", first_name="Kim", email="S2@Example.ORG")
        assert d.apply(target, "users", change) == [("applied", "")]


def test_a_change_that_cannot_be_looked_at_is_not_known_and_the_run_not_done() -> None:
    with school("goes down") as server:
        memory = HeldMemory()
        target = opened(server, memory)
        change = d.linking("S2", "P1")
        ((outcome, detail),) = d.apply(target, "relationships", change, cut_short=True)
        assert (outcome, "GET was answered with 500" in detail) == ("", True)
        assert target.finish() == f"{server.settings().url}: {NOT_KNOWN}"
        server.lie = "says nothing"
        assert d.apply(opened(server, memory), "relationships", change) == [("already", "")]


def test_a_creation_whose_answer_got_lost_is_not_known_until_it_is_found() -> None:
    with serving("loses an answer", Users=[], Groups=[]) as server:
        memory = HeldMemory()
        target = opened(server, memory)
        plan = make_plan(header=new(), **d.numbered(users=[d.creation("S1")]))  # type: ignore[arg-type]
        journal = Journal()
        assert target.capabilities.immediate  # asked before the server goes down
        outcomes = run(plan, target, journal=journal)
        assert (outcomes.incomplete, outcomes.left) == (True, f"{server.settings().url}: {NOT_KNOWN}")
        (outcome,) = journal.outcomes["outcome"]
        assert outcome == ""
        server.lie = ""
        told = journal.outcomes.select("id", "outcome", "made_id")
        made = {kind: one.join(told, on="id") for kind, one in plan.changes.frames().items()}
        undone = invert(made, opened(server, memory).read())
        assert undone.after.users.select("host_id", "active").rows() == [("S1", False)]
        assert run(plan, opened(server, memory)).frame["outcome"].to_list() == ["already"]
        assert len(server.lists["Users"]) == 1


def test_an_account_that_does_not_show_at_once_is_not_taken_for_somebody_elses() -> None:
    with serving("lists late", Users=[], Groups=[]) as server:
        target = opened(server)
        assert d.apply(target, "users", d.creation("S1")) == [("applied", "")]
        assert [one["externalId"] for one in server.lists["Users"]] == ["S1"]
        assert len(server.bodies) == 2


@pytest.mark.parametrize("lie", ["tells nothing", "tells a list", "tells a page", "tells little"])
def test_an_answer_that_does_not_tell_what_was_made_is_looked_up(lie: str) -> None:
    with serving(lie, Users=[], Groups=[]) as server:
        target = opened(server)
        assert d.apply(target, "users", d.creation("S1"), d.creation("S2")) == [("applied", "")] * 2
        assert d.apply(target, "groups", d.group_creation("Grade 1")) == [("applied", "")]
        assert sorted(one["externalId"] for one in server.lists["Users"]) == ["S1", "S2"]
        assert [one["externalId"] for one in server.lists["Groups"]] == ["grade:1"]


def test_a_server_that_does_not_keep_host_ids_is_told_and_asked_once() -> None:
    with serving("keeps no externalId", Users=[], Groups=[]) as server:
        target = opened(server)
        told = "the server does not keep {} (externalId); see with its vendor"
        assert d.apply(target, "users", d.creation("S1")) == [("failed", told.format("the Host ID"))]
        creation = d.group_creation("Grade 1")
        assert d.apply(target, "groups", creation) == [("failed", told.format("a group's key"))]
        assert len(server.bodies) == 2
