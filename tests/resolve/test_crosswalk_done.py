"""A crosswalk stays in the school file: what is done is not done again, and what is half done is finished."""

from __future__ import annotations

from shutil import copyfile
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler.apply.runner import run
from reconciler.errors import InputError
from tests.support.looks import found, users
from tests.support.schools import contact, email, make_tables, open_directory, parent, staff, student
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Plan, Tables

FIELDS = ("old_host_id", "new_host_id", "member_type", "decision")


def family(*rows, students=None, **more):
    """Una and Bo, their parent and a teacher, with a crosswalk of these rows."""
    pupils = students or [una("1"), bo("2")]
    tables = {
        "students": pupils,
        "staff": [staff("1")],
        "parents": [parent("1")],
        "contacts": [contact(one["id"], "1") for one in pupils],
        "emails": [email("1")],
        "crosswalk": [dict(zip(FIELDS, row, strict=True)) for row in rows],
    }
    return make_tables(**tables | more)


def una(source_id, **fields):
    return student(
        source_id, **{"first_name": "Una", "last_name": "Osprey", "email": "una@example.org"} | fields
    )


def bo(source_id, **fields):
    return student(
        source_id, **{"first_name": "Bo", "last_name": "Heron", "email": "bo@example.org"} | fields
    )


SWAP = (("S1", "S2", "student", "accept"), ("S2", "S1", "student", "accept"))
CHAIN = (("S1", "S2", "student", "accept"), ("S2", "S3", "student", "accept"))
KEEP = ("old1", "S1", "student", "keep_old")
CASES = {
    "swap": (SWAP, [una("2"), bo("1")]),
    "chain": (CHAIN, [una("2"), bo("3")]),
    "the old Host ID is somebody else's now": (
        (("S1", "S7", "student", "accept"),),
        [una("7"), bo("2"), student("1", first_name="Zed", last_name="Wren")],
    ),
}


def add_second(world):
    """An account of before for Una, activated; S1 is then a second one of hers."""
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, grad_year, origin, status)"
        " VALUES ('old1', 'student', 'Una', 'Osprey', '2033', 'hand', 'activated')"
    )


def stopped_everywhere(world: World, plan: Plan) -> Iterator[World]:
    """The directory, for each change of the plan stopped after it."""
    for number in range(1, len(plan.changes)):
        copy = World(world.path.with_name(f"stopped{number}.db"), world.school)
        copyfile(world.path, copy.path)

        def stop(done: int, _total: int, number: int = number) -> None:
            if done == number:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(plan, open_directory(copy.path), stop, batch_size=1)
        yield copy


def accounts(world: World) -> dict[str, tuple[str, str, bool]]:
    """Target id -> Host ID, first name, and whether the account is active."""
    read = open_directory(world.path).read().users
    return {row[0]: row[1:] for row in read.select("target_id", "host_id", "first_name", "active").rows()}


def of(plan: Plan, host_id: str, code: str = "rekey-refused") -> list[str]:
    """Details of the findings of a code about somebody."""
    return plan.findings.filter(pl.col("code") == code, pl.col("host_id") == host_id)["detail"].to_list()


@pytest.mark.parametrize("case", CASES)
def test_what_the_crosswalk_says_is_done_once(world, case):
    rows, students = CASES[case]
    world.apply(family())
    plan = world.apply(family(*rows, students=students))
    assert "rekey" in dict(users(plan))
    again = world.plan(family(*rows, students=students))
    assert (again.verdict, found(again.findings, "rekey-refused", "crosswalk-unknown")) == ("none", [])


@pytest.mark.parametrize("case", CASES)
def test_a_fresh_plan_goes_on_wherever_the_first_was_stopped(world, case):
    rows, students = CASES[case]
    world.apply(family())
    tables: Tables = family(*rows, students=students)
    plan = world.plan(tables)
    whole = World(world.path.with_name("whole.db"), world.school)
    copyfile(world.path, whole.path)
    whole.apply(tables)
    for stopped in stopped_everywhere(world, plan):
        stopped.apply(tables)
        assert accounts(stopped) == accounts(whole)
        assert stopped.plan(tables).verdict == "none"


def test_two_who_are_alike_are_not_exchanged_by_guessing(world):
    twins = [una("1", email=""), una("2", email="")]
    world.apply(family(students=twins))
    plan = world.plan(family(*SWAP, students=twins))
    assert users(plan) == []
    assert found(plan.findings, "rekey-refused") == [("rekey-refused", "S1"), ("rekey-refused", "S2")]
    assert "is as much like S2 as like S1: the row may be done" in plan.findings["detail"].to_list()


def test_keep_old_goes_on_wherever_it_was_stopped(world):
    world.apply(family())
    add_second(world)
    kept, second = (world.user(host_id, "target_id") for host_id in ("old1", "S1"))
    for stopped in stopped_everywhere(world, world.plan(family(KEEP))):
        stopped.apply(family(KEEP))
        assert stopped.user("S1", "target_id", "active") == (*kept, True)
        assert stopped.user("parked:S1", "target_id", "active") == (*second, False)
        assert stopped.members("grade:5") == ["P1", "S1", "S2"]
        assert stopped.plan(family(KEEP)).verdict == "none"


@pytest.mark.parametrize("old", ["s1@old.example.org", "S9"])
def test_an_account_never_becomes_one_of_another_kind(world, old):
    world.apply(family())
    for was, now in (("S1", old), ("P1", "p1@old.example.org")):
        world.by_hand("UPDATE users SET host_id = ? WHERE host_id = ?", now, was)
    plan = world.plan(family((old, "P1", "", "accept")))
    assert users(plan) == []
    assert of(plan, old) == ["is a student's account, and P1 is a parent"]
    assert of(plan, "P1") == [f"is to have the account {old}, which does not get this Host ID"]


def test_a_member_type_that_the_new_host_id_cannot_have_is_a_mistake(world):
    with pytest.raises(InputError) as caught:
        world.plan(family(("x", "P1", "Student", "accept")))
    assert str(caught.value) == (
        "crosswalk.csv:2: new_host_id is not of this member_type; correct one of the two: a student's account"
        " stays a student's"
    )


def test_a_parent_s_account_may_become_a_member_of_staff_s(world):
    world.apply(family())
    world.by_hand("UPDATE users SET host_id = 'rosa' WHERE host_id = 'P1'")
    joined = [staff("1"), staff("2", first_name="Rosa", last_name="Plover1", email="parent1@example.org")]
    plan = world.plan(family(("rosa", "T2", "parent", "accept"), staff=joined))
    assert ("rekey", "T2") in users(plan)


def test_an_account_that_is_set_aside_is_left_alone_though_it_be_ours_and_gone(world):
    world.apply(family())
    gone = {"students": [una("1")]}
    assert users(world.plan(family(**gone))) == [("deactivate", "S2")]
    assert users(world.plan(family(("S2", "", "student", "set_aside"), **gone))) == []


def test_an_account_whose_row_leads_to_nobody_does_not_leave(world):
    world.apply(family())
    plan = world.plan(family(("S2", "S77", "student", "accept"), students=[una("1")]))
    assert (users(plan), found(plan.findings, "crosswalk-unknown")) == ([], [("crosswalk-unknown", "S2")])


def test_a_protected_account_keeps_its_host_id(world):
    world.apply(family())
    world.by_hand("UPDATE users SET host_id = 'vip-una' WHERE host_id = 'S1'")
    rows = ("vip-una", "S1", "student", "accept")
    plan = world.plan(family(rows), protected={"host_ids": ["vip-.*"]})
    assert users(plan) == []
    assert of(plan, "vip-una") == ["is protected, so it cannot get the Host ID S1"]


def test_an_excluded_account_of_a_previous_prefix_is_left_alone(world):
    world.apply(family())
    world.by_hand("UPDATE users SET host_id = 'PUP1' WHERE host_id = 'S1'")
    settings = {"identity": {"previous_prefixes": {"student": ["PUP"]}}, "exclude": {"file": "exclude.csv"}}
    assert users(world.plan(family(), **settings)) == [("rekey", "S1")]
    kept_out = [{"host_id": "S1", "reason": "asked for"}]
    assert users(world.plan(family(exclude=kept_out), **settings)) == []


LEAVING = {
    "a swap, and one of the two": (SWAP, [una("2"), bo("1")], [una("2")], "S1"),
    "a swap, and the other": (SWAP, [una("2"), bo("1")], [bo("1")], "S2"),
    "a chain, and its first": (CHAIN, [una("2"), bo("3")], [bo("3")], "S2"),
    "a chain, and its last": (CHAIN, [una("2"), bo("3")], [una("2")], "S3"),
    "the old Host ID is somebody else's now": (
        (("S1", "S7", "student", "accept"),),
        [una("7"), bo("2"), student("1", first_name="Zed", last_name="Wren")],
        [bo("2"), student("1", first_name="Zed", last_name="Wren")],
        "S7",
    ),
}


@pytest.mark.parametrize("case", LEAVING)
def test_rows_that_are_done_hold_nobody_when_one_of_the_people_leaves(world, case):
    rows, students, then, leaver = LEAVING[case]
    world.apply(family())
    world.apply(family(*rows, students=students))
    plan = world.plan(family(*rows, students=then))
    assert users(plan) == [("deactivate", leaver)]
    assert found(plan.findings, "rekey-refused", "crosswalk-unknown") == []


@pytest.mark.parametrize("first", ["accept", "keep_old"])
def test_a_leaver_s_account_never_becomes_another_child_s_by_a_row_that_is_done(world, first):
    rows = (("S1", "S2", "student", "accept"), ("S2", "S3", "student", first))
    world.apply(family())
    world.apply(family(*rows, students=[una("2"), bo("3")]))
    if first == "accept":
        world.by_hand("UPDATE users SET host_id = 'elsewhere' WHERE host_id = 'S3'")
    plan = world.plan(family(*rows, students=[bo("3")]))
    assert users(plan) == []
    assert of(plan, "S2") == ["may have got S2 by another row, and have nothing to do with S3"]


def test_a_chain_whose_middle_is_gone_moves_whoever_has_the_name(world):
    world.apply(family())
    plan = world.plan(family(*CHAIN, students=[bo("3")]))
    assert users(plan) == [("rekey", "S3")]


def test_no_account_gets_a_host_id_from_which_the_crosswalk_takes_it_on(world):
    """It would move twice: by this plan, and by the next one, to another child's Host ID."""
    students = [student("1"), student("1", first_name="Zed"), una("2"), student("3", first_name="Cy")]
    world.apply(family(students=students))
    world.by_hand("UPDATE users SET host_id = 'parked:S1' WHERE host_id = 'S3'")
    world.by_hand("UPDATE users SET host_id = 'elsewhere' WHERE host_id = 'S2'")
    plan = world.plan(family(*SWAP, students=students))
    assert users(plan) == []
    assert of(plan, "parked:S1") == ["cannot get the Host ID S1: the crosswalk would give it S2 next"]


@pytest.mark.parametrize("old", ["Old1", "old1 x", "0ld1"])
def test_nobody_is_made_anew_whose_account_the_crosswalk_names(world, old):
    world.apply(family())
    world.by_hand("UPDATE users SET host_id = 'old1', last_name = 'Wren' WHERE host_id = 'S1'")
    plan = world.plan(family((old, "S1", "student", "accept"), students=[una("1", email=""), bo("2")]))
    assert users(plan) == []
    assert of(plan, "S1", "crosswalk-unknown") == [
        f"is to have the account {old}, and there is none of that Host ID"
    ]


def test_an_account_that_is_set_aside_is_not_parked_for_another(world):
    world.apply(family())
    add_second(world)
    plan = world.plan(family(KEEP, ("S1", "", "student", "set_aside")))
    assert users(plan) == []
    assert found(plan.findings, "rekey-refused") == [("rekey-refused", "old1")]


def test_nobody_is_parked_where_an_account_was_set_aside_for_good(world):
    """That apply would fail, and so would each of those after it."""
    world.apply(family())
    add_second(world)
    world.apply(family(KEEP))
    rows, students = CASES["swap"]
    for stopped in stopped_everywhere(world, world.plan(family(*rows, students=students))):
        stopped.apply(family(*rows, students=students))
        assert stopped.user("S2", "first_name") == ("Una",)
        assert stopped.user("S1", "first_name") == ("Bo",)
        assert stopped.user("parked:S1", "active") == (False,)
        assert stopped.plan(family(*rows, students=students)).verdict == "none"


def test_a_teacher_gets_no_second_account_beside_the_one_of_the_parent_she_is(world):
    world.apply(family())
    world.by_hand("UPDATE users SET host_id = 'rosa', email = '', email_key = '' WHERE host_id = 'P1'")
    joined = [staff("1"), staff("2", first_name="Rosa", last_name="Plover1", email="parent1@example.org")]
    plan = world.plan(family(("rosa", "P1", "parent", "accept"), staff=joined))
    assert users(plan) == []
    assert of(plan, "rosa", "crosswalk-unknown") == [
        "the crosswalk gives it P1, who is the member of staff T2"
    ]
    assert of(plan, "T2") == ["is to have the account rosa, which does not get this Host ID"]
    assert users(world.plan(family(("rosa", "T2", "parent", "accept"), staff=joined))) == [("rekey", "T2")]
