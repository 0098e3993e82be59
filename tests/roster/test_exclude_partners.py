"""Whoever is staff and parent in one is kept out by either Host ID."""

from __future__ import annotations

import pytest

from reconciler.roster import build_roster
from reconciler.roster.tell import tell_rows
from tests.support.looks import detail, found, memberships, relationships, users
from tests.support.schools import contact, email, make_school, make_tables, parent, staff, student

TESS = {"first_name": "Tess", "last_name": "Tern"}
LEAVE = {"exclude": {"existing": "leave", "file": "exclude.csv"}}
BOTH = [("excluded", "P1"), ("excluded", "T1")]


def tables(*names, **others):
    """Tess is T1 and P1, with the child S1; T5 and the parent P9 of S9 have nothing to do with her."""
    rows = {
        "students": [student("1"), student("9")],
        "staff": [staff("1", email="tess@example.org", **TESS), staff("5")],
        "parents": [parent("1", **TESS), parent("9")],
        "contacts": [contact("1", "1"), contact("9", "9")],
        "emails": [email("1", "tess@example.org"), email("9")],
    }
    excluded = [
        name if isinstance(name, dict) else {"host_id": name, "reason": "court order"} for name in names
    ]
    return make_tables(**{**rows, **others}, exclude=excluded)


def host_ids(roster):
    return sorted(roster.people["host_id"])


@pytest.mark.parametrize("name", ["T1", "P1"])
@pytest.mark.parametrize("settings", [{}, LEAVE])
def test_either_host_id_keeps_both_out(world, name, settings):
    plan = world.plan(tables(name), **settings)
    assert [one for action, one in users(plan) if action == "create"] == ["P9", "S1", "S9", "T5"]
    assert relationships(plan) == [("add", "S9", "P9")]
    assert found(plan.findings, "excluded") == BOTH


@pytest.mark.parametrize("name", ["T1", "P1"])
def test_an_account_that_is_held_stays_with_its_links_and_groups(world, name):
    world.apply(tables())
    plan = world.plan(tables(name))
    assert (len(plan.changes), found(plan.findings, "excluded")) == (0, BOTH)


@pytest.mark.parametrize("name", ["T1", "P1"])
def test_an_account_that_counts_as_a_leavers_is_no_parents_account_afterwards(world, name):
    world.apply(tables())
    plan = world.plan(tables(name), **LEAVE)
    assert users(plan) == [("deactivate", "T1")]
    assert relationships(plan) == [("remove", "S1", "T1")]
    assert memberships(plan) == [("remove", "faculty", "T1"), ("remove", "grade:5", "T1")]


@pytest.mark.parametrize(("name", "other"), [("T1", "P1"), ("P1", "T1")])
def test_the_findings_name_both_host_ids(name, other):
    told = build_roster(tables(name), make_school()).findings.filter(code="excluded")
    details = {row["host_id"]: (row["detail"], row["others"]) for row in told.to_dicts()}
    fate = "an existing account stays as it is"
    assert details == {
        name: (f"kept out by the exclude list, and so is {other}, the same person; {fate}", other),
        other: (f"kept out by the exclude list, as the same person as {name}; {fate}", name),
    }


def test_a_teacher_who_has_left_does_not_come_back_as_a_parent(world):
    world.apply(tables())
    left = [staff("1", email="tess@example.org", status="2", **TESS), staff("5")]
    assert users(world.plan(tables("T1", staff=left))) == []
    assert users(world.plan(tables("T1", staff=left), **LEAVE)) == [("deactivate", "T1")]


def test_the_account_of_a_teacher_who_has_left_stays_where_the_parent_is_held(world):
    world.apply(tables())
    left = [staff("1", email="tess@example.org", status="2", **TESS), staff("5")]
    assert users(world.plan(tables("P1", staff=left))) == []


def test_the_schools_own_list_of_pairs_counts_too():
    pair = {"emails": [email("1", "home@example.org")], "same_person": [{"staff_id": "1", "parent_id": "1"}]}
    roster = build_roster(tables("T1", **pair), make_school())
    assert host_ids(roster) == ["P9", "S1", "S9", "T5"]


def test_the_schools_own_list_counts_where_the_export_has_lost_one_side():
    pair = {"staff": [staff("5")], "same_person": [{"staff_id": "1", "parent_id": "1"}]}
    assert host_ids(build_roster(tables("T1", **pair), make_school())) == ["P9", "S1", "S9", "T5"]


def test_half_a_pair_ties_nobody_to_anybody():
    halves = [{"staff_id": "", "parent_id": "1"}, {"staff_id": "", "parent_id": "9"}]
    roster = build_roster(tables("P1", same_person=halves, staff=[staff("5")]), make_school())
    assert host_ids(roster) == ["P9", "S1", "S9", "T5"]


def test_a_second_record_of_the_same_person_is_no_way_in():
    twice = [staff(one, email="tess@example.org", **TESS) for one in ("1", "2")]
    roster = build_roster(tables("T1", staff=twice), make_school())
    assert host_ids(roster) == ["P9", "S1", "S9"]
    assert found(roster.findings, "excluded") == [*BOTH, ("excluded", "T2")]


@pytest.mark.parametrize("name", ["T1", "P1"])
def test_a_school_that_merges_nobody_keeps_out_whom_it_names(name):
    school = make_school({"identity": {"merge_staff_parents": False}})
    assert host_ids(build_roster(tables(name), school)) == sorted(
        {"P1", "P9", "S1", "S9", "T1", "T5"} - {name}
    )


def test_a_namesake_with_another_email_is_somebody_else():
    roster = build_roster(tables("T1", emails=[email("1", "other@example.org")]), make_school())
    assert host_ids(roster) == ["P1", "P9", "S1", "S9", "T5"]
    assert (
        detail(roster.findings, "excluded")
        == "kept out by the exclude list; an existing account stays as it is"
    )


@pytest.mark.parametrize("end", ["P1", "T1"])
def test_a_single_link_keeps_only_that_link_out(world, end):
    both = {"contacts": [contact("1", "1"), contact("9", "1"), contact("9", "9")]}
    plan = world.plan(tables({"host_id": "S1", "parent_host_id": end, "reason": "court order"}, **both))
    assert relationships(plan) == [("add", "S9", "P9"), ("add", "S9", "T1")]
    assert ("create", "T1") in users(plan)
    assert found(plan.findings, "excluded") == [("excluded", "S1")]


def test_who_is_asked_about_is_told_the_same():
    told, _ = tell_rows(tables("T1"), make_school(), ["P1"])
    assert told.select("host_id", "state", "reason").rows() == [("P1", "excluded", "excluded")]
