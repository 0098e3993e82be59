from __future__ import annotations

from collections import Counter

from tests.demo.exports import YEARS, emails, persons, rows, students, users


def test_everyone_moves_up_but_those_who_repeat() -> None:
    before, after = ({row["DCID"]: row for row in students(year)} for year in YEARS)
    there = [
        (
            int(before[dcid]["Grade_Level"]),
            int(row["Grade_Level"]),
            before[dcid]["ClassOf"] == row["ClassOf"],
        )
        for dcid, row in after.items()
        if dcid in before
        and before[dcid]["Enroll_Status"] == row["Enroll_Status"] == "0"
        and before[dcid]["Grade_Level"] not in {"20", "TK?"}
    ]
    assert Counter((new - old, same) for old, new, same in there) == {
        (1, True): len(there) - 2,
        (0, False): 2,
    }


def test_who_comes_and_goes() -> None:
    before, after = ({row["DCID"]: row["Enroll_Status"] for row in students(year)} for year in YEARS)
    moves = Counter((before.get(dcid), after.get(dcid)) for dcid in before.keys() | after.keys())
    assert moves["2", "0"] == 1  # back again
    assert moves["-1", "0"] == 5
    assert moves[None, "-1"] == 3
    assert moves[None, "0"] == 30
    assert moves["0", None] == 1
    assert moves["0", "2"] >= 6
    assert moves["0", "3"] >= 20


def test_graduates_have_the_grade_and_school_of_those_who_are_gone() -> None:
    graduates = [row for row in students("2026-27") if row["Enroll_Status"] == "3"]
    assert {(row["Grade_Level"], row["SchoolID"]) for row in graduates} == {("99", "999999")}


def test_staff_come_and_go() -> None:
    before, after = ({row["users_dcid"]: row["status"] for row in users(year)} for year in YEARS)
    assert len(after.keys() - before.keys()) == 2
    assert len(before.keys() - after.keys()) == 1
    assert sum(before[each] == "1" and after[each] == "2" for each in before.keys() & after.keys()) == 1


def test_records_change() -> None:
    old = {row["PERSON.ID"]: row["PERSON.LastName"] for row in persons()}
    new = {row["ID"]: row["LastName"] for row in rows("2026-27", "persons.csv")}
    assert [each for each in old.keys() & new.keys() if each and old[each] != new[each]] != []
    addresses = {row["PersonID"]: row["EmailAddress"] for row in rows("2026-27", "emails.csv", "cp1252", ";")}
    first = {person: each[0]["EmailAddress"] for person, each in emails().items() if len(each) == 1}
    swapped = [
        (one, two)
        for one, address in addresses.items()
        for two in (str(int(one) + 1),)
        if (first.get(two), first.get(one)) == (address, addresses.get(two)) and first.get(one) != address
    ]
    assert len(swapped) == 1


def test_number_that_a_spreadsheet_has_spoilt() -> None:
    after = {row["DCID"]: row["Student_Number"] for row in students("2026-27")}
    before = {row["DCID"]: row["Student_Number"] for row in students("2025-26")}
    spoilt = [dcid for dcid, number in after.items() if number == "1.04E+03"]
    assert [before[dcid].isdigit() for dcid in spoilt] == [True]
