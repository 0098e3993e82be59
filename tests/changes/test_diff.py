"""What differs, in which order it is changed, and how changes are numbered."""

from __future__ import annotations

import polars as pl
import pytest

from reconciler.changes import diff
from reconciler.frames import (
    RESOLVED_GROUPS,
    RESOLVED_MEMBERSHIPS,
    RESOLVED_RELATIONSHIPS,
    RESOLVED_USERS,
    empty,
)
from reconciler.model import Directory
from tests.support.schools import empty_directory


def account(host_id, email="", *, active=True):
    return {
        "host_id": host_id,
        "member_type": "parent",
        "first_name": "Rosa",
        "last_name": "Plover",
        "preferred_name": "",
        "email": email and f"{email}@example.org",
        "grad_year": "",
        "active": active,
        "target_id": host_id.lower(),
    }


def current(*accounts):
    extra = {"status": "pending", "role": "", "opt_out": False, "origin": "sync", "deactivated_by": ""}
    there = empty_directory()
    users = pl.DataFrame([row | extra for row in accounts], schema=there.users.schema)
    return Directory(users, there.groups, there.memberships, there.relationships)


def resolved(*accounts):
    return Directory(
        pl.DataFrame([row | {"reason": ""} for row in accounts], schema=RESOLVED_USERS),
        empty(RESOLVED_GROUPS),
        empty(RESOLVED_MEMBERSHIPS),
        empty(RESOLVED_RELATIONSHIPS),
    )


def steps(before, then):
    changes = diff(resolved(*then), current(*before)).users
    return changes.sort("step", "host_id").select("step", "host_id", "before_email", "after_email").rows()


def test_equal_directories_differ_in_nothing():
    assert len(diff(resolved(account("P1", "a")), current(account("P1", "a")))) == 0


def test_a_change_names_its_object_by_the_target_s_id_and_its_fields():
    then = account("P1", "b", active=False)
    change = diff(resolved(then), current(account("P1", "a"))).users.row(0, named=True)
    assert (change["action"], change["target_id"], change["fields"]) == ("deactivate", "p1", "email active")


def test_whoever_needs_an_email_comes_after_the_one_who_gives_it_up():
    before = [account("P1", "a"), account("P2", "b"), account("P3", "c")]
    then = [account("P1", "b"), account("P2", "c"), account("P3", "d")]
    assert [(step, host) for step, host, *_ in steps(before, then)] == [(2, "P3"), (3, "P2"), (4, "P1")]


def test_a_created_user_waits_for_the_email_of_a_leaver():
    new = account("P2", "a") | {"target_id": ""}
    assert steps([account("P1", "a")], [account("P1", "", active=False), new]) == [
        (2, "P1", "a@example.org", ""),
        (3, "P2", "", "a@example.org"),
    ]


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_ring_of_exchanges_is_opened_by_clearing_one(size):
    letters = "abcde"[:size]
    before = [account(f"P{n}", letter) for n, letter in enumerate(letters)]
    then = [account(f"P{n}", letters[(n + 1) % size]) for n in range(size)]
    held = {f"p{n}": f"{letter}@example.org" for n, letter in enumerate(letters)}
    for _, host, was, becomes in steps(before, then):
        assert held[host.lower()] == was
        held[host.lower()] = becomes
        taken = [email for email in held.values() if email]
        assert len(taken) == len(set(taken)), "two accounts held one e-mail"
    assert held == {f"p{n}": f"{letters[(n + 1) % size]}@example.org" for n in range(size)}


def test_deactivations_come_last():
    new = account("P2") | {"target_id": ""}
    changes = diff(resolved(account("P1", active=False), new), current(account("P1"))).users
    assert changes.sort("step").select("action", "step").rows() == [("create", 1), ("deactivate", 3)]


def test_numbers_follow_one_another_over_all_kinds():
    changes = diff(
        resolved(account("P1"), account("P2", "b")), current(account("P1", "a"), account("P2", "c"))
    )
    assert [id_ for frame in changes.frames().values() for id_ in frame["id"]] == [1, 2]
