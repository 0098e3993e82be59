"""Laws about people: nobody blocked is carried on, no two share an id or an e-mail, every row counts once."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given

from reconciler.report import build_report
from reconciler.roster import build_roster
from tests.properties.directories import told
from tests.properties.laws import law
from tests.properties.stories import Story, stories
from tests.support.schools import apply_to, resolution_for


@law
@given(stories())
def test_nobody_blocked_is_created_and_their_email_goes_to_nobody(story: Story) -> None:
    with told(story) as scene:
        plan = scene.plan()
        blocked = set(plan.findings.filter(level="blocked")["host_id"]) - {""}
        users = plan.changes.users
        assert not blocked & set(users.filter(action="create")["host_id"])
        people = build_roster(scene.tables, scene.school).people
        theirs = {row["email"].lower() for row in people.to_dicts() if row["host_id"] in blocked} - {""}
        for change in users.to_dicts():
            if change["before_email"].lower() != change["after_email"].lower():
                assert change["after_email"].lower() not in theirs


@law
@given(stories())
def test_no_two_accounts_have_one_host_id_or_email(story: Story) -> None:
    with told(story) as scene:
        users = resolution_for(scene.school, scene.tables, scene.target).directory.users
        emails = Counter(address.lower() for address in users["email"] if address)
        assert (
            Counter(users["host_id"]).most_common(1)[0:1] == []
            or max(Counter(users["host_id"]).values()) == 1
        )
        assert [number for number in emails.values() if number > 1] == []


@law
@given(stories())
def test_every_row_is_counted_once(story: Story) -> None:
    with told(story) as scene:
        plan = scene.plan()
        read = {
            member: len(scene.rows.get(rules.table, [])) for member, rules in scene.school.members.items()
        }
        counted = Counter(dict.fromkeys(read, 0))
        for figure in plan.header.figures.rows:
            counted[str(figure["member_type"])] += int(figure["rows"])
        assert counted == read
        outcomes = apply_to(plan, scene.target)
        for report in (build_report(plan), build_report(plan, outcomes)):
            for one in report.members:
                parts = one.created + one.updated + one.unchanged + one.reactivated + one.blocked + one.merged
                assert one.rows == parts + sum(one.left_out.values()) + one.stale + one.failed
                assert one.rows == read[one.member_type]


@law
@given(stories())
def test_figures_of_a_plan_are_those_of_its_changes(story: Story) -> None:
    with told(story) as scene:
        plan = scene.plan()
        apply_to(plan, scene.target)
        after = scene.target.read()
        sizes = dict(after.memberships.group_by("group_key").len().rows())
        assert {str(group["key"]): group["after"] for group in plan.header.figures.groups} == {
            key: sizes.get(key, 0) for key in after.groups["key"] if key
        }
        wanted = resolution_for(scene.school, scene.tables, scene.target)
        eligible = build_roster(scene.tables, scene.school).people["host_id"]
        active = wanted.directory.users.filter(pl.col("active") & pl.col("host_id").is_in(eligible.implode()))
        assert plan.header.figures.active_users == active["host_id"].n_unique()
