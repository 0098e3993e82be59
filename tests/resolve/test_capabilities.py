"""A directory that cannot hold or do everything: what it cannot is left out of the plan and reported."""

from __future__ import annotations

import pytest

from reconciler.model import Capabilities
from tests.support.looks import after, found, users
from tests.support.schools import contact, email, make_tables, parent, student


def family(**mails):
    """A student and as many parents as there are e-mails."""
    ids = [name.removeprefix("p") for name in mails]
    return make_tables(
        students=[student("1")],
        parents=[parent(one) for one in ids],
        contacts=[contact("1", one) for one in ids],
        emails=[email(one, mail) for one, mail in zip(ids, mails.values(), strict=True)],
    )


def not_carried(plan):
    there = plan.findings.filter(plan.findings["code"] == "not-carried")
    return there.select("host_id", "detail").rows()


def without(kind):
    return Capabilities(kinds=Capabilities().kinds - {kind})


@pytest.mark.parametrize(
    ("kind", "left_out", "counts"),
    [
        ("relationships", ["the directory holds no relationships: 1 are left out"], (1, 2, 2, 0)),
        ("memberships", ["the directory holds no memberships: 2 are left out"], (1, 2, 0, 1)),
        ("groups", ["the directory holds no groups: 1 are left out"], (0, 2, 0, 1)),
    ],
)
def test_a_kind_that_the_directory_does_not_hold_is_left_out_and_reported(world, kind, left_out, counts):
    plan = world.plan(family(p1="a@example.org"), can=without(kind))
    changes = plan.changes
    frames = (changes.groups, changes.users, changes.memberships, changes.relationships)
    assert tuple(frame.height for frame in frames) == counts
    assert [text for _, text in not_carried(plan)] == left_out
    assert found(plan.findings, "no-parent") == []


@pytest.mark.parametrize("kind", ["groups", "memberships", "relationships"])
def test_what_a_directory_has_of_a_kind_that_it_cannot_change_stays(world, kind):
    world.apply(family(p1="a@example.org"))
    moved = make_tables(students=[student("1", grade="6", grad_year="2032")])
    changes = world.plan(moved, can=without(kind)).changes
    assert getattr(changes, kind).height == 0


def test_an_exchange_of_emails_is_left_out_where_none_can_be_cleared(world):
    world.apply(family(p1="a@example.org", p2="b@example.org", p3="c@example.org"))
    can = Capabilities(clear_email=False)
    plan = world.plan(family(p1="b@example.org", p2="a@example.org", p3="d@example.org"), can=can)
    assert users(plan) == [("update", "P3")]
    text = "takes an e-mail in exchange for its own, but this directory cannot clear one first"
    assert not_carried(plan) == [("P1", text), ("P2", text)]


def test_an_email_that_is_given_up_for_a_new_one_needs_no_clearing(world):
    world.apply(family(p1="a@example.org", p2="b@example.org"))
    can = Capabilities(clear_email=False)
    plan = world.plan(family(p1="b@example.org", p2="c@example.org"), can=can)
    assert (after(plan, "P1", "email"), after(plan, "P2", "email")) == (
        ("b@example.org",),
        ("c@example.org",),
    )
    assert not_carried(plan) == []


def test_a_blank_clears_no_email_where_none_can_be_cleared(world):
    world.apply(make_tables(students=[student("1")]))
    can = Capabilities(clear_email=False)
    plan = world.plan(make_tables(students=[student("1", email="")]), can=can, blank={"email": "clear"})
    assert users(plan) == []
    assert not_carried(plan) == [
        ("S1", "its e-mail is blank in the SIS, but this directory cannot clear one")
    ]


def test_whoever_comes_back_is_reported_where_nobody_can_be_reactivated(world):
    world.apply(family(p1="a@example.org"))
    world.apply(make_tables(students=[student("2")]))
    plan = world.plan(family(p1="a@example.org"), can=Capabilities(deactivate=False))
    assert [action for action, _ in users(plan)] == []
    text = "is back in the SIS, but this directory cannot reactivate anybody"
    assert [one for one in not_carried(plan) if one[1] == text] == [("P1", text), ("S1", text)]
    assert found(plan.findings, "deactivated-by-hand") == []


def test_a_directory_that_takes_no_users_keeps_those_it_has(world):
    world.apply(make_tables(students=[student("1"), student("2")]))
    tables = make_tables(students=[student("1", first_name="Ida"), student("3")])
    plan = world.plan(tables, can=without("users"))
    assert users(plan) == []
    assert plan.changes.memberships.height == 0
    assert not_carried(plan) == [("", "the directory holds no users: 3 are left out")]
