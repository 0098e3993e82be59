"""What a contact without an id proves: nothing, of any parent of that child."""

from __future__ import annotations

from tests.support.looks import found, memberships, relationships, users
from tests.support.schools import contact, email, make_tables, parent, staff, student


def two_children(*contacts, **tables):
    rows = {
        "students": [student("1"), student("2", grade="6", grad_year="2032")],
        "parents": [parent("1"), parent("2")],
        "emails": [email("1"), email("2")],
    }
    return make_tables(**{**rows, **tables}, contacts=list(contacts))


def test_a_contact_that_lost_its_id_may_be_the_parent_who_would_leave(world):
    world.apply(two_children(contact("1", "1"), contact("2", "2")))
    plan = world.plan(two_children(contact("1", ""), contact("2", "2")))
    assert len(plan.changes) == 0
    assert found(plan.findings, "leaver-uncertain", "missing-id") == [
        ("leaver-uncertain", "P1"),
        ("missing-id", ""),
    ]


def test_a_contact_that_lost_its_id_takes_no_link_from_a_parent_who_stays(world):
    world.apply(two_children(contact("1", "1"), contact("2", "1"), contact("2", "2")))
    plan = world.plan(two_children(contact("1", "x9"), contact("2", "1"), contact("2", "2")))
    assert len(plan.changes) == 0


def test_a_contact_that_lost_its_id_holds_nobody_s_group(world):
    world.apply(two_children(contact("1", "1"), contact("1", "2")))
    older = student("1", grade="6", grad_year="2032")
    tables = two_children(contact("1", "1"), contact("1", ""), contact("1", "2"), students=[older])
    plan = world.plan(tables)
    assert ("remove", "grade:5", "P1") in memberships(plan)
    assert ("add", "grade:6", "P1") in memberships(plan)


def test_a_contact_without_an_id_of_a_child_who_left_holds_nobody(world):
    world.apply(two_children(contact("1", "1"), contact("2", "2")))
    left = [student("1", status="2"), student("2", grade="6", grad_year="2032")]
    plan = world.plan(two_children(contact("1", ""), contact("2", "2"), students=left))
    assert users(plan) == [("deactivate", "P1"), ("deactivate", "S1")]


def test_a_link_excluded_by_the_staff_account_of_a_merged_parent_is_kept_out(world):
    tables = make_tables(
        students=[student("1")],
        staff=[staff("5", first_name="Rosa", last_name="Plover1", email="parent1@example.org")],
        parents=[parent("1")],
        contacts=[contact("1", "1")],
        emails=[email("1")],
        exclude=[{"host_id": "S1", "parent_host_id": "T5", "reason": "asked for"}],
    )
    plan = world.plan(tables)
    assert relationships(plan) == []
    assert ("add", "grade:5", "T5") not in memberships(plan)
    assert found(plan.findings, "excluded") == [("excluded", "S1")]


def test_an_email_of_the_override_list_counts_where_the_export_has_none(world):
    bare = [staff(one) for one in ("5", "6")]
    for row in bare:
        del row["email"]
    world.apply(make_tables(students=[student("1")], staff=[staff("5"), staff("6")]))
    overrides = [{"host_id": "T5", "email": "new@example.org"}]
    plan = world.plan(
        make_tables(students=[student("1")], staff=bare, email_overrides=overrides), blank={"email": "clear"}
    )
    assert plan.changes.users.select("host_id", "fields", "after_email").rows() == [
        ("T5", "email", "new@example.org")
    ]


def test_a_merged_parents_email_reaches_staff_whose_export_has_none(world):
    bare = staff("5")
    del bare["email"]
    plan = world.plan(
        make_tables(
            students=[student("1")],
            staff=[bare],
            parents=[parent("1")],
            contacts=[contact("1", "1")],
            emails=[email("1")],
            same_person=[{"staff_id": "5", "parent_id": "1"}],
        )
    )
    created = plan.changes.users.select("host_id", "after_email").rows()
    assert ("T5", "parent1@example.org") in created


def test_a_year_that_fits_no_grade_takes_nobody_out_of_a_group(world):
    world.apply(make_tables(students=[student("1")]))
    plan = world.plan(make_tables(students=[student("1", grade="", grad_year="2060")]))
    assert plan.changes.memberships.height == 0
    assert found(plan.findings, "no-grad-year") == [("no-grad-year", "S1")]


def test_two_accounts_of_one_person_stay_and_are_reported(world):
    rows = {
        "students": [student("1")],
        "staff": [staff("5")],
        "parents": [parent("1")],
        "contacts": [contact("1", "1")],
        "emails": [email("1")],
    }
    world.apply(make_tables(**rows))
    plan = world.apply(make_tables(**rows, same_person=[{"staff_id": "5", "parent_id": "1"}]))
    assert users(plan) == []
    assert relationships(plan) == [("add", "S1", "T5")]
    merged = plan.findings.filter(code="merged-staff-parent").select("host_id", "level", "detail").rows()
    assert merged == [
        (
            "P1",
            "warning",
            "is the member of staff T5 too; both accounts are in use, and this one stays as it is",
        ),
        ("T5", "info", "is the parent P1 too; the staff account stays"),
    ]
