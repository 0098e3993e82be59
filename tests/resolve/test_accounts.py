"""What an account's fields become, and which accounts a person must not get."""

from __future__ import annotations

import pytest

from reconciler.model import Capabilities
from tests.support.looks import after, detail, found, users
from tests.support.schools import contact, email, make_tables, parent, student


def one(**fields):
    return make_tables(students=[student("1", **fields)])


def test_a_changed_name_is_an_update_of_that_field_alone(world):
    world.apply(one())
    plan = world.plan(one(last_name="Ørsted"))
    assert plan.changes.users.select("action", "fields", "before_last_name", "after_last_name").rows() == [
        ("update", "last_name", "Osprey1", "Ørsted")
    ]


def test_emails_that_differ_in_case_alone_are_equal(world):
    world.apply(one())
    assert world.plan(one(email="Student1@EXAMPLE.org")).verdict == "none"


def test_a_blank_in_the_sis_clears_nothing(world):
    world.apply(one())
    plan = world.plan(one(email=""))
    assert users(plan) == []
    assert detail(plan.findings, "blank-kept") == "email is blank in the SIS; the account keeps its value"


def test_a_blank_clears_where_the_school_says_so(world):
    world.apply(one())
    plan = world.plan(one(email=""), blank={"email": "clear"})
    assert after(plan, "S1", "email") == ("",)


def test_an_address_that_cannot_be_read_never_clears(world):
    world.apply(one())
    assert users(world.plan(one(email="una at home"), blank={"email": "clear"})) == []


def test_names_are_never_cleared(world):
    world.apply(one())
    plan = world.plan(one(last_name=""), blank={"last_name": "clear"})
    assert users(plan) == []
    assert found(plan.findings, "missing-name") == [("missing-name", "S1")]


def test_a_field_that_the_export_does_not_supply_is_not_compared(world):
    world.apply(one(preferred_name="Uni"))
    row = student("1")
    del row["preferred_name"]
    plan = world.plan(make_tables(students=[row]))
    assert (users(plan), found(plan.findings, "blank-kept")) == ([], [])


def test_an_activated_users_email_is_theirs(world):
    world.apply(one())
    world.by_hand("UPDATE users SET status = 'activated' WHERE host_id = 'S1'")
    plan = world.plan(one(email="other@example.org"))
    assert (users(plan), found(plan.findings, "email-kept")) == ([], [("email-kept", "S1")])
    plan = world.plan(one(email="other@example.org"), email={"activated": "overwrite"})
    assert after(plan, "S1", "email") == ("other@example.org",)


def test_an_id_that_now_belongs_to_another_child_is_refused(world):
    world.apply(one())
    plan = world.plan(one(first_name="Ida", last_name="Wren", grad_year="2036", grade="2"))
    assert users(plan) == []
    assert found(plan.findings, "reused-id") == [("reused-id", "S1")]
    assert plan.changes.memberships.height == 0
    assert ("student", "blocked", "reused-id", 1) in [tuple(row.values()) for row in plan.header.figures.rows]


@pytest.mark.parametrize(
    "fields",
    [{"first_name": "Ida", "last_name": "Wren"}, {"last_name": "Wren", "grad_year": "2036", "grade": "2"}],
    ids=["same year", "same first name"],
)
def test_a_child_who_keeps_one_of_the_three_is_the_same(world, fields):
    world.apply(one())
    assert users(world.plan(one(**fields))) == [("update", "S1")]


def test_a_host_id_of_another_member_type_is_not_taken_over(world):
    world.apply(one())
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, origin)"
        " VALUES ('S2', 'staff', 'Jo', 'Kite', 'hand')"
    )
    plan = world.plan(make_tables(students=[student("1"), student("2")]))
    assert users(plan) == []
    assert found(plan.findings, "id-collision") == [("id-collision", "S2")]


def test_duplicate_rows_leave_the_account_as_it_is(world):
    world.apply(one())
    plan = world.plan(make_tables(students=[student("1", last_name="Wren"), student("1", last_name="Kite")]))
    assert (users(plan), plan.changes.memberships.height) == ([], 0)


def test_a_field_that_the_directory_does_not_hold_is_reported(world):
    plan = world.plan(
        one(preferred_name="Uni"), can=Capabilities(fields=Capabilities().fields - {"preferred_name"})
    )
    assert after(plan, "S1", "preferred_name") == ("",)
    assert detail(plan.findings, "not-carried") == "the directory holds no preferred_name: 1 people"


def pair(first, second):
    """Two parents with these e-mails."""
    return make_tables(
        students=[student("1")],
        parents=[parent("1"), parent("2")],
        contacts=[contact("1", "1"), contact("1", "2")],
        emails=[email("1", first), email("2", second)],
    )


def test_blocked_is_not_gone(world):
    world.apply(pair("a@example.org", "b@example.org"))
    tables = pair("a@example.org", "a@example.org")
    tables.frames["parents"][1, "last_name"] = "Wren"
    plan = world.plan(tables)
    assert users(plan) == [("update", "P2")]
    assert after(plan, "P2", "last_name", "email", "active") == ("Wren", "b@example.org", True)
    assert found(plan.findings, "shared-email") == [("shared-email", "P1"), ("shared-email", "P2")]


def test_an_email_of_an_account_that_is_not_ours_blocks_whoever_asks(world):
    world.apply(one())
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, email, email_key, origin)"
        " VALUES ('coach', 'staff', 'Jo', 'Kite', 'a@example.org', 'a@example.org', 'hand')"
    )
    plan = world.plan(pair("A@example.org", "b@example.org"))
    assert users(plan) == [("create", "P2")]
    taken = plan.findings.filter(plan.findings["code"] == "email-taken").row(0, named=True)
    assert (taken["host_id"], taken["level"], taken["others"]) == ("P1", "blocked", "coach")


def test_an_account_that_asks_for_a_taken_email_keeps_its_own(world):
    world.apply(pair("a@example.org", "b@example.org"))
    world.by_hand("UPDATE users SET status = 'activated' WHERE host_id = 'P1'")
    plan = world.plan(pair("c@example.org", "a@example.org"))
    assert users(plan) == []
    assert found(plan.findings, "email-taken", "email-kept") == [("email-kept", "P1"), ("email-taken", "P2")]


def test_two_accounts_exchange_their_emails(world):
    world.apply(pair("a@example.org", "b@example.org"))
    plan = world.apply(pair("b@example.org", "a@example.org"))
    assert plan.changes.users.select(
        "step", "host_id", "before_email", "after_email", "later_email"
    ).rows() == [
        (1, "P1", "a@example.org", "", "b@example.org"),
        (2, "P2", "b@example.org", "a@example.org", ""),
        (3, "P1", "", "b@example.org", ""),
    ]
    assert (world.user("P1", "email"), world.user("P2", "email")) == (("b@example.org",), ("a@example.org",))


def test_a_leavers_unused_email_is_cleared_for_whoever_asks(world):
    world.apply(pair("a@example.org", "b@example.org"))
    only = make_tables(
        students=[student("1")],
        parents=[parent("2"), parent("3")],
        contacts=[contact("1", "2"), contact("1", "3")],
        emails=[email("2", "b@example.org"), email("3", "a@example.org")],
    )
    plan = world.apply(only)
    assert plan.changes.users.select("action", "host_id", "fields").rows()[0] == (
        "deactivate",
        "P1",
        "email active",
    )
    assert world.user("P3", "email") == ("a@example.org",)


def test_a_leavers_email_that_was_activated_stays_theirs(world):
    world.apply(pair("a@example.org", "b@example.org"))
    world.by_hand("UPDATE users SET status = 'activated' WHERE host_id = 'P1'")
    only = make_tables(
        students=[student("1")],
        parents=[parent("3")],
        contacts=[contact("1", "3")],
        emails=[email("3", "a@example.org")],
    )
    plan = world.plan(only)
    assert ("create", "P3") not in users(plan)
    assert found(plan.findings, "email-taken") == [("email-taken", "P3")]


@pytest.mark.parametrize(
    ("status", "changes", "codes"),
    [
        ("not_activated", [("S1", ""), ("P1", "student1@example.org")], []),
        ("activated", [], [("email-taken", "P1")]),
    ],
)
def test_a_student_s_dropped_email_is_free_unless_activated(world, status, changes, codes):
    rows = {"students": [student("1")], "parents": [parent("1")], "contacts": [contact("1", "1")]}
    world.apply(make_tables(**rows, emails=[email("1")]))
    world.by_hand("UPDATE users SET status = ? WHERE host_id = 'S1'", status)
    plan = world.plan(
        make_tables(**rows, emails=[email("1", "student1@example.org")]), email={"students": "drop"}
    )
    assert plan.changes.users.select("host_id", "after_email").rows() == changes
    assert found(plan.findings, "email-taken") == codes
