from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from reconciler.model import Verdict
from reconciler.views import plan_text
from tests.support.plans import (
    finding,
    group,
    make_header,
    make_plan,
    membership,
    person,
    relationship,
    user,
)


def text(page: str) -> str:
    return dedent(page).lstrip("\n")


def test_no_changes_are_one_line() -> None:
    plan = make_plan(header=make_header(active_users=2661))
    assert plan_text(plan) == "No changes. 2,661 people are as the SIS has them.\n"


@pytest.mark.parametrize(
    ("active_users", "additions_only", "expected"),
    [
        (1, False, "No changes. 1 person is as the SIS has them.\n"),
        (5, True, "No changes. Nothing is to be added.\n"),
    ],
)
def test_no_changes_are_worded_for_what_was_asked(
    active_users: int, additions_only: bool, expected: str
) -> None:
    header = make_header(active_users=active_users, additions_only=additions_only)
    assert plan_text(make_plan(header=header)) == expected


def test_no_changes_count_findings_in_one_line() -> None:
    findings = [finding("no-email", "S1"), finding("no-email", "S2"), finding("no-parent", "S1")]
    plan = make_plan(findings=findings, header=make_header(active_users=3))
    assert plan_text(plan) == text("""
        No changes. 3 people are as the SIS has them.
        Findings: 2 no-email, 1 no-parent
    """)


def test_first_import() -> None:
    plan = make_plan(
        users=[user(at, "create", f"S{at}") for at in range(1, 1202)] + [user(1300, "create", "P1")],
        groups=[group(1, "create", "Grade 1")],
        memberships=[membership(at, "add", f"S{at}", f"Grade {at % 11 + 1}") for at in range(1, 13)],
        relationships=[relationship(1, "add", "S1", "P1", reason="a contact with access")],
        header=make_header(new_directory=True, unmanaged={"users": 2, "groups": 1, "memberships": 0}),
    )
    assert plan_text(plan) == text("""
        Maple Grove School (maple-grove), 2025-26, a new directory

          users          + 1,202 create
          groups         +     1 create
          memberships    +    12 add
          relationships  +     1 add
          Not ours, and left alone: 2 users, 1 group

        Create 1,202 users: 1,201 students, 1 parent
          + S1   student
          + S2   student
          + S3   student
          + S4   student
          + S5   student
          + S6   student
          + S7   student
          + S8   student
          + S9   student
          + S10  student
            ... and 1,192 more; --full shows all

        Create 1 group
          + Academics/Grade 1

        Add 12 memberships
          + Academics/Grade 1   1
          + Academics/Grade 2   2
          + Academics/Grade 3   1
          + Academics/Grade 4   1
          + Academics/Grade 5   1
          + Academics/Grade 6   1
          + Academics/Grade 7   1
          + Academics/Grade 8   1
          + Academics/Grade 9   1
          + Academics/Grade 10  1
          + Academics/Grade 11  1
            --full shows each of them

        Add 1 relationship (a contact with access)
          + P1  parent of S1
    """)


def test_roll_over_says_so_first_and_shows_leavers_before_the_rest() -> None:
    plan = make_plan(
        users=[
            user(1, "create", "S1"),
            user(2, "update", "T1", fields="first_name email", reason="differs from the SIS"),
            user(
                3,
                "rekey",
                "T5",
                before_host_id="P5",
                before_member_type="parent",
                fields="host_id member_type",
            ),
            user(4, "reactivate", "P7", fields="active last_name", before_last_name="Old"),
            user(5, "deactivate", "S98", fields="active", reason="graduated"),
            user(6, "deactivate", "P98", fields="active", reason="parent"),
            user(7, "deactivate", "S99", fields="active", reason="graduated"),
        ],
        groups=[group(8, "update", "Grade 2", before_category="Academics", before_name="Two", fields="name")],
        memberships=[
            membership(9, "add", "S1", reason="their grade"),
            membership(10, "add", "P1", reason="parent of S1"),
            membership(11, "remove", "S98", "Grade 12", reason="has left (graduated)"),
        ],
        relationships=[relationship(12, "remove", "S98", "P98")],
        header=make_header(school_year="2026-27"),
    )
    assert plan_text(plan) == text("""
        School year 2025-26 -> 2026-27: a roll-over

        Maple Grove School (maple-grove), 2026-27, directory dir-1

          users          + 1 create  ~ 1 update  ~ 1 rekey  ~ 1 reactivate  - 3 deactivate
          groups                     ~ 1 update
          memberships    + 2 add                                            - 1 remove
          relationships                                                     - 1 remove

        Deactivate 2 users (graduated): 2 students
          - S98  student
          - S99  student

        Deactivate 1 user (parent): 1 parent
          - P98  parent

        Remove 1 membership (has left (graduated))
          - S98  Academics/Grade 12

        Remove 1 relationship
          - P98  parent of S98

        Create 1 user: 1 student
          + S1  student

        Update 1 user (differs from the SIS): 1 staff
          ~ T1  first_name, email

        Give a new Host ID to 1 user: 1 staff
          ~ P5 -> T5  member_type

        Reactivate 1 user: 1 parent
          ~ P7  parent, last_name

        Update 1 group
          ~ Academics/Two  name: Two -> Grade 2

        Add 2 memberships
          + S1  Academics/Grade 1  their grade
          + P1  Academics/Grade 1  parent of S1
    """)


def test_names_and_values_are_shown_only_when_asked_for() -> None:
    plan = make_plan(
        users=[
            user(1, "create", "S1", after_grad_year="2031"),
            user(2, "update", "T1", fields="first_name email", before_first_name="Joan", after_email=""),
        ],
        memberships=[membership(3, "add", "S1")],
        relationships=[relationship(4, "add", "S1", "P1")],
        findings=[
            finding("shared-email", "S2", file="s.csv", line=3, detail="shares it with P1", others="P1")
        ],
        people=[
            person("S1", "Ada", "Byron"),
            person("T1", "Jo", "Lind"),
            person("P1", "Bo", "Berg"),
            person("S2", "Cy", "Ek"),
        ],
    )
    shown = plan_text(plan, show_names=True)
    assert shown == text("""
        Maple Grove School (maple-grove), 2025-26, directory dir-1

          users          + 1 create  ~ 1 update
          groups         no change
          memberships    + 1 add
          relationships  + 1 add

        Create 1 user: 1 student
          + S1 Ada Byron  student, s1@example.org, 2031

        Update 1 user: 1 staff
          ~ T1 Jo Lind  first_name: Joan -> FirstT1, email: old@example.org -> (blank)

        Add 1 membership
          + S1 Ada Byron  Academics/Grade 1

        Add 1 relationship
          + P1 Bo Berg  parent of S1 Ada Byron

        Blocked, and not carried on: 1
          shared-email, people who share an e-mail: 1
            S2 Cy Ek  s.csv:3  shares it with P1 Bo Berg

        'reconcile explain CODE' says what a finding means and what to do.
    """)
    hidden = plan_text(plan, full=True)
    for secret in ("Ada", "Byron", "Joan", "Berg", "Ek", "@", "2031"):
        assert secret not in hidden


def test_held_plan_says_so_at_the_top_and_why() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1")],
        findings=[
            finding("school-year-mismatch", detail="the directory is at 2026-27"),
            finding("no-email", "S1", file="s.csv", line=2),
        ],
        header=make_header(sync="plan_only", additions_only=True),
    )
    assert plan_text(plan, width=70) == text("""
        Maple Grove School (maple-grove), 2025-26, directory dir-1
        Additions only: nobody leaves, and nothing is removed.
        On trial (sync: plan_only): this plan can be read, but not applied.

        Held: nothing of this plan can be applied before this is mended.
          school-year-mismatch, an earlier school year than the directory's: 1
                the directory is at 2026-27
            What to do: Set school_year in the school file to the present
            year.

          users          + 1 create
          groups         no change
          memberships    no change
          relationships  no change

        Create 1 user: 1 student
          + S1  student

        Other findings: 1
          no-email, no e-mail: 1
            S1  s.csv:2

        'reconcile explain CODE' says what a finding means and what to do.
    """)


def test_roll_over_without_changes_to_people_is_a_change() -> None:
    plan = make_plan(header=make_header(school_year="2026-27"))
    assert plan_text(plan) == text("""
        School year 2025-26 -> 2026-27: a roll-over

        Maple Grove School (maple-grove), 2026-27, directory dir-1

        No change to anybody.
    """)


def test_lists_are_capped_unless_all_is_asked_for() -> None:
    plan = make_plan(
        users=[user(at, "create", f"S{at}") for at in range(1, 13)],
        memberships=[membership(at, "add", f"S{at}", f"Grade {at}") for at in range(1, 32)],
        findings=[
            *(finding("no-parent", f"S{at}", file="s.csv", line=at) for at in range(1, 13)),
            *(finding("no-email", f"S{at}", file="s.csv", line=at) for at in range(1, 13)),
        ],
    )
    capped = [line.strip() for line in plan_text(plan).splitlines() if "more" in line]
    assert capped == [
        "... and 2 more; --full shows all",
        "... and 11 more groups; --full shows all",
        "... and 2 more; --full shows all",
        "... and 9 more; --full shows all",
    ]
    full = plan_text(plan, full=True)
    assert "more" not in full
    assert full.count("\n  + S") == 12 + 31
    assert full.count("  s.csv:") == 24


def test_one_group_more_is_one_group() -> None:
    plan = make_plan(memberships=[membership(at, "add", "S1", f"Grade {at}") for at in range(21)])
    assert "    ... and 1 more group; --full shows all\n" in plan_text(plan)


def test_an_earlier_school_year_is_no_roll_over() -> None:
    plan = make_plan(
        users=[user(1, "create", "S9")],
        findings=[finding("school-year-mismatch", detail="the directory stands at 2025-26")],
        header=make_header(school_year="2024-25"),
    )
    assert plan_text(plan).startswith("Maple Grove School (maple-grove), 2024-25, directory dir-1\n\nHeld: ")


def test_people_it_clashes_with_are_named_once() -> None:
    findings = [
        finding("shared-email", "S1", detail="shares its e-mail with P2", others="P2 P3"),
        finding("id-collision", "7", detail="the student has the same Host ID as the staff", others="7"),
    ]
    lines = plan_text(make_plan(findings=findings, users=[user(1, "create", "S9")])).splitlines()
    assert "    7    the student has the same Host ID as the staff" in lines
    assert "    S1    shares its e-mail with P2; with P3" in lines


def test_nothing_in_a_name_can_give_a_terminal_orders() -> None:
    plan = make_plan(
        users=[user(1, "create", "S1")],
        people=[person("S1", "\x1b[2JAda\n", "\u202eByron")],
        findings=[finding("no-email", "S1", file="s.csv", line=1, detail="\x1b]0;x\x07")],
    )
    shown = plan_text(plan, show_names=True, full=True)
    assert "S1 \ufffd[2JAda\ufffd \ufffdByron" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_colour_changes_nothing_but_colour() -> None:
    plan = make_plan(users=[user(1, "create", "S1"), user(2, "deactivate", "S2", fields="active")])
    plain, coloured = plan_text(plan), plan_text(plan, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[32m+\x1b[0m S1  student" in coloured
    assert "\x1b[31m-\x1b[0m S2  student" in coloured
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        coloured = coloured.replace(code, "")
    assert [line.rstrip() for line in coloured.splitlines()] == plain.splitlines()


def test_wide_letters_keep_columns_aligned() -> None:
    plan = make_plan(
        users=[user(1, "deactivate", "S1", fields="active"), user(2, "deactivate", "S2", fields="active")],
        people=[person("S1", "山田", "花"), person("S2", "Ada", "Byron")],
    )
    lines = plan_text(plan, show_names=True).splitlines()
    assert "  - S1 山田 花    student" in lines
    assert "  - S2 Ada Byron  student" in lines


def test_tripped_guards_come_first_each_in_a_line_with_what_to_do() -> None:
    verdicts = (
        Verdict("users.deactivate", 1_100, 9_000, 900, "percent", 10),
        Verdict("memberships.remove_per_group", 3, 40, 2, "count", detail="grade:5"),
        Verdict("calendar.freeze", 9, 9, 0, "calendar", detail="2025-12-20 to 2026-01-05"),
        Verdict("users.create", 3, 0, None, "first import"),
    )
    plan = make_plan(users=[user(1, "deactivate", "S1")], header=replace(make_header(), verdicts=verdicts))
    lines = plan_text(plan).splitlines()
    assert lines[1:7] == [
        "",
        "Held by guards: this is not what the school's limits and calendar allow.",
        (
            "  users.deactivate: 1,100 of 9,000, and the limit is 900 (10 %). Mend the exports, or:"
            " apply PLANFILE --allow users.deactivate --reason TEXT"
        ),
        (
            "  memberships.remove_per_group: 3 of 40 of grade:5, and the limit is 2. Mend the exports, or:"
            " apply PLANFILE --allow memberships.remove_per_group --reason TEXT"
        ),
        (
            "  calendar.freeze: 9 changes, and from 2025-12-20 to 2026-01-05 there may be none. Wait, or:"
            " apply PLANFILE --allow calendar.freeze --reason TEXT"
        ),
        "",
    ]
    assert "users.create" not in plan_text(plan)
