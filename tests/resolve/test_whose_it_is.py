"""Where it is not clear whose an account or a child is, nobody gets it, and nobody goes to another side."""

from __future__ import annotations

import pytest

from tests.support.looks import found, memberships, relationships, users
from tests.support.schools import contact, email, make_school, make_tables, parent, staff, student
from tests.support.world import World

OTTO = ("Otto", "Other")
TESS = {"first_name": "Tess", "last_name": "Tern"}
ANNA = {"first_name": "Anna", "last_name": "Alder", "grade": "5", "grad_year": "2033"}
BEN = {
    "first_name": "Ben",
    "last_name": "Birch",
    "grade": "1",
    "grad_year": "2037",
    "email": "ben@example.org",
}


# A Host ID that may be another child's


def family(*students, parents=("1",), contacts=("1",)):
    """Students beside a family that does not change, and the contacts of student 1."""
    return make_tables(
        students=[*students, student("9")],
        staff=[staff("1")],
        parents=[*(parent(one) for one in parents), parent("9")],
        contacts=[*(contact("1", one) for one in contacts), contact("9", "9")],
        emails=[*(email(one) for one in parents), email("9")],
    )


def test_the_mother_of_a_child_with_anothers_number_is_not_linked_to_that_account(world):
    world.apply(family(student("1", **ANNA)))
    plan = world.plan(family(student("1", **BEN), parents=("2",), contacts=("2",)))
    assert found(plan.findings, "reused-id") == [("reused-id", "S1")]
    assert relationships(plan) == []


def test_of_two_children_with_one_number_the_second_ones_mother_gets_no_link(world):
    world.apply(family(student("1", **ANNA)))
    both = family(student("1", **ANNA), student("1", **BEN), parents=("1", "2"), contacts=("1", "2"))
    plan = world.plan(both)
    assert found(plan.findings, "duplicate-id") == [("duplicate-id", "S1")] * 2
    assert relationships(plan) == []


# A previous prefix, and what the school has said


@pytest.fixture
def otto(world):
    """A student's account under a previous prefix, whose number another student has by now."""
    world.apply(make_tables(students=[student("1"), student("2")], staff=[staff("1")]))
    world.by_hand(
        "UPDATE users SET host_id = 'PUP1', first_name = ?, last_name = ?, email = '', email_key = ''"
        " WHERE host_id = 'S1'",
        *OTTO,
    )
    return world


def told(decision, old="PUP1", new="S1", member="student"):
    return {"old_host_id": old, "new_host_id": new, "member_type": member, "decision": decision}


@pytest.mark.parametrize(
    "said",
    [
        {"crosswalk": [told("set_aside", new="")]},
        {"crosswalk": [told("reject")]},
        {"exclude": [{"host_id": "PUP1", "reason": "not here"}]},
    ],
    ids=["set aside", "rejected", "excluded"],
)
def test_an_account_of_a_previous_prefix_stays_where_the_school_has_said_so(otto, said):
    tables = make_tables(students=[student("1"), student("2")], staff=[staff("1")], **said)
    plan = otto.plan(tables, identity={"previous_prefixes": {"student": ["PUP"]}})
    assert ("rekey", "S1") not in users(plan)
    assert not {("deactivate", "S1"), ("deactivate", "PUP1")} & set(users(plan))


# A teacher who is a parent, too


def teacher(*rows, **more):
    """The tables of a school with a teacher who is a parent, and these rows of staff."""
    return make_tables(
        students=[student("1")],
        staff=[*rows, staff("5")],
        parents=[parent("1", **TESS)],
        contacts=[contact("1", "1")],
        emails=[email("1", "tess@example.org")],
        **more,
    )


@pytest.fixture
def tess(world):
    world.apply(teacher(staff("1", email="tess@example.org", **TESS)))
    assert world.user("T1", "member_type") == ("staff",)
    return world


def test_a_teacher_who_resigns_stays_as_a_parent(tess):
    plan = tess.plan(teacher())
    assert users(plan) == [("rekey", "P1")]


def test_a_teacher_whose_row_lost_its_id_stays_a_teacher(tess):
    plan = tess.plan(teacher(staff("", email="tess@example.org", **TESS)))
    assert (users(plan), memberships(plan)) == ([], [])
    assert ("leaver-uncertain", "T1") in found(plan.findings)


def test_in_a_part_of_the_school_a_teacher_stays_a_teacher(tess):
    plan = tess.plan(teacher(staff("7")), additions_only=True)
    assert users(plan) == [("create", "T7")]


def test_a_teacher_of_whom_the_school_says_no_stays_a_teacher(tess):
    plan = tess.plan(teacher(crosswalk=[told("reject", "T1", "P1", "parent")]))
    assert users(plan) == []


def test_a_teacher_who_is_excluded_is_no_parent_where_her_row_is_gone(tess):
    excluded = [{"host_id": "T1", "reason": "court order"}]
    plan = tess.plan(teacher(exclude=excluded), exclude={"existing": "leave"})
    assert ("rekey", "P1") not in users(plan)
    assert ("create", "P1") not in users(plan)


def test_an_email_of_the_override_list_makes_no_second_person_of_a_teacher(tess):
    row = staff("1", email="tess@example.org", **TESS)
    mended = teacher(row, email_overrides=[{"host_id": "T1", "email": "new@example.org"}])
    plan = tess.plan(mended)
    assert users(plan) == [("update", "T1")]
    assert relationships(plan) == []


def listed(*rows):
    """A teacher and a parent whose e-mails differ, and whom the school's list makes one."""
    return make_tables(
        students=[student("1")],
        staff=[*rows, staff("5")],
        parents=[parent("1", **TESS)],
        contacts=[contact("1", "1")],
        emails=[email("1", "home@example.org")],
        same_person=[{"staff_id": "1", "parent_id": "1"}],
    )


def test_a_teacher_of_the_list_who_resigns_keeps_her_account_as_a_parent(world):
    world.apply(listed(staff("1", email="tess@example.org", **TESS)))
    account = world.user("T1", "target_id")
    plan = world.apply(listed())
    assert users(plan) == [("rekey", "P1")]
    assert world.user("P1", "target_id") == account


def test_a_third_row_of_her_name_and_email_does_not_undo_what_the_list_says(world):
    third = {"parents": [parent("1", **TESS), parent("2", **TESS)], "contacts": [contact("1", "1")]}
    tables = make_tables(
        students=[student("1")],
        staff=[staff("1", email="tess@example.org", **TESS)],
        emails=[email("1", "home@example.org"), email("2", "tess@example.org")],
        same_person=[{"staff_id": "1", "parent_id": "1"}],
        **third | {"contacts": [contact("1", "1"), contact("1", "2")]},
    )
    plan = world.plan(tables)
    assert ("create", "P1") not in users(plan)
    assert ("merged-staff-parent", "T1") in found(plan.findings)


# Somebody who is blocked, or has no row


def test_an_account_stays_that_a_blocked_newcomer_looks_like(world):
    lia = {"first_name": "Lia", "last_name": "Lark"}
    world.apply(make_tables(students=[student("1", email="", **lia)], staff=[staff("1")]))
    shared = [student("2", email="fam@example.org", **lia), student("3", email="fam@example.org")]
    plan = world.plan(make_tables(students=shared, staff=[staff("1")]))
    assert users(plan) == []
    assert found(plan.findings, "looks-like-existing") == [("looks-like-existing", "S2")]


def test_a_teacher_without_a_row_of_a_parent_gets_account_and_child_in_one_id_space(tmp_path):
    world = World(tmp_path / "directory.db", make_school({}, ("veracross", "vidigami-v3")))
    plan = world.plan(
        make_tables(
            students=[student("1", status="enrolled"), student("2", status="enrolled")],
            staff=[staff("100"), staff("101")],
            parents=[parent("50")],
            contacts=[contact("1", "100", relationship="mother"), contact("2", "50", relationship="mother")],
            emails=[email("50")],
        )
    )
    assert ("create", "100") in users(plan)
    assert ("add", "1", "100") in relationships(plan)
    assert found(plan.findings, "unknown-parent") == []


def test_whoever_shares_an_email_with_one_whose_rows_differ_does_not_get_it(world):
    tables = make_tables(
        students=[student("1")],
        staff=[staff("1")],
        parents=[parent("1"), parent("1", first_name="Other"), parent("2")],
        contacts=[contact("1", "1"), contact("1", "2")],
        emails=[email("1", "family@example.org"), email("2", "family@example.org")],
    )
    plan = world.plan(tables)
    assert ("create", "P2") not in users(plan)
    assert found(plan.findings, "shared-email") == [("shared-email", "P2")]
