from __future__ import annotations

from collections import Counter
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import BlockedPerson, GroupSize, MemberCounts, Outcomes
from reconciler.model.findings import FINDING_CODES
from reconciler.report import build_report
from tests.support.plans import (
    finding,
    group_size,
    make_header,
    make_outcomes,
    make_plan,
    membership,
    person,
    relationship,
    rows_read,
    user,
)

_FIGURE = {"create": "created", "update": "updated", "rekey": "updated", "reactivate": "reactivated"}


def counts(member_type: str, rows: int, **figures: int) -> MemberCounts:
    blank = dict.fromkeys(("created", "updated", "unchanged", "reactivated", "blocked", "merged"), 0)
    return MemberCounts(member_type=member_type, rows=rows, left_out={}, **(blank | figures))


def test_rows_of_a_plan_are_those_of_its_figures() -> None:
    rows = [
        rows_read("student", "created", 900),
        rows_read("student", "left-out", 30, "not enrolled"),
        rows_read("student", "left-out", 2, "excluded"),
        rows_read("student", "blocked", 3, "shared-email"),
        rows_read("student", "blocked", 1, "missing-id"),
        rows_read("parent", "merged", 5, "merged-staff-parent"),
    ]
    student, staff, parent = build_report(make_plan(header=make_header(rows=rows))).members
    assert student == MemberCounts(
        member_type="student",
        rows=936,
        created=900,
        updated=0,
        unchanged=0,
        reactivated=0,
        blocked=4,
        merged=0,
        left_out={"excluded": 2, "not enrolled": 30},
    )
    assert staff == counts("staff", 0)
    assert parent == counts("parent", 5, merged=5)


def test_a_change_of_which_it_is_not_known_is_counted_as_such() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1"), user(2, "update", "S2")],
        memberships=[membership(1, "add", "S1")],
        header=make_header(rows=[rows_read("student", "created", 1), rows_read("student", "updated", 1)]),
    )
    report = build_report(plan, make_outcomes(plan, users_1="", memberships_1=""))
    assert report.members[0] == counts("student", 2, updated=1, unknown=1)
    assert [(one["kind"], one["outcome"]) for one in report.not_done] == [
        ("users", "unknown"),
        ("memberships", "unknown"),
    ]


def test_a_change_not_made_moves_its_row() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1"), user(2, "update", "S2"), user(3, "reactivate", "S3")],
        header=make_header(
            rows=[rows_read("student", figure, 1) for figure in ("created", "updated", "reactivated")]
        ),
    )
    report = build_report(plan, make_outcomes(plan, users_1="failed", users_2="stale", users_3="stale"))
    assert report.members[0] == counts("student", 3, failed=1, stale=2)


def test_a_change_that_was_never_reached_counts_as_failed() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1")], header=make_header(rows=[rows_read("student", "created", 1)])
    )
    report = build_report(plan, Outcomes(make_outcomes(plan).frame.clear()))
    assert report.members[0] == counts("student", 1, failed=1)
    assert [change["outcome"] for change in report.not_done] == ["failed"]


def test_somebody_with_two_steps_has_one_row() -> None:
    plan = make_plan(
        users=[user(1, "update", "S1"), user(2, "update", "S1", step=2)],
        header=make_header(rows=[rows_read("student", "updated", 5)]),
    )
    report = build_report(plan, make_outcomes(plan, users_1="stale", users_2="failed"))
    assert report.members[0] == counts("student", 5, updated=4, failed=1)


def test_a_blocked_person_stays_blocked_whatever_became_of_the_account() -> None:
    plan = make_plan(
        users=[user(1, "update", "S1")],
        findings=[finding("shared-email", "S1")],
        header=make_header(rows=[rows_read("student", "updated", 4), rows_read("student", "blocked", 1)]),
    )
    report = build_report(plan, make_outcomes(plan, users_1="stale"))
    assert report.members[0] == counts("student", 5, updated=4, blocked=1)


def test_a_leaver_has_no_row() -> None:
    clearing = user(
        2, "update", "S2", fields="email", after_email="", before_active=False, after_active=False
    )
    plan = make_plan(
        users=[user(1, "deactivate", "S1"), clearing],
        header=make_header(rows=[rows_read("student", "updated", 4)]),
    )
    report = build_report(plan, make_outcomes(plan, users_1="stale", users_2="stale"))
    assert report.members[0] == counts("student", 4, updated=4)
    assert report.deactivated == 0


def test_blocked_people_have_names_others_and_a_remedy() -> None:
    plan = make_plan(
        findings=[
            finding("shared-email", "S1", file="s.csv", line=2, detail="shares it", others="P2 P3"),
            finding("missing-id", file="s.csv", line=9),
            finding("group-taken", detail="Academics/Grade 1"),
            finding("no-email", "S4"),
        ],
        people=[person("S1", "Ada", "Byron"), person("P2", "Bo", "Berg"), person("S4")],
    )
    report = build_report(plan)
    assert report.blocked == (
        BlockedPerson(
            host_id="",
            name="",
            member_type="",
            code="missing-id",
            detail="",
            others=(),
            remedy=FINDING_CODES["missing-id"].remedy,
            file="s.csv",
            line=9,
        ),
        BlockedPerson(
            host_id="S1",
            name="Ada Byron",
            member_type="student",
            code="shared-email",
            detail="shares it",
            others=("P2", "P3"),
            remedy=FINDING_CODES["shared-email"].remedy,
            file="s.csv",
            line=2,
        ),
    )
    assert report.names == {"S1": "Ada Byron", "P2": "Bo Berg"}
    assert report.findings == {"group-taken": 1, "missing-id": 1, "no-email": 1, "shared-email": 1}


def test_students_without_a_parent_are_listed_once() -> None:
    plan = make_plan(
        findings=[finding("no-parent", "S2"), finding("no-parent", "S1"), finding("no-parent", "S2")]
    )
    assert build_report(plan).students_without_parent == ("S1", "S2")


def test_only_accounts_that_were_made_are_ready() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1"), user(2, "create", "S2"), user(3, "create", "S3")],
        ready=["S1", "S2", "S3"],
    )
    assert build_report(plan).ready_to_invite == ("S1", "S2", "S3")
    outcomes = make_outcomes(plan, users_1="already", users_2="stale")
    assert build_report(plan, outcomes).ready_to_invite == ("S1", "S3")


def test_active_users_leave_out_who_was_not_let_in() -> None:
    users = [user(1, "create", "S1"), user(2, "reactivate", "S2"), user(3, "update", "S3", fields="email")]
    plan = make_plan(users=users, header=make_header(active_users=10))
    assert build_report(plan).active_users == 10
    outcomes = make_outcomes(plan, users_1="failed", users_2="stale", users_3="stale")
    assert build_report(plan, outcomes).active_users == 8


def test_group_sizes_leave_out_what_was_not_done() -> None:
    plan = make_plan(
        memberships=[membership(1, "add", "S1"), membership(2, "add", "S2"), membership(3, "remove", "S3")],
        header=make_header(groups=[group_size("Grade 1", 10, 11), group_size("Grade 2", 4, 4)]),
    )
    assert build_report(plan).groups[0].after == 11
    missed = make_outcomes(plan, memberships_1="stale", memberships_3="failed")
    assert build_report(plan, missed).groups == (
        GroupSize("grade:1", "Academics", "Grade 1", 10, 11),
        GroupSize("grade:2", "Academics", "Grade 2", 4, 4),
    )
    assert build_report(plan, make_outcomes(plan, memberships_2="stale")).groups[0].after == 10


def test_what_was_not_done_says_what_it_is_about() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1")],
        memberships=[membership(2, "add", "S1")],
        relationships=[relationship(3, "remove", "S1", "P2")],
    )
    outcomes = make_outcomes(plan, memberships_2="stale", relationships_3="failed")
    assert build_report(plan, outcomes).not_done == (
        {
            "kind": "memberships",
            "id": "2",
            "action": "add",
            "what": "S1 in Academics/Grade 1",
            "outcome": "stale",
            "detail": "it has changed since",
        },
        {
            "kind": "relationships",
            "id": "3",
            "action": "remove",
            "what": "P2 parent of S1",
            "outcome": "failed",
            "detail": "",
        },
    )
    assert build_report(plan).not_done == ()


_change = st.tuples(
    st.sampled_from(["create", "update", "rekey", "reactivate", "deactivate"]),
    st.sampled_from(["S1", "S2", "S3", "T1", "T2", "P1", "P2"]),
    st.sampled_from(["applied", "already", "stale", "failed"]),
)


@settings(deadline=None, max_examples=50)
@given(
    changes=st.lists(_change, max_size=12),
    blocked=st.sets(st.sampled_from(["S1", "T1", "P1"])),
    others=st.lists(st.integers(0, 50), min_size=4, max_size=4),
)
def test_rows_always_add_up(
    changes: list[tuple[str, str, str]], blocked: set[str], others: list[int]
) -> None:
    """Whatever was not done: no row is lost, none is counted twice, and no figure falls below nothing."""
    users = [user(at, action, host_id) for at, (action, host_id, _) in enumerate(changes, 1)]
    planned = Counter(
        (row["after_member_type"], _FIGURE[row["action"]])
        for row in {row["host_id"]: row for row in users if row["action"] in _FIGURE}.values()
    )
    rows = [rows_read(member_type, figure, number) for (member_type, figure), number in planned.items()]
    rows += [rows_read("student", "unchanged", others[0]), rows_read("staff", "merged", others[1])]
    rows += [
        rows_read("parent", "left-out", others[2], "excluded"),
        rows_read("parent", "blocked", others[3]),
    ]
    plan = make_plan(
        users=users,
        findings=[finding("shared-email", host_id) for host_id in sorted(blocked)],
        header=make_header(rows=rows),
    )
    outcomes = make_outcomes(
        plan, **{f"users_{at}": outcome for at, (_, _, outcome) in enumerate(changes, 1)}
    )
    members = build_report(plan, outcomes).members
    assert [one.rows for one in members] == [
        sum(int(row["rows"]) for row in rows if row["member_type"] == member_type)
        for member_type in ("student", "staff", "parent")
    ]
    for one in members:
        figures = [one.created, one.updated, one.unchanged, one.reactivated, one.blocked, one.merged]
        figures += [one.stale, one.failed, *one.left_out.values()]
        assert sum(figures) == one.rows
        assert min(figures) >= 0
    missed = {host_id for _, host_id, outcome in changes if outcome in ("stale", "failed")}
    told = sum(chain.from_iterable((one.stale, one.failed) for one in members))
    assert told <= len(missed - blocked)
