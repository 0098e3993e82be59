from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.apply.check import changed_sources, refusal
from reconciler.model import Digests, DirectoryInfo, Verdict
from tests.support.plans import finding, make_header, make_plan

if TYPE_CHECKING:
    from reconciler.model import Plan

FRESH = DirectoryInfo("", "")


def reasons(plan: Plan, **values: Any) -> list[str]:
    """Reasons against a plan of 1 September 2025 for dir-1, an hour later, everything else unchanged."""
    at_hand: dict[str, Any] = {
        "info": DirectoryInfo("dir-1", "2025-26"),
        "settings_digest": "aa",
        "settings": {"groups": {"names": "keep"}},
        "rule_set_digests": {"powerschool": "bb"},
        "sync": "apply",
        "now": datetime(2025, 9, 1, 9, tzinfo=UTC),
    }
    return refusal(plan, **at_hand | values)


def test_a_plan_that_fits_is_not_refused() -> None:
    assert reasons(make_plan()) == []


def test_without_a_school_file_nothing_is_compared_with_one() -> None:
    assert reasons(make_plan(), settings_digest=None, rule_set_digests=None) == []


@pytest.mark.parametrize(
    "info", [FRESH, DirectoryInfo("dir-1", ""), DirectoryInfo("dir-1", "2025-26")], ids=str
)
def test_a_plan_for_a_new_directory_fits_none_and_the_one_that_it_began(info: DirectoryInfo) -> None:
    assert reasons(make_plan(header=make_header(new_directory=True, directory_year="")), info=info) == []


def test_a_directory_that_is_gone_refuses_the_plan() -> None:
    assert reasons(make_plan(), info=FRESH) == [
        (
            "The plan is for directory dir-1, and there is none at target.path;"
            " correct target.path in the school file, or plan again."
        ),
    ]


@pytest.mark.parametrize("new", [True, False])
def test_another_directory_refuses_the_plan(*, new: bool) -> None:
    plan = make_plan(header=make_header(new_directory=new))
    assert reasons(plan, info=DirectoryInfo("dir-2", "2025-26")) == [
        "The plan is for directory dir-1, and this one is dir-2; plan again for this one."
    ]


@pytest.mark.parametrize("year", ["2025-26", "2026-27"])
def test_a_roll_over_fits_before_and_after_it(year: str) -> None:
    plan = make_plan(header=make_header(school_year="2026-27"))
    assert reasons(plan, info=DirectoryInfo("dir-1", year)) == []


def test_a_directory_in_another_school_year_refuses_the_plan() -> None:
    plan = make_plan(header=make_header(school_year="2026-27"))
    assert reasons(plan, info=DirectoryInfo("dir-1", "2027-28")) == [
        "The directory is at school year 2027-28 now, and the plan leads from 2025-26 to 2026-27; plan again."
    ]


@pytest.mark.parametrize(
    "created", ["2025-09-01T08:00:00Z", "2025-09-01T08:00:00", "2025-09-01T10:00:00+02:00"]
)
def test_a_plan_may_be_applied_until_its_age_is_up(created: str) -> None:
    plan = make_plan(header=make_header(created=created, max_age_days=7))
    assert reasons(plan, now=datetime(2025, 9, 8, 8, 0, 0, tzinfo=UTC)) == []
    assert reasons(plan, now=datetime(2025, 9, 8, 20, 0, 0, tzinfo=UTC)) == [
        "The plan was made 7.5 days ago, and may be applied for 7 (plan.max_age); plan again."
    ]


def test_a_tripped_guard_refuses_the_plan_unless_it_was_lifted_by_name() -> None:
    verdicts = [
        Verdict("users.update", 200, 1_234, 123, "percent", 10),
        Verdict("users.deactivate", 5, 40, 5, "count"),
        Verdict("memberships.remove_per_group", 16, 40, 15, "count", detail="grade:5"),
    ]
    plan = make_plan()
    assert reasons(plan, verdicts=verdicts) == [
        (
            "The guard users.update holds the plan: 200 of 1,234, and the limit is 123 (10 %). So look for"
            " the cause in the exports; if this is meant, save the plan and run apply PLANFILE"
            " --allow users.update --reason TEXT."
        ),
        (
            "The guard memberships.remove_per_group holds the plan: 16 of 40 of grade:5, and the limit is 15."
            " So look for the cause in the exports; if this is meant, save the plan and run apply PLANFILE"
            " --allow memberships.remove_per_group --reason TEXT."
        ),
    ]
    both = ["users.update", "memberships.remove_per_group"]
    assert reasons(plan, verdicts=verdicts, allowed=both) == []
    assert reasons(plan, verdicts=verdicts, allowed=["users.create"]) == reasons(plan, verdicts=verdicts)


def test_a_guard_of_the_calendar_names_its_days() -> None:
    freeze = Verdict("calendar.freeze", 3, 3, 0, "calendar", detail="2025-12-20 to 2026-01-05")
    assert reasons(make_plan(), verdicts=[freeze]) == [
        (
            "The guard calendar.freeze holds the plan: 3 changes, and from 2025-12-20 to 2026-01-05 there may"
            " be none. So apply when the days are over; if this is meant, save the plan and run apply"
            " PLANFILE --allow calendar.freeze --reason TEXT."
        )
    ]


def test_other_rule_sets_are_named() -> None:
    planned = Digests("aa", {"blackbaud": "1", "powerschool": "2", "vidigami-v2": "3"}, {})
    plan = make_plan(header=make_header(digests=planned))
    present = {"powerschool": "2", "vidigami-v2": "4", "vidigami-v3": "5"}
    assert reasons(plan, rule_set_digests=present) == [
        "The plan was made under other rule sets (blackbaud, vidigami-v2, vidigami-v3); plan again."
    ]


def test_every_reason_is_given_at_once() -> None:
    plan = make_plan(
        findings=[finding("school-year-mismatch"), finding("no-email", "S1"), finding("no-email", "S2")],
        header=make_header(max_age_days=0.5),
    )
    assert reasons(
        plan,
        info=DirectoryInfo("dir-2", "2025-26"),
        settings_digest="zz",
        settings={"groups": {"names": "enforce"}, "leavers": "keep"},
        rule_set_digests={},
        sync="plan_only",
        now=datetime(2025, 9, 2, 8, tzinfo=UTC),
    ) == [
        (
            "The plan is held by errors (school-year-mismatch); mend what its findings name"
            " (`reconcile explain CODE` says how), then plan again."
        ),
        "The school is on trial (sync: plan_only); write sync: apply in the school file to end that.",
        "The plan is for directory dir-1, and this one is dir-2; plan again for this one.",
        "The plan was made 1.0 days ago, and may be applied for 0.5 (plan.max_age); plan again.",
        "The plan was made under other rule sets (powerschool); plan again.",
        (
            "The plan was made under other settings than the school file has now"
            " (groups.names: keep -> enforce, leavers: not set -> keep); plan again."
        ),
    ]


def test_sources_that_changed_are_named_and_those_not_at_hand_are_not() -> None:
    planned = Digests("aa", {}, {"students": "1", "staff": "2", "contacts": "3"})
    plan = make_plan(header=make_header(digests=planned))
    assert changed_sources(plan, {"students": "9", "staff": "2", "emails": "4"}) == ["emails", "students"]
    assert changed_sources(plan, {}) == []
