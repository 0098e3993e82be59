"""Lines of the exclude list: each keeps somebody out, or is told."""

from __future__ import annotations

import pytest

from reconciler.errors import InputError
from reconciler.roster import build_roster
from reconciler.roster.tell import tell_rows
from tests.support.looks import detail, found, users
from tests.support.schools import contact, email, make_school, make_tables, parent, staff, student

ONE_ID_SPACE = {"members": {member: {"prefix": ""} for member in ("student", "staff", "parent")}}


def line(host_id, parent_host_id=""):
    return {"host_id": host_id, "parent_host_id": parent_host_id, "reason": "court order"}


def school_tables(*lines, **others):
    rows = {
        "students": [student("9")],
        "staff": [staff("1")],
        "parents": [parent("9")],
        "contacts": [contact("9", "9")],
        "emails": [email("9")],
        **others,
    }
    return make_tables(**rows, exclude=lines)


def refused(*lines, school=None, **others):
    with pytest.raises(InputError) as error:
        build_roster(school_tables(*lines, **others), school or make_school())
    return str(error.value).splitlines()


def host_ids(roster):
    return sorted(roster.people["host_id"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (line("p9"), ["p9 is no Host ID of this school; did you mean P9?"]),
        (line("9"), ["9 is no Host ID of this school; did you mean P9 or S9?"]),
        (line("9.0"), ["9 is no Host ID of this school; did you mean P9 or S9?"]),
        (line("", "P9"), ["no host_id; say who is kept out, or take the line out"]),
        (line(""), ["no host_id; say who is kept out, or take the line out"]),
        (
            line("P9", "S9"),
            [
                f"{end}; write the student under host_id, and the parent under parent_host_id"
                for end in ("P9 is no student's Host ID", "S9 is no parent's Host ID")
            ],
        ),
        (line("S9", "s9"), ["s9 is no Host ID of this school; did you mean S9?"]),
    ],
)
def test_a_line_that_cannot_be_meant_so_is_refused(wrong, said):
    assert refused(wrong) == [f"exclude.csv:2: {one}" for one in said]


def test_all_mistakes_of_the_list_come_at_once_in_their_order():
    assert [
        one.split(":")[1] for one in refused(line("p9"), line("P9"), line("", "P9"), line("P9", "P9"))
    ] == [
        "2",
        "4",
        "5",
    ]


def test_a_line_of_blank_cells_says_nothing():
    blank = {"host_id": "", "parent_host_id": "", "reason": ""}
    assert host_ids(build_roster(school_tables(blank), make_school())) == ["P9", "S9", "T1"]


def test_who_is_asked_about_meets_the_same_mistakes():
    with pytest.raises(InputError):
        tell_rows(school_tables(line("p9")), make_school(), ["P9"])


@pytest.mark.parametrize("name", ["P77", "head-teacher", "X9", "77"])
def test_a_host_id_that_nobody_has_is_told(world, name):
    plan = world.plan(school_tables(line(name)))
    assert found(plan.findings, "unknown-member") == [("unknown-member", name)]
    assert detail(plan.findings, "unknown-member") == (
        "the exclude list names this person, and nobody has that Host ID"
    )
    assert plan.findings.filter(code="unknown-member").select("level", "file", "line").rows() == [
        ("warning", "exclude.csv", 2)
    ]


def test_a_host_id_that_only_an_account_has_is_known(world):
    world.apply(school_tables())
    world.by_hand("UPDATE users SET host_id = 'head-teacher' WHERE host_id = 'T1'")
    assert found(world.plan(school_tables(line("head-teacher"))).findings, "unknown-member") == []


def test_a_part_of_an_export_says_nothing_of_who_is_not_in_it(world):
    plan = world.plan(school_tables(line("P77")), additions_only=True)
    assert found(plan.findings, "unknown-member") == []


@pytest.mark.parametrize("known", [line("P9"), line("T1"), line("S9", "P9"), line("S9", "T1"), line("P5")])
def test_whoever_is_in_a_table_is_known(world, known):
    tables = school_tables(known, contacts=[contact("9", "9"), contact("9", "5")])
    assert found(world.plan(tables).findings, "unknown-member") == []


def test_each_end_of_a_link_is_held_against_its_own_tables(world):
    plan = world.plan(school_tables(line("S77", "P78")))
    assert found(plan.findings, "unknown-member") == [("unknown-member", "P78"), ("unknown-member", "S77")]


def test_in_one_id_space_a_link_the_wrong_way_round_is_told():
    tables = school_tables(line("9", "7"), students=[student("7")], contacts=[contact("7", "9")])
    roster = build_roster(tables, make_school(ONE_ID_SPACE))
    assert roster.unseen.select("host_id", "detail").rows() == [
        ("9", "the exclude list names this student, and nobody has that Host ID"),
        ("7", "the exclude list names this parent, and nobody has that Host ID"),
    ]


def test_an_id_that_differs_in_case_alone_is_told_where_it_may_be_another_s():
    school = make_school({"members": {"parent": {"prefix": "", "id_pattern": r"\w+"}}})
    tables = school_tables(line("ab"), parents=[parent("AB")], contacts=[contact("9", "AB")])
    assert build_roster(tables, school).unseen["detail"].to_list() == [
        "the exclude list names this person, and nobody has that Host ID; did you mean AB?"
    ]


def test_a_spreadsheet_s_decimals_are_no_part_of_an_id():
    assert host_ids(build_roster(school_tables(line("1.0")), make_school(ONE_ID_SPACE))) == ["9", "9"]


def test_a_school_that_returns_may_name_accounts_of_before():
    roster = build_roster(school_tables(line("9")), make_school({"onboarding": "returning"}))
    assert roster.unseen["host_id"].to_list() == ["9"]


@pytest.mark.parametrize("decision", ["accept", "keep_old"])
def test_an_account_of_before_keeps_its_person_out_under_the_new_host_id(decision):
    walk = [{"old_host_id": "old-9", "new_host_id": "P9", "member_type": "parent", "decision": decision}]
    roster = build_roster(school_tables(line("old-9"), crosswalk=walk), make_school())
    assert host_ids(roster) == ["S9", "T1"]
    held = roster.held.filter(reason="excluded")["host_id"]
    assert (sorted(held), roster.unseen.height) == (["P9", "old-9"], 0)


def test_a_rejected_row_of_the_crosswalk_keeps_nobody_else_out():
    walk = [{"old_host_id": "9", "new_host_id": "P9", "member_type": "parent", "decision": "reject"}]
    roster = build_roster(school_tables(line("9"), crosswalk=walk), make_school())
    assert host_ids(roster) == ["P9", "S9", "T1"]
    assert roster.unseen["host_id"].to_list() == ["9"]


def test_a_previous_prefix_names_who_has_the_new_one_today(world):
    world.apply(school_tables())
    world.by_hand("UPDATE users SET host_id = 'PAR9' WHERE host_id = 'P9'")
    settings = {"identity": {"previous_prefixes": {"parent": ["PAR"]}}}
    assert users(world.plan(school_tables(), **settings)) == [("rekey", "P9")]
    plan = world.plan(school_tables(line("PAR9")), **settings)
    assert (users(plan), found(plan.findings, "excluded")) == ([], [("excluded", "P9")])


def test_a_link_may_be_named_by_a_previous_prefix():
    school = make_school({"identity": {"previous_prefixes": {"student": ["PUP"]}}})
    roster = build_roster(school_tables(line("PUP9", "P9")), school)
    assert (roster.relationships.height, roster.unseen.height) == (0, 0)
    assert ("S9", "P9") in roster.kept_out.rows()
