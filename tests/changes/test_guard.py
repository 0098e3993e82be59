from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.changes import judge
from reconciler.model import DEFAULT_GUARDS, NONE_ALLOWED, Limit, Verdict
from tests.support.plans import group, make_plan, membership, relationship, user

if TYPE_CHECKING:
    from reconciler.model import Changes

LIMITS = st.builds(Limit, percent=st.integers(0, 100), count=st.integers(0, 500), floor=st.integers(0, 2_000))
POPULATION = {"accounts": 120, "users": 100, "groups": 20, "memberships": 200, "relationships": 60}


def leavers(number: int) -> Changes:
    return make_plan(users=[user(at, "deactivate", f"S{at}") for at in range(1, number + 1)]).changes


def verdict(guard: str, limit: Limit | None, changes: Changes, **populations: int) -> Verdict:
    (one,) = judge(changes, POPULATION | populations, {guard: limit})
    return one


@pytest.mark.parametrize(("figure", "tripped"), [(9, False), (10, False), (11, True)])
def test_the_limit_itself_passes_and_one_more_trips(figure: int, *, tripped: bool) -> None:
    found = verdict("users.deactivate", Limit(10, 5, 20), leavers(figure))
    assert found == Verdict("users.deactivate", figure, 100, 10, "percent", 10)
    assert found.tripped == tripped


@pytest.mark.parametrize(
    ("population", "limit", "basis"), [(19, 5, "count"), (20, 2, "percent"), (29, 2, "percent")]
)
def test_below_the_floor_the_count_holds_and_from_it_on_the_percent(
    population: int, limit: int, basis: str
) -> None:
    found = verdict("users.deactivate", Limit(10, 5, 20), leavers(3), users=population)
    assert (found.limit, found.basis, found.tripped) == (limit, basis, limit < 3)


def test_zero_allows_none_and_off_allows_all() -> None:
    assert verdict("users.deactivate", NONE_ALLOWED, leavers(1)).tripped
    assert not verdict("users.deactivate", NONE_ALLOWED, leavers(0)).tripped
    off = verdict("users.deactivate", None, leavers(100))
    assert (off.limit, off.basis, off.tripped) == (None, "off", False)


@given(limit=LIMITS, population=st.integers(0, 3_000), figure=st.integers(0, 3_000))
def test_a_guard_trips_exactly_above_its_share(limit: Limit, population: int, figure: int) -> None:
    share = Fraction(limit.percent * population, 100) if population >= limit.floor else limit.count
    allowed = limit.allowed(population)
    assert (figure > allowed) == (figure > share)
    assert allowed <= share < allowed + 1


@given(limit=LIMITS, population=st.integers(0, 60), figure=st.integers(0, 60))
def test_the_verdict_is_the_limits(limit: Limit, population: int, figure: int) -> None:
    found = verdict("users.deactivate", limit, leavers(figure), users=population)
    assert (found.figure, found.limit) == (figure, limit.allowed(population))
    assert found.tripped == (figure > limit.allowed(population))


def test_a_first_import_adds_without_a_limit_and_takes_nothing_away() -> None:
    changes = make_plan(
        users=[user(1, "create", "S1"), user(2, "deactivate", "S2")],
        groups=[group(3, "create", "Grade 1")],
        memberships=[membership(4, "add", "S1")],
        relationships=[relationship(5, "add", "S1", "P1")],
    ).changes
    found = judge(changes, dict.fromkeys(POPULATION, 0), dict.fromkeys(DEFAULT_GUARDS, NONE_ALLOWED))
    free = {one.guard for one in found if one.basis == "first import"}
    assert free == {"users.create", "groups.create", "memberships.add", "relationships.add"}
    assert [one.guard for one in found if one.tripped] == ["users.deactivate"]


def test_an_inactive_account_of_ours_makes_it_no_first_import() -> None:
    changes = make_plan(users=[user(1, "create", "S1")]).changes
    assert verdict("users.create", NONE_ALLOWED, changes, accounts=1, users=0).tripped


def test_each_guard_counts_its_own_action() -> None:
    changes = make_plan(
        users=[
            user(1, "create", "S1"),
            user(2, "update", "S2", before_first_name="Other"),
            user(3, "update", "S3"),
            user(4, "deactivate", "S4"),
            user(5, "reactivate", "S5"),
        ],
        groups=[group(6, "create", "Grade 1"), group(7, "update", "Grade 2")],
        memberships=[membership(8, "add", "S1"), membership(9, "remove", "S4")],
        relationships=[relationship(10, "add", "S1", "P1"), relationship(11, "remove", "S4", "P4")],
    ).changes
    figures = {one.guard: one.figure for one in judge(changes, POPULATION, DEFAULT_GUARDS)}
    assert figures == dict.fromkeys(DEFAULT_GUARDS, 1) | {"users.update": 2}


def test_a_user_changed_in_two_steps_counts_once() -> None:
    changes = make_plan(users=[user(1, "update", "S1"), user(2, "update", "S1", step=2)]).changes
    assert verdict("users.update", Limit(0, 1, 1_000), changes).figure == 1


def test_a_plan_without_changes_trips_nothing() -> None:
    found = judge(make_plan().changes, POPULATION, dict.fromkeys(DEFAULT_GUARDS, NONE_ALLOWED))
    assert not any(one.tripped for one in found)
