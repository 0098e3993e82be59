"""Who leaves, who comes back, and who stays because nothing proves that they left."""

from __future__ import annotations

import pytest

from reconciler.model import Capabilities
from tests.support.looks import found, memberships, relationships, users
from tests.support.schools import contact, email, make_tables, parent, staff, student


def family(*ids, **tables):
    """For each id a student and their parent."""
    return make_tables(
        **{
            "students": [student(n) for n in ids],
            "parents": [parent(n) for n in ids],
            "contacts": [contact(n, n) for n in ids],
            "emails": [email(n) for n in ids],
            **tables,
        }
    )


def test_whoever_is_gone_is_deactivated_and_leaves_our_groups(world):
    world.apply(family("1", "2"))
    plan = world.plan(family("2", students=[student("1", status="3"), student("2")]))
    assert users(plan) == [("deactivate", "P1"), ("deactivate", "S1")]
    assert plan.changes.users["reason"].to_list() == ["no child at the school", "graduated"]
    assert memberships(plan) == [("remove", "grade:5", "P1"), ("remove", "grade:5", "S1")]
    assert plan.changes.memberships["reason"].to_list() == [
        "has left (no child at the school)",
        "has left (graduated)",
    ]
    assert relationships(plan) == []


def test_a_student_who_is_not_in_the_export_any_more_has_transferred(world):
    world.apply(family("1", "2"))
    plan = world.plan(family("2"))
    assert dict(plan.changes.users.select("host_id", "reason").rows()) == {
        "P1": "no child at the school",
        "S1": "transferred",
    }


def test_a_student_who_moves_to_a_campus_that_is_not_the_schools_has_left(world):
    settings = {"school_ids": ["Upper School"], "groups": {"per_school": True}}
    here, moved = (
        make_tables(
            students=[student("1", school_id=campus), student("2", school_id="Upper School")],
            staff=[staff("1", school_id="Upper School")],
        )
        for campus in ("Upper School", "Lower School")
    )
    world.apply(here, **settings)
    plan = world.apply(moved, **settings)
    assert users(plan) == [("deactivate", "S1")]
    assert memberships(plan) == [("remove", "grade:5@Upper School", "S1")]
    assert world.plan(moved, **settings).verdict == "none"


@pytest.mark.parametrize(
    ("leavers", "gone"),
    [
        ("keep", []),
        ({"graduated": "keep"}, [("deactivate", "P1")]),
        ({"parent": "keep"}, [("deactivate", "S1")]),
    ],
)
def test_a_school_may_keep_leavers_active(world, leavers, gone):
    world.apply(family("1", "2"))
    plan = world.plan(family("2", students=[student("1", status="3"), student("2")]), leavers=leavers)
    assert users(plan) == gone
    kept = {"P1", "S1"} - {host for _, host in gone}
    assert found(plan.findings, "leaver-kept") == [("leaver-kept", host) for host in sorted(kept)]
    assert {host for _, _, host in memberships(plan)} == {"P1", "S1"} - kept


def test_a_link_without_its_student_in_the_export_holds_the_parent(world):
    world.apply(family("1", "2"))
    plan = world.plan(family("1", "2", students=[student("2")]))
    assert users(plan) == [("deactivate", "S1")]
    assert found(plan.findings, "leaver-uncertain", "unknown-student") == [
        ("leaver-uncertain", "P1"),
        ("unknown-student", "P1"),
    ]
    assert memberships(plan) == [("remove", "grade:5", "S1")]


def test_a_row_that_lost_its_id_may_be_the_leaver(world):
    world.apply(family("1", "2"))
    nameless = student("1") | {"id": ""}
    plan = world.plan(family("1", "2", students=[nameless, student("2")]))
    assert users(plan) == []
    assert ("leaver-uncertain", "S1") in found(plan.findings)


def test_a_teacher_who_resigned_and_is_a_parent_keeps_the_account(world):
    same = {"first_name": "Ada", "last_name": "Heron"}
    tables = {
        "students": [student("1")],
        "parents": [parent("9", **same)],
        "contacts": [contact("1", "9")],
        "emails": [email("9", "ada@example.org")],
    }
    world.apply(make_tables(staff=[staff("5", email="ada@example.org", **same)], **tables))
    plan = world.plan(make_tables(staff=[staff("5", email="ada@example.org", status="2", **same)], **tables))
    assert users(plan) == [("rekey", "P9")]
    change = plan.changes.users.row(0, named=True)
    assert (change["fields"], change["reason"]) == ("host_id member_type", "the same person, now a parent")
    assert relationships(plan) == []
    assert memberships(plan) == [("remove", "faculty", "P9")]


def test_a_parent_with_an_account_of_their_own_who_joins_the_staff_is_not_split(world):
    same = {"first_name": "Ada", "last_name": "Heron"}
    tables = {
        "students": [student("1")],
        "parents": [parent("9", **same)],
        "contacts": [contact("1", "9")],
        "emails": [email("9", "ada@example.org")],
    }
    world.apply(make_tables(**tables))
    plan = world.plan(make_tables(staff=[staff("5", email="ada@example.org", **same)], **tables))
    assert users(plan) == []
    assert ("merged-staff-parent", "T5") in found(plan.findings.filter(plan.findings["level"] == "blocked"))


def test_whoever_comes_back_gets_the_same_account(world):
    world.apply(family("1", "2"))
    world.apply(family("2"))
    plan = world.apply(family("1", "2"))
    assert users(plan) == [("reactivate", "P1"), ("reactivate", "S1")]
    assert world.members("grade:5") == ["P1", "P2", "S1", "S2"]
    assert world.user("S1", "active", "deactivated_by") == (True, "")


def test_what_was_deactivated_by_hand_stays_so(world):
    world.apply(family("1"))
    world.by_hand("UPDATE users SET active = 0, deactivated_by = 'hand' WHERE host_id = 'S1'")
    plan = world.plan(family("1"))
    assert users(plan) == []
    assert found(plan.findings, "deactivated-by-hand") == [("deactivated-by-hand", "S1")]


def test_accounts_that_are_not_ours_stay(world):
    world.apply(family("1"))
    insert = (
        "INSERT INTO users (host_id, member_type, first_name, last_name, origin)"
        " VALUES (?, ?, 'Jo', 'Kite', 'hand')"
    )
    world.by_hand(insert, "coach-7", "staff")
    world.by_hand(insert, "P77", "staff")
    plan = world.plan(family("1"))
    assert users(plan) == []
    assert plan.header.figures.unmanaged["users"] == 2


def test_additions_only_takes_nobody_out(world):
    world.apply(family("1", "2"))
    plan = world.plan(family("3"), additions_only=True)
    assert users(plan) == [("create", "P3"), ("create", "S3")]
    assert {action for action, _, _ in memberships(plan)} == {"add"}
    assert plan.header.additions_only


def test_a_directory_that_cannot_deactivate_is_asked_for_nothing(world):
    world.apply(family("1", "2"))
    plan = world.plan(family("2"), can=Capabilities(deactivate=False))
    assert users(plan) == []
    assert found(plan.findings, "not-carried") == [("not-carried", "P1"), ("not-carried", "S1")]


def test_an_earlier_school_year_is_refused(world):
    world.apply(family("1"))
    plan = world.plan(family("1", students=[student("1", grad_year="")]), school_year="2024-25")
    assert plan.verdict == "held"
    assert plan.findings.filter(plan.findings["level"] == "error")["detail"].to_list() == [
        "the directory stands at 2025-26, the school file at 2024-25"
    ]


def test_a_later_school_year_is_a_change_of_its_own(world):
    world.apply(make_tables(staff=[staff("1")]))
    plan = world.plan(make_tables(staff=[staff("1")]), school_year="2026-27")
    assert (len(plan.changes), plan.header.rolls_over, plan.verdict) == (0, True, "changes")


@pytest.mark.parametrize("spoil", ["the link's flag", "the parent's row"])
def test_a_member_of_staff_stays_a_parent_while_it_cannot_be_told(world, spoil):
    same = {"first_name": "Ada", "last_name": "Heron"}

    def tables(parents, **link):
        return make_tables(
            students=[student("1"), student("2")],
            staff=[staff("5", email="ada@example.org", **same)],
            parents=[*parents, parent("2")],
            contacts=[contact("1", "9", **link), contact("2", "2")],
            emails=[email("9", "ada@example.org")],
        )

    parents = [parent("9", **same)]
    world.apply(tables(parents))
    assert world.members("grade:5") == ["P2", "S1", "S2", "T5"]
    spoilt = tables(parents, is_custodial="?") if spoil == "the link's flag" else tables([])
    plan = world.plan(spoilt)
    assert (users(plan), memberships(plan), relationships(plan)) == ([], [], [])
    gone = world.plan(tables(parents, is_custodial="0"))
    assert relationships(gone) == [("remove", "S1", "T5")]
