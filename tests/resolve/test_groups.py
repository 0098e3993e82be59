"""Groups of ours and of others, and what people did to them by hand."""

from __future__ import annotations

import pytest

from tests.support.looks import detail, found, memberships, relationships
from tests.support.schools import contact, make_tables, parent, staff, student


def school_of(*grades):
    return make_tables(
        students=[student(str(n), grade=grade, grad_year="") for n, grade in enumerate(grades, 1)],
        staff=[staff("1")],
    )


def changed_groups(plan):
    return plan.changes.groups.select("action", "group_key", "fields").rows()


def test_a_student_who_moves_up_changes_groups(world):
    world.apply(school_of("4", "5"))
    plan = world.plan(school_of("5", "5"))
    assert memberships(plan) == [("add", "grade:5", "S1"), ("remove", "grade:4", "S1")]
    assert plan.changes.memberships["reason"].to_list() == [
        "their grade",
        "no longer in this group in the SIS",
    ]


def test_a_group_of_ours_without_people_is_neither_removed_nor_retired(world):
    world.apply(school_of("4", "5"))
    plan = world.apply(school_of("5", "5"))
    assert (changed_groups(plan), found(plan.findings, "group-retired")) == ([], [])
    assert world.members("grade:4") == []


def test_a_renamed_group_keeps_its_name_unless_the_school_enforces_it(world):
    world.apply(school_of("5"))
    world.by_hand("UPDATE groups SET name = 'Fifth Grade' WHERE external_id = 'grade:5'")
    plan = world.plan(school_of("5"))
    assert (changed_groups(plan), found(plan.findings, "group-renamed")) == ([], [("group-renamed", "")])
    plan = world.plan(school_of("5"), groups={"names": "enforce"})
    assert changed_groups(plan) == [("update", "grade:5", "name")]


TAKEN = "INSERT INTO groups (category, name, origin) VALUES ('Academics', 'Grade 6', 'hand')"


def test_a_group_that_is_not_ours_is_not_taken_over(world):
    world.apply(school_of("5"))
    world.by_hand(TAKEN)
    plan = world.plan(school_of("5", "6"))
    assert (changed_groups(plan), memberships(plan)) == ([], [])
    assert detail(plan.findings, "group-taken") == (
        "grade:6 cannot be made: another group is called Academics/Grade 6"
    )


def test_a_group_is_adopted_where_the_school_allows_it(world):
    world.apply(school_of("5"))
    world.by_hand(TAKEN)
    world.by_hand(
        "INSERT INTO memberships SELECT g.id, u.id, 'hand' FROM groups g, users u"
        " WHERE g.name = 'Grade 6' AND u.host_id = 'T1'"
    )
    plan = world.apply(school_of("5", "6"), groups={"adopt": True})
    assert changed_groups(plan) == [("update", "grade:6", "key")]
    assert world.members("grade:6") == ["S2", "T1"]
    assert world.plan(school_of("5", "6"), groups={"adopt": True}).verdict == "none"


def test_a_division_without_students_on_a_campus_today_is_not_retired(world):
    divisions = {"Lower": {"from": "K", "to": "5"}, "Upper": {"from": "6", "to": "12"}}
    groups = {"mapping": ["divisions"], "divisions": divisions, "per_school": True}
    last_year, this_year = (
        make_tables(students=[student("1", grade=grade, grad_year="", school_id="1")]) for grade in "56"
    )
    world.apply(last_year, groups=groups)
    plan = world.plan(this_year, groups=groups)
    assert memberships(plan) == [("add", "division:Upper@1", "S1"), ("remove", "division:Lower@1", "S1")]
    assert found(plan.findings, "group-retired") == []


@pytest.mark.parametrize("division", ["Lower", "Lower School", "K@Home"])
@pytest.mark.parametrize("campus", ["North Hall", "North: Hall", "K@Hall"])
def test_groups_of_a_campus_with_any_name_are_kept_and_left(world, division, campus):
    divisions = {division: {"from": "K", "to": "5"}, "Upper": {"from": "6", "to": "12"}}
    groups = {"mapping": ["grade", "divisions"], "divisions": divisions, "per_school": True}
    first, later = (
        make_tables(students=[student("1", grade=grade, grad_year="", school_id=campus)]) for grade in "56"
    )
    world.apply(first, groups=groups)
    assert world.plan(first, groups=groups).verdict == "none"
    plan = world.apply(later, groups=groups)
    assert sorted(memberships(plan)) == [
        ("add", f"division:Upper@{campus}", "S1"),
        ("add", f"grade:6@{campus}", "S1"),
        ("remove", f"division:{division}@{campus}", "S1"),
        ("remove", f"grade:5@{campus}", "S1"),
    ]
    assert found(plan.findings, "group-retired") == []
    assert world.plan(later, groups=groups).verdict == "none"


def test_a_deleted_faculty_group_of_one_campus_is_made_again_with_a_warning(world):
    groups = {"mapping": ["faculty"], "per_school": True}
    tables = make_tables(staff=[staff("1", school_id="Upper School"), staff("2", school_id="Lower School")])
    world.apply(tables, groups=groups)
    key = "faculty@Upper School"
    world.by_hand(
        "DELETE FROM memberships WHERE group_id = (SELECT id FROM groups WHERE external_id = ?)", key
    )
    world.by_hand("UPDATE groups SET external_id = '', name = 'Old' WHERE external_id = ?", key)
    plan = world.plan(tables, groups=groups)
    assert changed_groups(plan) == [("create", "faculty@Upper School", "key category name")]
    assert found(plan.findings, "group-recreated") == [("group-recreated", "")]


@pytest.mark.parametrize(("retired", "gone"), [("keep", []), ("empty", [("remove", "faculty", "T1")])])
def test_a_group_that_is_no_longer_declared_is_retired(world, retired, gone):
    world.apply(school_of("5"))
    plan = world.plan(school_of("5"), groups={"mapping": ["grade"], "retired": retired})
    assert (changed_groups(plan), memberships(plan)) == ([], gone)
    assert found(plan.findings, "group-retired") == [("group-retired", "")]


def test_somebody_without_a_campus_takes_nobody_out_of_the_group_of_all_campuses(world):
    everybody = [staff("1", school_id="1"), staff("2", school_id="1")]
    world.apply(make_tables(staff=everybody), groups={"mapping": ["faculty"]})
    per_school = {"mapping": ["faculty"], "per_school": True}
    one_without = [staff("1", school_id="1"), staff("2", school_id="")]
    for tables in (make_tables(staff=everybody), make_tables(staff=one_without)):
        plan = world.plan(tables, groups=per_school)
        assert ("remove", "faculty", "T1") not in memberships(plan)
    assert found(plan.findings, "group-retired") == []


def test_somebody_added_by_hand_stays(world):
    world.apply(school_of("5"))
    world.by_hand(
        "INSERT INTO memberships SELECT g.id, u.id, 'hand' FROM groups g, users u"
        " WHERE g.external_id = 'grade:5' AND u.host_id = 'T1'"
    )
    plan = world.plan(school_of("5"))
    assert (memberships(plan), found(plan.findings, "hand-added")) == ([], [("hand-added", "T1")])


def test_a_member_of_a_group_that_is_not_ours_stays_even_when_leaving(world):
    world.apply(school_of("5", "5"))
    world.by_hand("INSERT INTO groups (category, name, origin) VALUES ('Clubs', 'Chess', 'hand')")
    world.by_hand(
        "INSERT INTO memberships SELECT g.id, u.id, 'hand' FROM groups g, users u"
        " WHERE g.name = 'Chess' AND u.host_id = 'S2'"
    )
    plan = world.plan(school_of("5"))
    assert memberships(plan) == [("remove", "grade:5", "S2")]
    assert plan.header.figures.unmanaged == {"users": 0, "groups": 1, "memberships": 1, "relationships": 0}


def test_a_deleted_group_is_made_again_with_a_warning(world):
    world.apply(school_of("4", "5"))
    world.by_hand(
        "DELETE FROM memberships WHERE group_id = (SELECT id FROM groups WHERE external_id = 'grade:4')"
    )
    # Nothing deletes a group here; one that lost its external id is as good as gone.
    world.by_hand("UPDATE groups SET external_id = '', name = 'Old' WHERE external_id = 'grade:4'")
    plan = world.plan(school_of("4", "5"))
    assert changed_groups(plan) == [("create", "grade:4", "key category name")]
    assert found(plan.findings, "group-recreated") == [("group-recreated", "")]


def test_a_grade_that_cannot_be_read_takes_nobody_out_of_a_group(world):
    world.apply(school_of("4", "5"))
    plan = world.plan(school_of("Fourth", "5"))
    assert (memberships(plan), found(plan.findings, "unknown-grade")) == ([], [("unknown-grade", "S1")])


def children(*links, students=("1", "2")):
    return make_tables(
        students=[student(n) for n in students],
        parents=[parent("1"), parent("2")],
        contacts=[contact(child, who) for child, who in links],
    )


def test_a_lost_custody_ends_the_relationship(world):
    world.apply(children(("1", "1"), ("2", "1"), ("2", "2")))
    plan = world.plan(children(("1", "1"), ("2", "2")))
    assert relationships(plan) == [("remove", "S2", "P1")]


def test_a_child_who_left_keeps_their_parents(world):
    world.apply(children(("1", "1"), ("2", "1"), ("2", "2")))
    plan = world.plan(children(("1", "1"), students=("1",)))
    assert relationships(plan) == []


def test_a_relationship_added_by_hand_stays(world):
    world.apply(children(("1", "1"), ("2", "2")))
    world.by_hand(
        "INSERT INTO relationships SELECT s.id, p.id, 'hand' FROM users s, users p"
        " WHERE s.host_id = 'S1' AND p.host_id = 'P2'"
    )
    plan = world.plan(children(("1", "1"), ("2", "2")))
    assert (relationships(plan), found(plan.findings, "hand-added")) == ([], [("hand-added", "S1")])


def test_a_student_without_an_imported_parent_is_reported(world):
    plan = world.plan(children(("1", "1")))
    assert found(plan.findings, "no-parent") == [("no-parent", "S2")]


def test_an_excluded_link_that_exists_is_held_or_removed(world):
    world.apply(children(("1", "1"), ("2", "1"), ("2", "2")))
    rows = {
        name: frame.drop("_file", "_line").to_dicts()
        for name, frame in children(("1", "1"), ("2", "1"), ("2", "2")).frames.items()
    }
    tables = make_tables(**rows, exclude=[{"host_id": "S2", "parent_host_id": "P1", "reason": "court order"}])
    assert relationships(world.plan(tables)) == []
    plan = world.plan(tables, exclude={"existing": "leave", "file": "exclude.csv"})
    assert relationships(plan) == [("remove", "S2", "P1")]
