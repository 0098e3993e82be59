"""Accounts held against the people of the SIS: what is sure, what is likely, and what nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from reconciler.match import match_accounts
from reconciler.roster import build_roster
from tests.support.schools import (
    apply_to,
    contact,
    email,
    make_school,
    make_tables,
    open_directory,
    parent,
    plan_for,
    staff,
    student,
)
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.match import Matching
    from reconciler.model import Tables


def school_of(**tables: Any) -> Tables:
    """Una and her mother Rosa, Bo without a parent, and Hugo the teacher."""
    usual = {
        "students": [
            student("1", first_name="Una", last_name="Plover"),
            student("2", first_name="Bo", last_name="Heron"),
        ],
        "staff": [staff("1", last_name="Finch")],
        "parents": [parent("1", last_name="Plover")],
        "contacts": [contact("1", "1")],
        "emails": [email("1")],
    }
    return make_tables(**usual | tables)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A directory that has them all, under other Host IDs."""
    world = World(tmp_path / "directory.db", make_school())
    apply_to(plan_for(world.school, school_of(), world.path), world.path)
    for old, new in (("S1", "una"), ("S2", "bo"), ("T1", "hugo"), ("P1", "rosa")):
        world.by_hand("UPDATE users SET host_id = ? WHERE host_id = ?", new, old)
    return world


def matched(world: World, tables: Tables | None = None) -> Matching:
    roster = build_roster(tables or school_of(), world.school)
    return match_accounts(roster, open_directory(world.path).read())


def verdicts(matching: Matching) -> list[tuple[str, str, str]]:
    return sorted(matching.suggestions.select("old_host_id", "verdict", "new_host_id").rows())


def evidence(matching: Matching, old: str) -> str:
    return str(matching.suggestions.filter(old_host_id=old)["evidence"].item())


def test_e_mail_and_name_of_one_person_alone_are_sure(world: World) -> None:
    matching = matched(world)
    assert verdicts(matching) == [
        ("bo", "sure", "S2"),
        ("hugo", "sure", "T1"),
        ("rosa", "sure", "P1"),
        ("una", "sure", "S1"),
    ]
    assert matching.counts["sure"] == 4
    assert matching.counts["people"] == 0
    assert evidence(matching, "una") == (
        "the same e-mail, the same name, the same graduation year, relatives who match: 1"
    )


def test_an_account_with_its_host_id_is_matched_and_not_asked_about(world: World) -> None:
    world.by_hand("UPDATE users SET host_id = 'S1' WHERE host_id = 'una'")
    matching = matched(world)
    assert (
        matching.counts["matched"],
        "una" in dict(matching.suggestions.select("old_host_id", "verdict").rows()),
    ) == (1, False)


def test_a_host_id_that_is_an_e_mail_address_counts_as_one(world: World) -> None:
    world.by_hand(
        "UPDATE users SET host_id = 'Student2@Example.org', email = '', email_key = '' WHERE host_id = 'bo'"
    )
    assert ("Student2@Example.org", "sure", "S2") in verdicts(matched(world))


@pytest.mark.parametrize(
    ("edit", "verdict", "words"),
    [
        ("last_name = 'Haron'", "likely", "the same e-mail, a similar name (88 %), the same graduation year"),
        ("email = '', email_key = ''", "likely", "the same name, the same graduation year"),
        ("last_name = 'Wren', email = '', email_key = ''", "none", ""),
        ("last_name = 'Wren'", "likely", "the same e-mail, the same first name, the same graduation year"),
    ],
)
def test_less_than_that_is_likely_or_nothing(world: World, edit: str, verdict: str, words: str) -> None:
    world.by_hand(f"UPDATE users SET {edit} WHERE host_id = 'bo'")  # noqa: S608 - the test's own
    matching = matched(world)
    assert next(one for one in verdicts(matching) if one[0] == "bo")[1] == verdict
    assert evidence(matching, "bo") == words


def test_a_preferred_name_is_a_name(world: World) -> None:
    world.by_hand("UPDATE users SET first_name = 'Robert', preferred_name = 'Bo' WHERE host_id = 'bo'")
    assert ("bo", "sure", "S2") in verdicts(matched(world))


def test_a_changed_surname_is_known_by_the_family(world: World) -> None:
    world.by_hand("UPDATE users SET last_name = 'Wren', email = '', email_key = '' WHERE host_id = 'una'")
    matching = matched(world)
    assert ("una", "likely", "S1") in verdicts(matching)
    assert (
        evidence(matching, "una") == "the same first name, the same graduation year, relatives who match: 1"
    )


def test_two_people_of_one_name_are_several_candidates(world: World) -> None:
    world.by_hand("UPDATE users SET email = '', email_key = '' WHERE host_id = 'bo'")
    two = school_of(
        students=[
            student("1", first_name="Una", last_name="Plover"),
            student("2", first_name="Bo", last_name="Heron"),
            student("3", first_name="Bo", last_name="Heron"),
        ]
    )
    found = [one for one in verdicts(matched(world, two)) if one[0] == "bo"]
    assert found == [("bo", "several", "S2"), ("bo", "several", "S3")]


def test_two_accounts_for_one_person_are_never_sure(world: World) -> None:
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, grad_year, origin)"
        " VALUES ('student2@example.org', 'student', 'Bo', 'Heron', '2033', 'hand')"
    )
    found = [one for one in verdicts(matched(world)) if one[2] == "S2"]
    assert [verdict for _, verdict, _ in found] == ["several", "several"]


def test_the_same_name_in_another_year_is_nobody(world: World) -> None:
    world.by_hand("UPDATE users SET grad_year = '2027', email = '', email_key = '' WHERE host_id = 'bo'")
    matching = matched(world)
    assert ("bo", "none", "") in verdicts(matching)
    assert matching.counts["people"] == 1


def test_a_second_account_of_somebody_matched_is_a_duplicate_with_both_described(world: World) -> None:
    world.by_hand("UPDATE users SET host_id = 'S2' WHERE host_id = 'bo'")
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, grad_year, origin, status, opt_out)"
        " VALUES ('old-bo', 'student', 'Bo', 'Heron', '2033', 'hand', 'activated', 1)"
    )
    matching = matched(world)
    assert ("old-bo", "duplicate", "S2") in verdicts(matching)
    assert evidence(matching, "old-bo") == (
        "the same name, the same graduation year; this account: activated, Contributor, opt-out, 0"
        " memberships; that of S2: not_activated, Contributor, no opt-out, 1 memberships"
    )
    assert matching.findings.select("code", "host_id", "others").rows() == [
        ("duplicate-account", "old-bo", "S2")
    ]


def test_what_the_crosswalk_says_is_not_asked_again(world: World) -> None:
    rows = [("bo", "S2", "reject"), ("una", "S1", "accept"), ("hugo", "", "set_aside")]
    walk = [dict(zip(("old_host_id", "new_host_id", "decision"), row, strict=True)) for row in rows]
    matching = matched(world, school_of(crosswalk=walk))
    assert verdicts(matching) == [("bo", "none", ""), ("rosa", "sure", "P1")]
    assert matching.counts["decided"] == 2


def test_an_inactive_account_of_nobody_needs_no_decision(world: World) -> None:
    world.by_hand("UPDATE users SET first_name = 'X', email = '', email_key = '' WHERE host_id = 'hugo'")
    world.by_hand("UPDATE users SET active = 0, deactivated_by = 'hand' WHERE host_id = 'hugo'")
    assert [one for one in verdicts(matched(world)) if one[0] == "hugo"] == []


def test_names_are_compared_within_students_and_within_adults(world: World) -> None:
    world.by_hand("UPDATE users SET first_name = 'Una', email = '', email_key = '' WHERE host_id = 'rosa'")
    assert ("rosa", "S1") not in matched(world).suggestions.select("old_host_id", "new_host_id").rows()


def test_suggestions_hold_no_nulls(world: World) -> None:
    assert sum(matched(world).suggestions.null_count().row(0)) == 0
    assert matched(world).suggestions.schema["score"] == pl.Int64


def test_another_graduation_year_is_never_sure(world: World) -> None:
    world.by_hand("UPDATE users SET grad_year = '2027' WHERE host_id = 'bo'")
    assert ("bo", "likely", "S2") in verdicts(matched(world))
    assert "another graduation year" in evidence(matched(world), "bo")


def test_without_a_surname_nobody_is_sure(world: World) -> None:
    world.by_hand("UPDATE users SET last_name = '' WHERE host_id = 'hugo'")
    nameless = school_of(staff=[staff("1", last_name="")])
    assert ("hugo", "likely", "T1") in verdicts(matched(world, nameless))


def add_second_bo(world: World) -> None:
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, grad_year, origin)"
        " VALUES ('bo2', 'student', 'Bo', 'Heron', '2033', 'hand')"
    )


@pytest.mark.parametrize("decision", ["", "accept"])
def test_a_second_account_of_somebody_sure_or_accepted_is_a_duplicate(world: World, decision: str) -> None:
    add_second_bo(world)
    walk = [{"old_host_id": "bo", "new_host_id": "S2", "decision": decision}]
    matching = matched(world, school_of(crosswalk=walk))
    assert ("bo2", "duplicate", "S2") in verdicts(matching)
    assert (("bo", "sure", "S2") in verdicts(matching)) == (not decision)
    assert evidence(matching, "bo2").endswith(
        "this account: not_activated, Contributor, no opt-out, 0 memberships; that of S2: not_activated,"
        " Contributor, no opt-out, 1 memberships"
    )


def test_a_typo_is_no_reason_to_take_a_matched_person_for_another(world: World) -> None:
    world.by_hand(
        "INSERT INTO users (host_id, member_type, first_name, last_name, grad_year, origin)"
        " VALUES ('bob', 'student', 'Bob', 'Heron', '2033', 'hand')"
    )
    assert ("bob", "none", "") in verdicts(matched(world))


def test_a_name_that_hundreds_share_finds_nobody_by_a_typo_and_takes_no_time(world: World) -> None:
    crowd = [student(str(number), first_name="Bo", last_name="Heron", email="") for number in range(2, 300)]
    world.apply(school_of(students=crowd))
    world.by_hand(
        "UPDATE users SET host_id = 'old' || id, last_name = 'Haron', email = '', email_key = ''"
        " WHERE member_type = 'student'"
    )
    matching = matched(world, school_of(students=crowd))
    assert set(matching.suggestions.filter(member_type="student")["verdict"]) == {"none"}


def renamed(world: World, first: str, last: str) -> None:
    world.by_hand("UPDATE users SET first_name = ?, last_name = ? WHERE host_id = 'una'", first, last)


def accented() -> Tables:
    return school_of(
        students=[
            student("1", first_name="José", last_name="Núñez"),
            student("2", first_name="Bo", last_name="Heron"),
        ]
    )


def test_a_name_without_its_accents_is_a_similar_one_and_never_sure(world: World) -> None:
    renamed(world, "Jose", "Nunez")
    matching = matched(world, accented())
    assert ("una", "likely", "S1") in verdicts(matching)
    assert evidence(matching, "una").startswith("the same e-mail, a similar name (99 %), ")


def test_accents_written_in_another_way_are_the_same_name(world: World) -> None:
    renamed(world, "Jose\u0301", "Nu\u0301n\u0303ez")
    assert ("una", "sure", "S1") in verdicts(matched(world, accented()))


def crosswalk(old: str, decision: str = "accept") -> Tables:
    rows = [{"old_host_id": old, "new_host_id": "S1", "member_type": "student", "decision": decision}]
    return school_of(crosswalk=rows)


def test_a_row_about_an_account_that_is_not_there_makes_no_duplicates(world: World) -> None:
    matching = matched(world, crosswalk("Una"))
    assert ("una", "sure", "S1") in verdicts(matching)
    assert matching.findings.height == 0


def test_an_account_that_a_plan_has_parked_is_not_asked_about(world: World) -> None:
    world.by_hand("UPDATE users SET host_id = 'parked:S1' WHERE host_id = 'una'")
    matching = matched(world)
    assert "parked:S1" not in matching.suggestions["old_host_id"].to_list()
    assert matching.counts["decided"] == 1
