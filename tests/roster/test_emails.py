"""Which e-mail a person has, and what becomes of those who share one."""

from __future__ import annotations

import pytest

from reconciler.errors import InputError
from reconciler.roster import build_roster
from tests.support.looks import detail, found
from tests.support.schools import contact, email, make_school, make_tables, parent, staff, student


def email_of(roster, host_id):
    return roster.people.filter(roster.people["host_id"] == host_id)["email"].item()


def families(*emails, students=(), **tables):
    """Three parents, each of one child."""
    return make_tables(
        students=students or [student("1"), student("2"), student("3")],
        parents=[parent("1"), parent("2"), parent("3")],
        contacts=[contact("1", "1"), contact("2", "2"), contact("3", "3")],
        emails=list(emails),
        **tables,
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", "0", "1"), ("b", "1", "2")], "b"),
        ([("a", "0", "2"), ("b", "0", "1")], "b"),
        ([("a", "", ""), ("b", "", "9")], "b"),
        ([("b", "0", "1"), ("a", "0", "1")], "a"),
        ([("", "1", "1"), ("b", "0", "2")], "b"),
    ],
    ids=[
        "primary first",
        "then priority",
        "a priority before none",
        "then the first by address, whatever the order of rows",
        "blanks do not count",
    ],
)
def test_one_of_several_emails_counts(rows, expected):
    addresses = [
        email("1", f"{name}@example.org", is_primary=flag, priority=priority)
        if name
        else {**email("1", is_primary=flag, priority=priority), "email": ""}
        for name, flag, priority in rows
    ]
    assert email_of(build_roster(families(*addresses), make_school()), "P1") == f"{expected}@example.org"


def test_an_email_row_of_nobody_reaches_nobody():
    roster = build_roster(families(email("", "stray@example.org"), email("1")), make_school())
    assert "stray@example.org" not in set(roster.people["email"])


def test_an_address_that_is_none_counts_as_not_supplied():
    roster = build_roster(families(email("1", "rosa at example.org")), make_school())
    assert email_of(roster, "P1") == ""
    assert found(roster.findings, "invalid-email", "no-email") == [
        ("invalid-email", "P1"),
        ("no-email", "P2"),
        ("no-email", "P3"),
    ]


def test_all_who_share_an_email_are_blocked_and_each_is_told_the_others():
    shared = "home@example.org"
    roster = build_roster(
        families(email("1", shared), email("2", "HOME@Example.org"), email("3")), make_school()
    )
    blocked = roster.people.filter(roster.people["blocked"] != "")
    assert blocked.select("host_id", "blocked").rows() == [("P1", "shared-email"), ("P2", "shared-email")]
    findings = roster.findings.filter(roster.findings["code"] == "shared-email")
    assert findings.select("host_id", "detail", "others").rows() == [
        ("P1", "shares its e-mail with P2", "P2"),
        ("P2", "shares its e-mail with P1", "P1"),
    ]


@pytest.mark.parametrize(("people", "rest"), [(51, ""), (52, " and 1 more"), (3000, " and 2949 more")])
def test_of_very_many_who_share_an_email_each_is_told_some(people, rest):
    ids = [f"{number:04}" for number in range(people)]
    tables = families(students=[student(one, email="none@example.org") for one in ids])
    roster = build_roster(tables, make_school())
    findings = roster.findings.filter(roster.findings["code"] == "shared-email").sort("host_id")
    assert findings["host_id"].to_list() == [f"S{one}" for one in ids]
    assert set(findings["others"].str.count_matches(" ")) == {49}
    assert findings["others"][0] == " ".join(f"S{one}" for one in ids[1:51])
    assert (
        findings["detail"][people - 1]
        == f"shares its e-mail with {', '.join(f'S{one}' for one in ids[:50])}{rest}"
    )
    assert findings["detail"][0].endswith(f"S0050{rest}")


def test_blank_emails_never_clash():
    roster = build_roster(families(email("3")), make_school())
    assert set(roster.people["blocked"]) == {""}


def test_students_may_be_imported_without_the_email_that_they_share():
    tables = families(email("1", "home@example.org"), students=[student("1", email="home@example.org")])
    roster = build_roster(tables, make_school({"email": {"students": "drop"}}))
    assert email_of(roster, "S1") == ""
    assert email_of(roster, "P1") == "home@example.org"
    assert found(roster.findings, "shared-email") == []


def test_an_override_frees_both_of_a_family():
    tables = families(
        email("1", "home@example.org"),
        email("2", "home@example.org"),
        email_overrides=[{"host_id": "P2", "email": "own@example.org"}],
    )
    roster = build_roster(tables, make_school())
    assert (email_of(roster, "P1"), email_of(roster, "P2")) == ("home@example.org", "own@example.org")
    assert found(roster.findings, "shared-email") == []


def test_one_person_has_one_override():
    lines = [{"host_id": "P1", "email": "a@example.org"}, {"host_id": "P1", "email": "b@example.org"}]
    with pytest.raises(InputError) as caught:
        build_roster(families(email_overrides=lines), make_school())
    assert str(caught.value) == (
        "email_overrides.csv:2: P1 is listed more than once; keep one line\n"
        "email_overrides.csv:3: P1 is listed more than once; keep one line"
    )


@pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\u202e", "\x07"])
def test_an_address_with_a_sign_that_nobody_sees_is_none(sign: str) -> None:
    roster = build_roster(families(email("1", f"rosa{sign}@example.org")), make_school())
    assert email_of(roster, "P1") == ""
    assert ("invalid-email", "P1") in found(roster.findings)


def test_a_bad_address_is_found_where_it_stands():
    roster = build_roster(families(email("3"), email("1", "rosa at example.org")), make_school())
    bad = roster.findings.filter(roster.findings["code"] == "invalid-email")
    assert bad.select("host_id", "file", "line").rows() == [("P1", "emails.csv", 3)]


def test_somebody_blocked_for_another_reason_still_shares():
    tables = families(
        email("1", "home@example.org"), students=[student("1", first_name="", email="home@example.org")]
    )
    roster = build_roster(tables, make_school())
    assert found(roster.findings, "shared-email") == [("shared-email", "P1"), ("shared-email", "S1")]


def same(**fields):
    return {"first_name": "Ada", "last_name": "Heron", **fields}


def staff_parent(parent_email="ada@example.org", **staff_fields):
    return make_tables(
        students=[student("1")],
        staff=[staff("5", **same(email="ada@example.org", **staff_fields))],
        parents=[parent("9", **same())],
        contacts=[contact("1", "9")],
        emails=[email("9", parent_email)],
    )


def test_staff_with_the_same_name_and_email_as_a_parent_are_one_person():
    roster = build_roster(staff_parent(first_name=" ADA "), make_school())
    assert sorted(roster.people["host_id"]) == ["S1", "T5"]
    assert roster.merged.rows() == [("T5", "P9")]
    assert roster.relationships.rows() == [("S1", "T5", "Mother")]
    assert detail(roster.findings, "merged-staff-parent") == "is the parent P9 too; the staff account stays"
    assert ("parent", "merged", "merged-staff-parent", 1) in roster.rows.rows()


@pytest.mark.parametrize(
    "tables", [staff_parent("other@example.org"), staff_parent(first_name="Ida")], ids=["e-mail", "name"]
)
def test_anything_less_certain_is_not_merged(tables):
    assert "P9" in set(build_roster(tables, make_school()).people["host_id"])


def test_the_school_may_say_that_two_are_one():
    tables = staff_parent("other@example.org")
    tables = make_tables(
        **{name: frame.drop("_file", "_line").to_dicts() for name, frame in tables.frames.items()},
        same_person=[{"staff_id": "5", "parent_id": "9"}],
    )
    assert build_roster(tables, make_school()).merged.rows() == [("T5", "P9")]


def test_two_staff_who_fit_one_parent_are_not_certain():
    tables = make_tables(
        students=[student("1")],
        staff=[staff("5", **same(email="ada@example.org")), staff("6", **same(email="ada@example.org"))],
        parents=[parent("9", **same())],
        contacts=[contact("1", "9")],
        emails=[email("9", "ada@example.org")],
    )
    roster = build_roster(tables, make_school())
    assert roster.merged.height == 0
    assert found(roster.findings, "shared-email") == [(("shared-email"), host) for host in ("P9", "T5", "T6")]


def test_a_line_that_makes_one_of_nobody_is_reported():
    tables = make_tables(
        students=[student("1")], staff=[staff("5")], same_person=[{"staff_id": "5", "parent_id": "77"}]
    )
    findings = build_roster(tables, make_school()).findings
    assert findings.filter(code="unknown-member").select("level", "file", "line", "detail").rows() == [
        (
            "info",
            "same_person.csv",
            2,
            "the same_person list names T5 and P77, of whom one at least is not at the school",
        )
    ]
