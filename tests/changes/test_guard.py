from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.changes import judge
from reconciler.model import DEFAULT_GUARDS, NONE_ALLOWED, Calendar, Figures, Limit, Verdict, Window
from tests.support.plans import group, group_size, make_header, make_plan, membership, relationship, user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Changes

LIMITS = st.builds(Limit, percent=st.integers(0, 100), count=st.integers(0, 500), floor=st.integers(0, 2_000))
POPULATION = {"accounts": 120, "users": 100, "groups": 20, "memberships": 200, "relationships": 60}


TODAY = "2025-09-01"


def figures_of(**values: object) -> Figures:
    return make_header(**{"populations": POPULATION, **values}).figures


def judged(
    changes: Changes,
    limits: Mapping[str, Limit | None],
    figures: Figures | None = None,
    **calendar: tuple[Window, ...],
) -> tuple[Verdict, ...]:
    return judge(changes, figures or figures_of(), limits, Calendar(**calendar), TODAY)


def leavers(number: int) -> Changes:
    return make_plan(users=[user(at, "deactivate", f"S{at}") for at in range(1, number + 1)]).changes


def verdict(guard: str, limit: Limit | None, changes: Changes, **populations: int) -> Verdict:
    (one,) = judged(changes, {guard: limit}, figures_of(populations=POPULATION | populations))
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
    found = judged(
        changes,
        dict.fromkeys(DEFAULT_GUARDS, NONE_ALLOWED),
        figures_of(populations=dict.fromkeys(POPULATION, 0), first_import=True),
    )
    free = {one.guard for one in found if one.basis == "first import"}
    assert free == {one for one in DEFAULT_GUARDS if one.split(".")[1] in ("create", "add", "add_per_group")}
    assert [one.guard for one in found if one.tripped] == ["users.deactivate"]


def test_each_guard_counts_its_own_action() -> None:
    changes = make_plan(
        users=[
            user(1, "create", "S1"),
            user(2, "update", "S2", before_first_name="Other"),
            user(3, "update", "S3"),
            user(4, "deactivate", "S4"),
            user(5, "reactivate", "S5"),
            user(12, "rekey", "S6", fields="host_id"),
        ],
        groups=[group(6, "create", "Grade 1"), group(7, "update", "Grade 2")],
        memberships=[membership(8, "add", "S1"), membership(9, "remove", "S4")],
        relationships=[relationship(10, "add", "S1", "P1"), relationship(11, "remove", "S4", "P4")],
    ).changes
    sizes = figures_of(groups=[group_size("Grade 1", 10, 10)])
    counted = {one.guard: one.figure for one in judged(changes, DEFAULT_GUARDS, sizes)}
    assert counted == dict.fromkeys(DEFAULT_GUARDS, 1) | {"users.update": 2}


def test_a_user_changed_in_two_steps_counts_once() -> None:
    changes = make_plan(users=[user(1, "update", "S1"), user(2, "update", "S1", step=2)]).changes
    assert verdict("users.update", Limit(0, 1, 1_000), changes).figure == 1


def test_a_plan_without_changes_trips_nothing() -> None:
    holiday = (Window("2025-01-01", "2025-12-31"),)
    none = dict.fromkeys(DEFAULT_GUARDS, NONE_ALLOWED)
    found = judged(make_plan().changes, none, freeze=holiday, additions_only=holiday)
    assert not any(one.tripped for one in found)


def seats(action: str, **groups: int) -> Changes:
    """So many memberships of each group, named `g1` for grade 1."""
    people = [(name, n) for name, number in groups.items() for n in range(number)]
    return make_plan(
        memberships=[
            membership(at, action, f"S{n}", f"Grade {name[1:]}") for at, (name, n) in enumerate(people, 1)
        ]
    ).changes


def test_a_limit_per_group_names_the_group_that_is_furthest_above_it() -> None:
    sizes = figures_of(groups=[group_size("Grade 1", 100, 70), group_size("Grade 2", 40, 10)])
    limits = {"memberships.remove_per_group": Limit(30, 15, 50)}
    changes = seats("remove", g1=31, g2=18)
    assert judged(changes, limits, sizes) == (
        Verdict("memberships.remove_per_group", 18, 40, 15, "count", None, "grade:2"),
    )
    (fits,) = judged(seats("remove", g1=30, g2=15), limits, sizes)
    assert not fits.tripped


def test_a_new_group_and_an_empty_one_fill_without_a_limit_of_their_own() -> None:
    sizes = figures_of(groups=[group_size("Grade 1", 0, 9), group_size("Grade 2", 3, 9)])
    (found,) = judged(seats("add", g1=9, g2=6, g3=9), {"memberships.add_per_group": Limit(50, 5, 50)}, sizes)
    assert (found.detail, found.figure, found.tripped) == ("grade:2", 6, True)


@pytest.mark.parametrize(("first", "last"), [("2025-09-01", "2025-09-01"), ("2025-08-01", "2025-09-30")])
def test_nothing_may_change_in_a_freeze(first: str, last: str) -> None:
    (found,) = judged(leavers(2), {}, freeze=(Window("2024-01-01", "2024-02-01"), Window(first, last)))
    assert found == Verdict("calendar.freeze", 2, 2, 0, "calendar", detail=f"{first} to {last}")
    assert found.tripped
    assert judged(leavers(2), {}, freeze=(Window("2025-09-02", "2025-09-30"),)) == ()


def test_nothing_may_go_where_only_additions_are_allowed() -> None:
    days = (Window("2025-09-01", "2025-09-30"),)
    changes = make_plan(
        users=[user(1, "create", "S1"), user(2, "deactivate", "S2")],
        memberships=[membership(3, "add", "S1"), membership(4, "remove", "S2")],
        relationships=[relationship(5, "remove", "S2", "P1")],
    ).changes
    (found,) = judged(changes, {}, additions_only=days)
    assert (found.guard, found.figure, found.tripped) == ("calendar.additions_only", 3, True)
    (harmless,) = judged(make_plan(users=[user(1, "create", "S1")]).changes, {}, additions_only=days)
    assert not harmless.tripped


def test_a_roll_over_has_the_limits_that_it_names_and_the_others_stay() -> None:
    limits = {"users.deactivate": NONE_ALLOWED, "users.create": NONE_ALLOWED}
    changes = make_plan(users=[user(1, "deactivate", "S1"), user(2, "create", "S2")]).changes
    window = Window("2025-08-15", "2025-09-15", {"users.deactivate": Limit(50, 5, 50)})
    inside = {one.guard: one.tripped for one in judged(changes, limits, rollover=(window,))}
    assert inside == {"users.deactivate": False, "users.create": True}
    after = Window("2025-08-15", "2025-08-31", window.limits)
    assert all(one.tripped for one in judged(changes, limits, rollover=(after,)))
