"""Who counts: enrolled students, current staff, contacts with custody; never by a column not there."""

from __future__ import annotations

import pytest

from reconciler.errors import InputError
from reconciler.roster import build_roster
from tests.support.looks import found
from tests.support.schools import contact, make_school, make_tables, parent, staff, student


def host_ids(roster):
    return sorted(roster.people["host_id"])


def reasons(roster, member_type):
    """What became of each row, in no order of theirs."""
    rows = roster.rows.filter(roster.rows["member_type"] == member_type)
    return [(row["outcome"], row["reason"]) for row in rows.rows(named=True) for _ in range(row["rows"])]


def held(roster):
    """Accounts that stay as they are, and why."""
    return sorted(roster.held.filter(roster.held["scope"] == "account").select("host_id", "reason").rows())


def family(**link):
    return make_tables(students=[student("1")], parents=[parent("1")], contacts=[contact("1", "1", **link)])


@pytest.mark.parametrize(
    ("status", "cause"),
    [("-1", "transferred"), ("2", "transferred"), ("3", "graduated"), ("4", "transferred")],
)
def test_students_who_are_not_enrolled_are_gone(status, cause):
    roster = build_roster(make_tables(students=[student("1", status=status), student("2")]), make_school())
    assert host_ids(roster) == ["S2"]
    assert roster.gone.select("host_id", "cause").rows() == [("S1", cause)]
    assert reasons(roster, "student") == [("left-out", "not enrolled"), ("person", "")]


@pytest.mark.parametrize("status", ["", "active", "0x"])
def test_a_status_that_cannot_be_read_proves_nothing(status):
    roster = build_roster(make_tables(students=[student("1", status=status), student("2")]), make_school())
    assert host_ids(roster) == ["S2"]
    assert roster.held.rows() == [("S1", "account", "leaver-uncertain")]
    assert roster.gone.select("host_id", "cause").rows() == []


def test_staff_who_are_no_longer_here_are_gone():
    roster = build_roster(make_tables(staff=[staff("1", status="2"), staff("2")]), make_school())
    assert host_ids(roster) == ["T2"]
    assert roster.gone.select("host_id", "cause").rows() == [("T1", "staff")]


def test_a_missing_status_column_is_refused_and_the_waiver_named():
    row = student("1")
    del row["status"]
    school = make_school()
    with pytest.raises(InputError) as caught:
        build_roster(make_tables(students=[row]), school)
    assert str(caught.value) == (
        f"{school.source.files['students'].path}:1: no column for 'status' (looked for enroll_status); it"
        " decides who gets access; export it, or set tables.students.filters.status.required: false in"
        " school.yaml"
    )


def test_contacts_by_an_id_that_students_do_not_have_are_refused():
    link = {**contact("", "1"), "student_alternate_id": "901"}
    tables = make_tables(students=[student("1")], parents=[parent("1")], contacts=[link])
    school = make_school()
    with pytest.raises(InputError) as caught:
        build_roster(tables, school)
    assert str(caught.value) == (
        f"{school.source.files['students'].path}:1: no column for 'alternate_id' (looked for dcid); the"
        " contacts table names students by it; export it, or the contacts table with 'student_id'"
    )


def test_contacts_that_name_some_students_by_number_may_stand():
    links = [contact("1", "1", student_alternate_id=""), contact("", "1", student_alternate_id="901")]
    tables = make_tables(students=[student("1")], parents=[parent("1")], contacts=links)
    assert host_ids(build_roster(tables, make_school())) == ["P1", "S1"]


def test_all_columns_that_decide_are_asked_for_at_once():
    link = contact("1", "1", is_custodial="", is_active="")
    with pytest.raises(InputError) as caught:
        build_roster(
            make_tables(students=[student("1", status="")], parents=[parent("1")], contacts=[link]),
            make_school(),
        )
    assert [mistake.message for mistake in caught.value.mistakes] == [
        "the column for 'is_active' is blank throughout; it decides who gets access",
        "the column for 'is_custodial' is blank throughout; it decides who gets access",
        "the column for 'status' is blank throughout; it decides who gets access",
    ]


def test_a_waived_filter_lets_everybody_pass():
    row = student("1")
    del row["status"]
    school = make_school({"tables": {"students": {"filters": {"status": {"required": False}}}}})
    assert host_ids(build_roster(make_tables(students=[row]), school)) == ["S1"]


def test_a_contact_with_custody_is_a_parent():
    roster = build_roster(family(), make_school())
    assert roster.relationships.rows() == [("S1", "P1", "Mother")]


@pytest.mark.parametrize(
    "link", [{"is_custodial": "0"}, {"is_custodial": ""}, {"is_active": "0"}, {"is_active": ""}]
)
def test_a_contact_without_an_active_custody_is_not(link):
    tables = make_tables(
        students=[student("1"), student("2")],
        parents=[parent("1"), parent("2")],
        contacts=[contact("1", "1", **link), contact("2", "2")],
    )
    roster = build_roster(tables, make_school())
    assert roster.relationships.rows() == [("S2", "P2", "Mother")]
    assert reasons(roster, "parent") == [("left-out", "no child at the school"), ("person", "")]
    assert found(roster.findings, "orphan-parent") == [("orphan-parent", "P1")]


def test_a_flag_that_cannot_be_read_makes_nobody_a_parent_and_proves_nothing():
    tables = make_tables(
        students=[student("1"), student("2")],
        parents=[parent("1"), parent("2")],
        contacts=[contact("1", "1", is_custodial="?"), contact("2", "2")],
    )
    roster = build_roster(tables, make_school())
    assert host_ids(roster) == ["P2", "S1", "S2"]
    assert held(roster) == [("P1", "leaver-uncertain")]


def test_an_old_detail_row_does_not_outweigh_the_present_one():
    tables = make_tables(
        students=[student("1")],
        parents=[parent("1")],
        contacts=[contact("1", "1", is_active="0"), contact("1", "1"), contact("1", "1", is_custodial="0")],
    )
    assert build_roster(tables, make_school()).relationships.rows() == [("S1", "P1", "Mother")]


def test_parents_may_be_told_by_relationship():
    tables = make_tables(
        students=[student("1")],
        parents=[parent("1"), parent("2")],
        contacts=[
            contact("1", "1", is_custodial="0", relationship="Legal Guardian"),
            contact("1", "2", is_custodial="0", relationship="Uncle"),
        ],
    )
    school = make_school({"parents": {"any_of": [], "relationships": ["legal guardian"]}})
    assert build_roster(tables, school).relationships.rows() == [("S1", "P1", "Legal Guardian")]


def test_contacts_may_name_the_student_by_the_other_id():
    link = contact("", "1")
    del link["student_id"]
    tables = make_tables(
        students=[student("1", alternate_id="900")],
        parents=[parent("1")],
        contacts=[{"student_alternate_id": "900", **link}],
    )
    assert build_roster(tables, make_school()).relationships.rows() == [("S1", "P1", "Mother")]


def test_an_other_id_that_two_students_share_names_neither():
    link = contact("", "1")
    del link["student_id"]
    tables = make_tables(
        students=[student("1", alternate_id="900"), student("2", alternate_id="900")],
        parents=[parent("1")],
        contacts=[{"student_alternate_id": "900", **link}],
    )
    roster = build_roster(tables, make_school())
    assert roster.relationships.rows() == []
    assert found(roster.findings, "unknown-student") == [("unknown-student", "P1")]
    assert ("P1", "account", "leaver-uncertain") in roster.held.rows()


def test_a_contact_without_a_row_of_its_own_is_reported_and_held():
    tables = make_tables(students=[student("1")], parents=[parent("2")], contacts=[contact("1", "1")])
    roster = build_roster(tables, make_school())
    assert found(roster.findings, "unknown-parent") == [("unknown-parent", "P1")]
    assert held(roster) == [("P1", "unknown-parent")]


def test_a_blocked_student_still_makes_parents():
    tables = make_tables(
        students=[student("1", first_name="")], parents=[parent("1")], contacts=[contact("1", "1")]
    )
    assert host_ids(build_roster(tables, make_school())) == ["P1", "S1"]


def test_only_students_of_the_schools_own_campuses_count():
    school = make_school({"school_ids": ["10"]})
    tables = make_tables(
        students=[student("1", school_id="10"), student("2", school_id="20"), student("3", school_id="")],
        staff=[staff("1", school_id="10"), staff("2", school_id="20")],
    )
    roster = build_roster(tables, school)
    assert host_ids(roster) == ["S1", "T1"]
    assert roster.held.rows() == [("S3", "account", "leaver-uncertain")]
    assert sorted(roster.gone.select("host_id", "cause").rows()) == [("S2", "transferred"), ("T2", "staff")]


def test_a_move_to_a_campus_of_another_name_is_known_whatever_the_name_is():
    school = make_school({"school_ids": ["Upper School"]})
    tables = make_tables(
        students=[
            student("1", school_id="Upper School"),
            student("2", school_id="Lower School"),
            student("3", school_id="St. John's / K-8"),
        ],
        staff=[staff("1", school_id="Upper School"), staff("2", school_id="Lower School")],
    )
    roster = build_roster(tables, school)
    assert host_ids(roster) == ["S1", "T1"]
    assert roster.held.rows() == []
    causes = [("S2", "transferred"), ("S3", "transferred"), ("T2", "staff")]
    assert sorted(roster.gone.select("host_id", "cause").rows()) == causes


def test_the_schools_own_campus_in_other_letters_proves_that_nobody_has_left():
    school = make_school({"school_ids": ["Upper School"]})
    tables = make_tables(
        students=[student("1", school_id="Upper School"), student("2", school_id="upper school")]
    )
    roster = build_roster(tables, school)
    assert (host_ids(roster), roster.gone.rows()) == (["S1"], [])
    assert roster.held.rows() == [("S2", "account", "leaver-uncertain")]


EXCLUDED = [{"host_id": "S1", "parent_host_id": "", "reason": "asked"}]


def test_an_excluded_child_stays_out_and_their_account_is_held():
    tables = make_tables(
        students=[student("1"), student("2")],
        parents=[parent("1"), parent("2")],
        contacts=[contact("1", "1"), contact("2", "2")],
        exclude=EXCLUDED,
    )
    roster = build_roster(tables, make_school())
    assert host_ids(roster) == ["P2", "S2"]
    assert held(roster) == [("P1", "leaver-uncertain"), ("S1", "excluded")]
    assert found(roster.findings, "excluded") == [("excluded", "S1")]


def test_an_excluded_child_may_count_as_a_leaver():
    school = make_school({"exclude": {"existing": "leave", "file": "exclude.csv"}})
    tables = make_tables(
        students=[student("1")], parents=[parent("1")], contacts=[contact("1", "1")], exclude=EXCLUDED
    )
    roster = build_roster(tables, school)
    assert sorted(roster.gone.select("host_id", "cause").rows()) == [("P1", "parent"), ("S1", "transferred")]
    assert roster.held.rows() == []


def test_a_single_link_may_be_excluded():
    tables = make_tables(
        students=[student("1"), student("2")],
        parents=[parent("1")],
        contacts=[contact("1", "1"), contact("2", "1")],
        exclude=[{"host_id": "S1", "parent_host_id": "P1", "reason": "court order"}],
    )
    roster = build_roster(tables, make_school())
    assert roster.relationships.rows() == [("S2", "P1", "Mother")]
    assert roster.kept_out.rows() == [("S1", "P1")]


def test_a_school_s_number_may_have_a_spreadsheet_s_decimals():
    tables = make_tables(students=[student("1", school_id="100.0"), student("2", school_id="200.0")])
    roster = build_roster(tables, make_school({"school_ids": ["100"]}))
    assert roster.people.select("host_id", "school_id").rows() == [("S1", "100")]
