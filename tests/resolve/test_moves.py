"""Accounts that get another Host ID keep all that is theirs."""

from __future__ import annotations

import pytest

from reconciler.errors import InputError
from tests.support.looks import detail, found, memberships, relationships, users
from tests.support.schools import contact, email, make_tables, parent, staff, student


def family(*rows, **more):
    """Two students, their parent and a teacher, with a crosswalk of these rows."""
    tables = {
        "students": [student("1"), student("2", first_name="Bo")],
        "staff": [staff("1")],
        "parents": [parent("1")],
        "contacts": [contact("1", "1"), contact("2", "1")],
        "emails": [email("1")],
    }
    if rows:
        tables["crosswalk"] = [
            dict(zip(("old_host_id", "new_host_id", "member_type", "decision"), row, strict=True))
            for row in rows
        ]
    return make_tables(**tables | more)


def renamed(world, was, now):
    world.by_hand("UPDATE users SET host_id = ? WHERE host_id = ?", now, was)


@pytest.fixture
def returning(world):
    """A directory in which everybody is already, under Host IDs of another kind."""
    world.apply(family())
    for host_id in ("S1", "S2", "T1", "P1"):
        renamed(world, host_id, f"{host_id.lower()}@old.example.org")
    return world


ROWS = [
    ("s1@old.example.org", "S1", "student", "accept"),
    ("s2@old.example.org", "2", "student", "accept"),
    ("t1@old.example.org", "T1", "staff", "accept"),
    ("p1@old.example.org", "1", "parent", "accept"),
]


def test_the_crosswalk_rekeys_accounts_and_leaves_all_else_of_theirs(returning):
    before = returning.user("s1@old.example.org", "target_id", "first_name", "active")
    returning.by_hand("UPDATE users SET role = 'Manager', opt_out = 1 WHERE host_id = 's1@old.example.org'")
    plan = returning.apply(family(*ROWS))
    assert users(plan) == [("rekey", host_id) for host_id in ("P1", "S1", "S2", "T1")]
    assert (memberships(plan), relationships(plan)) == ([], [])
    assert plan.changes.users["reason"].unique().to_list() == ["its Host ID follows the crosswalk"]
    assert returning.user("S1", "target_id", "first_name", "active") == before
    assert returning.user("S1", "role", "opt_out") == ("Manager", True)
    again = returning.plan(family(*ROWS))
    assert (again.verdict, found(again.findings, "crosswalk-unknown")) == ("none", [])


@pytest.mark.parametrize("decision", ["", "reject", "set_aside"])
def test_a_row_that_is_not_accepted_moves_nobody(returning, decision):
    plan = returning.plan(family(*((*row[:3], decision) for row in ROWS)))
    assert "rekey" not in plan.changes.users["action"].to_list()


def test_a_row_that_leads_to_nobody_is_told_and_the_account_stays(returning):
    plan = returning.plan(family(*ROWS[1:], ("s1@old.example.org", "S77", "student", "accept")))
    assert detail(plan.findings, "crosswalk-unknown") == (
        "the crosswalk gives it S77, and nobody at the school has that Host ID"
    )
    assert "s1@old.example.org" not in plan.changes.users["before_host_id"].to_list()


def test_a_swap_in_the_crosswalk(world):
    world.apply(family())
    target_ids = [world.user(host_id, "target_id") for host_id in ("S1", "S2")]
    swap = [("S1", "S2", "student", "accept"), ("S2", "S1", "student", "accept")]
    swapped = family(
        *swap,
        students=[
            student("2", email="student1@example.org", last_name="Osprey1"),
            student("1", first_name="Bo", email="student2@example.org", last_name="Osprey2"),
        ],
    )
    plan = world.apply(swapped)
    assert set(plan.changes.users["action"]) == {"rekey"}
    assert [world.user(host_id, "target_id") for host_id in ("S2", "S1")] == target_ids
    assert relationships(plan) == []


def test_a_host_id_that_another_account_keeps_is_refused(world):
    world.apply(family())
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, origin)"
        " VALUES ('old1', 'student', 'Una', 'Osprey1', 'hand')"
    )
    plan = world.plan(family(("old1", "S1", "student", "accept")))
    assert (users(plan), found(plan.findings, "rekey-refused")) == ([], [("rekey-refused", "old1")])


@pytest.fixture
def doubled(world):
    """S1 has an old account, `old1`, and a second one from a bad sync."""
    world.apply(family())
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, grad_year, origin, status)"
        " VALUES ('old1', 'student', 'Una', 'Osprey1', '2033', 'hand', 'activated')"
    )
    return world


KEEP = ("old1", "S1", "student", "keep_old")


def test_keep_old_sets_the_second_account_aside(doubled):
    second = doubled.user("S1", "target_id")
    old = doubled.user("old1", "target_id")
    plan = doubled.apply(family(KEEP))
    assert doubled.user("S1", "target_id", "active") == (*old, True)
    assert doubled.user("parked:S1", "target_id", "active") == (*second, False)
    change = plan.changes.users.filter(before_host_id="S1").row(0, named=True)
    assert change["reason"] == "a second account of the same person, so its Host ID is set aside"
    assert doubled.members("grad_year:2033") == [] or "S1" in doubled.members("grad_year:2033")
    again = doubled.plan(family(KEEP))
    assert users(again) == []
    assert again.verdict == "none"


def test_an_opt_out_on_the_second_account_alone_holds_the_plan(doubled):
    doubled.by_hand("UPDATE users SET opt_out = 1 WHERE host_id = 'S1'")
    plan = doubled.plan(family(KEEP))
    assert (plan.verdict, found(plan.findings, "opt-out-aside")) == ("held", [("opt-out-aside", "old1")])
    doubled.by_hand("UPDATE users SET opt_out = 1 WHERE host_id = 'old1'")
    assert doubled.plan(family(KEEP)).verdict == "changes"


def test_accounts_of_a_previous_prefix_get_the_one_of_today(world):
    world.apply(family())
    for host_id in ("S1", "S2"):
        renamed(world, host_id, host_id.replace("S", "PUP"))
    plan = world.plan(family(), identity={"previous_prefixes": {"student": ["PUP"]}})
    assert users(plan) == [("rekey", "S1"), ("rekey", "S2")]
    assert plan.changes.users["reason"].unique().to_list() == ["its Host ID follows the new prefix"]


def test_a_leaver_under_a_previous_prefix_is_ours_and_leaves(world):
    world.apply(family())
    renamed(world, "S2", "PUP2")
    plan = world.plan(
        family(students=[student("1")], contacts=[contact("1", "1")]),
        identity={"previous_prefixes": {"student": ["PUP"]}},
    )
    assert users(plan) == [("deactivate", "S2")]


def test_a_parked_account_gets_its_host_id_by_any_later_plan(world):
    world.apply(family())
    renamed(world, "S2", "parked:S2")
    plan = world.apply(family())
    assert users(plan) == [("rekey", "S2")]
    assert plan.changes.users["reason"].item() == "its Host ID was parked on the way to this one"
    assert (memberships(plan), relationships(plan)) == ([], [])


def test_a_parked_account_whose_member_type_somebody_has_changed_is_told(world):
    world.apply(family())
    world.by_hand("UPDATE users SET host_id = 'parked:S2', member_type = 'parent' WHERE host_id = 'S2'")
    plan = world.plan(family())
    assert "parked:S2" not in plan.changes.users["before_host_id"]
    told = plan.findings.filter(code="rekey-refused")
    assert told.select("host_id", "detail").rows() == [
        ("parked:S2", "is no account of this kind of member, so it cannot get the Host ID S2")
    ]


def test_a_parked_account_whose_host_id_is_taken_stays(world):
    world.apply(family())
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, origin, active, deactivated_by)"
        " VALUES ('parked:S2', 'student', 'Una', 'Osprey2', 'sync', 0, 'sync')"
    )
    assert world.plan(family()).verdict == "none"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("", "S1", "student", "accept"), "crosswalk.csv:2: no old_host_id; say whose account it is"),
        (
            ("a", "S1", "student", "yes"),
            "crosswalk.csv:2: an unknown decision; write accept, keep_old, reject,",
        ),
        (("a", "", "student", "accept"), "crosswalk.csv:2: no new_host_id; say who the account's person is"),
        (
            ("a", "one", "student", "accept"),
            "crosswalk.csv:2: new_host_id is no Host ID of this school; write",
        ),
    ],
)
def test_mistakes_in_the_crosswalk_are_told_with_their_line(world, row, says):
    with pytest.raises(InputError) as caught:
        world.plan(family(row))
    assert says in str(caught.value)


def test_one_account_or_one_person_accepted_twice(world):
    with pytest.raises(InputError) as caught:
        world.plan(family(("a", "S1", "", "accept"), ("a", "S2", "", "accept"), ("b", "S2", "", "accept")))
    assert str(caught.value).count("the same old_host_id is accepted twice") == 2
    assert str(caught.value).count("the same new_host_id is accepted twice") == 2


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (
            ("a", "", "", "set_aside"),
            "the same old_host_id is accepted and set aside; take out the row that is",
        ),
        (
            ("a", "1", "student", "reject"),
            "the same old_host_id is accepted and rejected; take out the row that",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_both_told(world, other, says):
    with pytest.raises(InputError) as caught:
        world.plan(family(("a", "S1", "", "accept"), ("b", "S2", "", "accept"), other))
    assert [str(one).split(":")[1] for one in str(caught.value).splitlines()] == ["2", "4"]
    assert str(caught.value).count(says) == 2


def test_a_rejected_row_says_of_whom_it_speaks(world):
    with pytest.raises(InputError) as caught:
        world.plan(family(("a", "1", "", "reject")))
    assert "crosswalk.csv:2: new_host_id is no Host ID of this school; write prefix and id" in str(
        caught.value
    )


def test_a_line_of_nothing_but_commas_is_no_row(world):
    world.apply(family())
    assert world.plan(family(("", "", "", ""))).verdict == "none"


def test_an_account_that_is_set_aside_and_is_not_there_is_told(world):
    world.apply(family())
    found_ = world.plan(family(("s1", "", "", "set_aside"))).findings
    assert detail(found_, "crosswalk-unknown") == "is set aside, and there is no account of that Host ID"


def test_a_joiner_who_looks_like_a_leaver_is_kept_out_and_the_leaver_stays(world):
    same = {"first_name": "Una", "last_name": "Osprey", "grad_year": "2033"}
    world.apply(make_tables(students=[student("1", **same)], staff=[staff("1")]))
    joined = make_tables(students=[student("9", email="una@example.org", **same)], staff=[staff("1")])
    plan = world.plan(joined)
    assert users(plan) == []
    assert found(plan.findings, "looks-like-existing") == [("looks-like-existing", "S9")]
    assert detail(plan.findings, "looks-like-existing") == (
        "looks like the account S1, which is about to leave; the crosswalk says whether it is: accept, or"
        " reject"
    )


@pytest.mark.parametrize(
    ("decision", "action"), [("accept", ["rekey"]), ("reject", ["create", "deactivate"])]
)
def test_the_crosswalk_says_whether_a_joiner_is_the_leaver(world, decision, action):
    same = {"first_name": "Una", "last_name": "Osprey", "grad_year": "2033"}
    world.apply(make_tables(students=[student("1", **same)], staff=[staff("1")]))
    row = {"old_host_id": "S1", "new_host_id": "S9", "decision": decision}
    joined = make_tables(
        students=[student("9", email="una@example.org", **same)], staff=[staff("1")], crosswalk=[row]
    )
    plan = world.plan(joined)
    assert plan.changes.users["action"].sort().to_list() == action
    assert found(plan.findings, "looks-like-existing") == []


def test_another_year_or_no_common_child_tells_two_people_apart(world):
    una = {"first_name": "Una", "last_name": "Osprey"}
    world.apply(
        make_tables(
            students=[student("1", grad_year="2033", **una), student("2")],
            staff=[staff("1")],
            parents=[parent("1", **una)],
            contacts=[contact("1", "1")],
        )
    )
    plan = world.plan(
        make_tables(
            students=[student("9", grad_year="2034", email="una@example.org", **una), student("2")],
            staff=[staff("1")],
            parents=[parent("5", **una)],
            contacts=[contact("2", "5")],
        )
    )
    assert found(plan.findings, "looks-like-existing") == []
    assert plan.changes.users["action"].sort().to_list() == ["create", "create", "deactivate", "deactivate"]


def test_a_parent_of_the_same_name_and_child_under_another_id_is_kept_out(world):
    rosa = {"first_name": "Rosa", "last_name": "Plover"}
    children = {"students": [student("1")], "staff": [staff("1")]}
    world.apply(make_tables(parents=[parent("1", **rosa)], contacts=[contact("1", "1")], **children))
    plan = world.plan(make_tables(parents=[parent("5", **rosa)], contacts=[contact("1", "5")], **children))
    assert users(plan) == []
    assert found(plan.findings, "looks-like-existing") == [("looks-like-existing", "P5")]


def test_a_returning_school_is_held_until_every_account_is_matched_or_set_aside(returning):
    settings = {"onboarding": "returning"}
    plan = returning.plan(family(), **settings)
    assert plan.verdict == "held"
    assert detail(plan.findings, "unmatched-accounts") == (
        "4 active accounts are neither matched nor set aside in the crosswalk"
    )
    assert {
        level for code, level in plan.findings.select("code", "level").rows() if code.startswith("looks")
    } == {"error"}
    some = [*ROWS[:3], ("p1@old.example.org", "", "parent", "set_aside")]
    assert returning.plan(family(*some), **settings).verdict == "changes"
    assert returning.plan(family(*ROWS), **settings).verdict == "changes"


def test_an_account_of_nobody_s_that_looks_like_somebody_new_is_a_warning_elsewhere(returning):
    plan = returning.plan(family())
    levels = plan.findings.filter(code="looks-like-existing")["level"].unique().to_list()
    assert (levels, plan.verdict) == (["warning"], "none")
