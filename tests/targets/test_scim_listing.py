"""A listing that is not whole is an error, and never a school with fewer people."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ReconcileError
from reconciler.targets import open_target
from tests.support import directories as d
from tests.support.memory import HeldMemory
from tests.support.scim_api import CORE, serving
from tests.support.scim_servers import TOKEN, scim2_server, scimmy_or_skip, sign_in

if TYPE_CHECKING:
    from reconciler.model import TargetSettings
    from reconciler.targets import Target

ADVICE = "run it again, and if that does not help, see target.paging and target.page_size"
LIES = {
    "repeats a page": f"/Users: the server lists 2 of its rows twice; {ADVICE}",
    "stops short": f"/Users: the server counts 5 and lists 2; {ADVICE}",
    "counts too many": f"/Users: the server counts 6 and lists 5; {ADVICE}",
    "counts too few": f"/Users: the server counts 3 and lists 4; {ADVICE}",
    "changes its count": f"/Users: the server counted 5 first, then 6; {ADVICE}",
    "does not count": "/Users: the server does not say how many there are; set target.paging: cursor",
}


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)


def people(many: int = 5) -> list[dict[str, Any]]:
    return [{"id": str(n), "externalId": f"S{n}", "userName": f"S{n}"} for n in range(many)]


def opened(settings: TargetSettings) -> Target:
    return open_target(settings, HeldMemory())


@pytest.mark.parametrize("lie", LIES)
def test_a_listing_that_lies_is_an_error(lie: str) -> None:
    rows = people(4 if lie == "counts too few" else 5)
    with serving(lie, Users=rows) as server, pytest.raises(ReconcileError) as caught:
        opened(server.settings()).snapshot()
    assert str(caught.value) == LIES[lie]


def test_an_honest_listing_is_read_whole() -> None:
    with serving(Users=people()) as server:
        assert opened(server.settings()).read().users["host_id"].to_list() == [f"S{n}" for n in range(5)]
        asked = [path for path in server.asked if path.startswith("/v2/Users")]
    assert asked == [f"/v2/Users?startIndex={start}&count=2" for start in (1, 3, 5)]


def test_two_accounts_with_one_host_id_are_an_error() -> None:
    rows = [*people(2), {"id": "9", "externalId": "S1"}]
    with serving(Users=rows) as server, pytest.raises(ReconcileError) as caught:
        opened(server.settings()).read()
    assert str(caught.value) == (
        "several accounts have one externalId (S1); leave one of them its externalId on the server, and take"
        " it from the others"
    )


def test_names_of_attributes_mean_the_same_in_any_case() -> None:
    rows = [{"ID": "1", "EXTERNALID": "S1", "Name": {"GIVENNAME": "Zoë"}, "active": "False"}]
    with serving(Users=rows) as server:
        server.lists["Users"] = [{"id": "1", **rows[0]}]
        assert d.user(opened(server.settings()), "S1")["first_name"] == "Zoë"
        assert d.user(opened(server.settings()), "S1")["active"] is False


def test_an_account_without_a_host_id_is_nobody_of_ours() -> None:
    with serving(Users=[{"id": "a/b:c", "userName": "S1"}]) as server:
        users = opened(server.settings()).read().users
    assert users.select("host_id", "target_id", "origin").rows() == [("#a%2Fb%3Ac", "a%2Fb%3Ac", "hand")]


def test_what_a_server_has_no_place_for_is_not_carried() -> None:
    with serving(
        Users=people(1), Groups=[{"id": "g", "externalId": "grade:1", "displayName": "G"}]
    ) as server:
        server.schemas = [{"id": f"{CORE}:User", "attributes": [{"name": "userName"}, {"name": "name"}]}]
        target = opened(server.settings())
        can = target.capabilities
        user = d.user(target, "S0")
        assert (user["status"], user["role"], user["origin"]) == ("activated", "Contributor", "sync")
        found = target.findings().select("code", "detail").rows()
    assert can.fields == {"first_name", "last_name"}
    assert can.kinds == {"users", "groups", "memberships"}
    assert found == [("not-carried", "the directory holds no category: 1 groups")]


def test_members_left_out_of_a_listing_are_asked_for_and_hidden_ones_are_not_carried() -> None:
    shown = {"id": "g1", "externalId": "grade:1", "displayName": "One", "members": [{"value": "0"}]}
    with serving(Users=people(1), Groups=[shown, {**shown, "id": "g2", "externalId": "grade:2"}]) as server:
        del server.lists["Groups"][1]["members"]
        target = opened(server.settings())
        assert target.read().memberships.select("group_key", "host_id").rows() == [("grade:1", "S0")]
        assert "/v2/Groups/g2" in server.asked
        assert "memberships" not in opened(server.settings(members="hidden")).capabilities.kinds


def test_links_to_accounts_that_were_deleted_are_told_and_ignored() -> None:
    group = {"id": "g1", "externalId": "grade:1", "displayName": "One"}
    with serving(Users=people(1), Groups=[{**group, "members": [{"value": "0"}, {"value": "9"}]}]) as server:
        target = opened(server.settings())
        assert target.read().memberships["host_id"].to_list() == ["S0"]
        assert ("dangling-link", "1 name an account that is not there") in target.findings().select(
            "code", "detail"
        ).rows()


def test_a_server_that_patches_nothing_is_refused() -> None:
    with serving(Users=people(1)) as server:
        server.config = {"patch": {"supported": False}}
        with pytest.raises(ReconcileError, match=r"the server takes no PATCH"):
            opened(server.settings()).read()


def test_a_wrong_token_is_told_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWL_TOKEN", "another-t0ken")
    with serving(Users=people(1)) as server, pytest.raises(ReconcileError) as caught:
        opened(server.settings()).read()
    assert re.search(r"401; the token is wrong or has expired$", str(caught.value))
    assert "another" not in "".join(traceback.format_exception(caught.value))


def test_no_token_at_all_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OWL_TOKEN")
    with serving(Users=people(1)) as server, pytest.raises(ReconcileError) as caught:
        opened(server.settings()).read()
    assert str(caught.value) == (
        "the variable OWL_TOKEN (or OWL_TOKEN_FILE) is not set; the server's administrator gives a token, or"
        " client id and secret with an address for target.token_url"
    )


def test_a_redirect_is_not_followed_and_carries_no_token() -> None:
    with serving("redirect", Users=people(1)) as server:
        target = opened(server.settings())
        target.prepare("dir-1", create=True)
        ((outcome, detail),) = d.apply(target, "users", d.creation("S9"))
    assert outcome == "failed"
    assert detail.endswith("POST was answered with 307; it redirects: see the address")


def test_a_server_out_of_order_ends_in_failed_changes_and_soon_in_no_more_requests() -> None:
    with serving("out of order", Users=people(1)) as server:
        target = opened(server.settings())
        target.prepare("dir-1", create=True)
        rows = [d.creation(f"S1{n:03}", first_name="Zaphod") for n in range(300)]
        outcomes = d.apply(target, "users", *rows)
        asked = len(server.bodies)
    assert {outcome for outcome, _ in outcomes} == {"failed"}
    assert asked < 20
    told = "127.0.0.1: too many requests have failed one after the other; nothing more is asked"
    assert outcomes[-1] == ("failed", told)
    assert not any("Zaphod" in detail or TOKEN in detail for _, detail in outcomes)


def test_express_5_whose_paging_is_broken_is_caught() -> None:
    with scimmy_or_skip("express5") as server:
        target = opened(server.settings())
        target.prepare("dir-1", create=True)
        outcomes = d.apply(target, "users", *(d.creation(f"S1{n:03}") for n in range(45)))
        assert set(outcomes) == {("applied", "")}
        with pytest.raises(ReconcileError) as caught:
            target.read()
    assert str(caught.value) == f"/Users: the server lists 20 of its rows twice; {ADVICE}"


@pytest.mark.parametrize("cursor", [False, True])
def test_pages_of_a_real_server_make_a_whole(cursor: bool) -> None:
    with scim2_server(cursor=cursor, page=7) as server:
        target = opened(server.settings())
        target.prepare("dir-1", create=True)
        d.apply(target, "users", *(d.creation(f"S1{n:03}") for n in range(45)))
        assert sorted(target.read().users["host_id"]) == [f"S1{n:03}" for n in range(45)]


def test_a_version_that_is_not_the_last_changes_nothing() -> None:
    with scim2_server() as server:
        target = opened(server.settings())
        target.prepare("dir-1", create=True)
        d.apply(target, "users", d.creation("S1"))
        scim = target._server  # type: ignore[attr-defined]
        (old,) = scim.find_users(["S1"])
        d.apply(target, "users", d.change(target, "S1", first_name="Kim"))
        with pytest.raises(ReconcileError, match=r"PATCH was answered with 412"):
            scim.patch("/Users", old, [{"op": "replace", "path": "nickName", "value": "Sam"}])
