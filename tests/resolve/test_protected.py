"""Accounts, roles and groups that no plan touches."""

from __future__ import annotations

import pytest

from tests.support.looks import detail, found, memberships, users
from tests.support.schools import make_tables, staff, student

TWO = make_tables(students=[student("1")], staff=[staff("1"), staff("2")])
ONE = make_tables(students=[student("1")], staff=[staff("1")])


def moved(source_id, grade, **values):
    return student(source_id, grade=grade, grad_year="", **values)


@pytest.mark.parametrize("role", ["Administrator", "Site Manager", "administrator"])
def test_an_administrator_who_has_left_stays_active_and_in_the_groups(world, role):
    world.apply(TWO)
    world.by_hand("UPDATE users SET role = ? WHERE host_id = 'T2'", role)
    plan = world.plan(ONE)
    assert (users(plan), memberships(plan)) == ([], [])
    assert found(plan.findings, "admin-leaver") == [("admin-leaver", "T2")]
    assert detail(plan.findings, "admin-leaver") == (
        f"is gone from the SIS; an account with the role {role} stays active"
    )


def test_an_administrator_still_follows_the_sis_otherwise(world):
    world.apply(TWO)
    world.by_hand("UPDATE users SET role = 'Administrator' WHERE host_id = 'T2'")
    plan = world.plan(make_tables(students=[student("1")], staff=[staff("1"), staff("2", last_name="Finch")]))
    assert users(plan) == [("update", "T2")]


def test_a_role_that_is_not_protected_leaves(world):
    world.apply(TWO)
    world.by_hand("UPDATE users SET role = 'Site Manager' WHERE host_id = 'T2'")
    plan = world.plan(ONE, protected={"roles": ["Administrator"]})
    assert users(plan) == [("deactivate", "T2")]


def test_the_last_administrator_stays_whatever_is_protected(world):
    world.apply(TWO)
    world.by_hand("UPDATE users SET role = 'Administrator' WHERE host_id IN ('T1', 'T2')")
    nobody_protected: dict[str, list[str]] = {"roles": []}
    assert users(world.plan(ONE, protected=nobody_protected)) == [("deactivate", "T2")]
    plan = world.plan(make_tables(students=[student("1")], staff=[staff("3")]), protected=nobody_protected)
    assert users(plan) == [("create", "T3")]
    assert found(plan.findings, "admin-leaver") == [("admin-leaver", "T1"), ("admin-leaver", "T2")]
    assert plan.findings.filter(code="admin-leaver")["detail"].unique().to_list() == [
        "is gone from the SIS, and nobody else would be an administrator; the account stays active"
    ]


def test_an_inactive_administrator_is_none(world):
    world.apply(TWO)
    world.by_hand("UPDATE users SET role = 'Administrator' WHERE host_id IN ('T1', 'T2')")
    world.by_hand("UPDATE users SET active = 0, deactivated_by = 'hand' WHERE host_id = 'T1'")
    assert users(world.plan(ONE, protected={"roles": []})) == []


def test_a_protected_account_stays_as_it_is_and_alone(world):
    world.apply(make_tables(students=[student("1"), student("2"), student("3")], staff=[staff("1")]))
    pupils = [moved("1", "6"), moved("2", "6", last_name="Heron")]
    plan = world.plan(make_tables(students=pupils, staff=[staff("1")]), protected={"host_ids": ["S[23]"]})
    assert users(plan) == [("update", "S1")]
    assert {host_id for _, _, host_id in memberships(plan)} == {"S1"}
    assert found(plan.findings, "protected") == [("protected", "S2"), ("protected", "S3")]


def test_a_pattern_has_to_match_the_whole_host_id(world):
    world.apply(TWO)
    assert users(world.plan(ONE, protected={"host_ids": ["2", "T"]})) == [("deactivate", "T2")]


def test_somebody_new_is_created_whatever_is_protected(world):
    world.apply(ONE)
    assert users(world.plan(TWO, protected={"host_ids": ["T.*"]})) == [("create", "T2")]


def test_nobody_joins_or_leaves_a_protected_group_and_its_name_stays(world):
    world.apply(make_tables(students=[moved("1", "5"), moved("2", "6")], staff=[staff("1")]))
    world.by_hand("UPDATE groups SET name = 'Our Sixth' WHERE external_id = 'grade:6'")
    swapped = make_tables(students=[moved("1", "6"), moved("2", "5")], staff=[staff("1")])
    plan = world.plan(swapped, protected={"groups": ["Academics/Our Sixth"]}, groups={"names": "enforce"})
    assert memberships(plan) == [("add", "grade:5", "S2"), ("remove", "grade:5", "S1")]
    assert plan.changes.groups.height == 0
    assert (
        detail(plan.findings, "protected") == "grade:6 is protected: 1 are not added, and 1 are not removed"
    )


def test_a_protected_group_as_the_sis_has_it_is_not_told(world):
    world.apply(ONE)
    plan = world.plan(ONE, protected={"groups": ["Internal/Faculty"]})
    assert (plan.verdict, found(plan.findings, "protected")) == ("none", [])


def test_a_protected_group_that_is_nowhere_is_told(world):
    plan = world.plan(ONE, protected={"groups": ["Internal/Facultee", "Internal/Faculty"]})
    assert detail(plan.findings, "protected") == (
        "protected.groups names Internal/Facultee, and no group is called so"
    )
    assert plan.findings.filter(code="protected")["level"].to_list() == ["warning"]
