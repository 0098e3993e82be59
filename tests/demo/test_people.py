from __future__ import annotations

from collections import Counter

from tests.demo.exports import details, emails, persons, side_list, students, users


def test_there_are_some_400_students_of_all_grades() -> None:
    enrolled = [row for row in students("2025-26") if row["Enroll_Status"] == "0"]
    assert 370 <= len(enrolled) <= 410
    assert {row["Grade_Level"] for row in enrolled} >= {str(grade) for grade in range(-1, 13)}


def test_raw_ids_of_the_three_tables_overlap() -> None:
    numbers = {row["Student_Number"] for row in students("2025-26")}
    staff = {row["users_dcid"] for row in users("2025-26")}
    people = {row["PERSON.ID"] for row in persons()}
    assert len(numbers & staff & people) > 40
    assert len(people & {row["PERSON.DCID"] for row in persons()}) > 50
    assert len(numbers & {row["DCID"] for row in students("2025-26")}) > 50


def test_names_have_accents_apostrophes_and_hyphens() -> None:
    names = {(row["First_Name"], row["Last_Name"]) for row in students("2025-26")}
    assert {("José", "O'Brien"), ("Zoë", "Van der Berk"), ("Søren", "Müllerbaum-D'Arbour")} <= names


def test_students_of_every_status() -> None:
    found = Counter(row["Enroll_Status"] for row in students("2025-26"))
    assert (found["-1"], found["2"], found["3"]) == (5, 3, 3)


def test_dirty_students() -> None:
    all_rows = students("2025-26")
    numbers = Counter(row["Student_Number"] for row in all_rows)
    assert numbers[""] == 1
    assert numbers["1E5"] == 1
    assert sum(number.endswith(".0") for number in numbers) == 2
    assert sorted(numbers.values())[-2:] == [1, 2]
    assert sum(not row["Last_Name"] for row in all_rows) == 1
    assert [row["Grade_Level"] for row in all_rows if row["Grade_Level"] in {"20", "TK?"}] == [
        "TK?",
        "20",
    ]
    assert Counter(row["ClassOf"] for row in all_rows)[""] == 3
    assert Counter(row["ClassOf"] for row in all_rows)["0"] == 1


def test_teachers_with_several_rows_and_teachers_who_have_left() -> None:
    statuses: dict[str, list[str]] = {}
    for row in users("2025-26"):
        statuses.setdefault(row["users_dcid"], []).append(row["status"])
    found = Counter(tuple(sorted(each)) for each in statuses.values())
    assert (found["1", "1", "1"], found["1", "2"], found["2", "2"], found["2",]) == (1, 1, 1, 1)


def test_dirty_adults() -> None:
    assert Counter(row["PERSON.ID"] for row in persons())[""] == 1
    assert Counter(row["PERSON.ID"] for row in persons())["1E5"] == 1
    assert Counter(row["users_dcid"] for row in users("2025-26"))[""] == 1
    assert sum(not row["PERSON.FirstName"] for row in persons()) == 1
    assert sum(row["PERSON.IsActive"] == "0" for row in persons()) == 1


def test_emails() -> None:
    found = emails()
    first = Counter(each[0]["EmailAddress"].lower() for each in found.values())
    assert sum(number == 2 for number in first.values()) == 6
    assert sum(len(each) > 1 for each in found.values()) == 10
    assert sum(each[0]["IsPrimaryEmailAddress"] == "0" for each in found.values()) == 6
    mine = {row["Student_Email"] for row in students("2025-26")} - {""}
    assert len(mine & set(first)) == 2


def test_staff_parents() -> None:
    def identity(first: str, last: str, email: str) -> tuple[str, str, str]:
        return first.lower(), last.lower(), email.lower()

    by_person = emails()
    parents = {
        identity(
            row["PERSON.FirstName"],
            row["PERSON.LastName"],
            by_person[row["PERSON.ID"]][0]["EmailAddress"],
        )
        for row in persons()
        if row["PERSON.ID"] in by_person
    }
    staff = {identity(row["first_name"], row["last_name"], row["email_addr"]) for row in users("2025-26")}
    assert len(staff & parents) == 7
    assert len({each[:2] for each in staff} & {each[:2] for each in parents}) == 9


def test_contacts_who_are_not_parents() -> None:
    active = [row for row in details() if row["IsActive"] == "1"]
    assert len({row["PersonID"] for row in active if row["IsCustodial"] == "0"}) > 40
    linked = {row["PersonID"] for row in details()}
    assert len({row["PERSON.ID"] for row in persons()} - linked - {"", "1E5"}) == 4  # one of them ends in .0
    several = Counter((row["StudentDCID"], row["PersonID"]) for row in details())
    assert sum(number == 2 for number in several.values()) >= 8


def test_side_lists() -> None:
    assert [row["parent_host_id"] != "" for row in side_list("exclude.csv")] == [
        False,
        False,
        False,
        True,
    ]
    assert len(side_list("email_overrides.csv")) == len(side_list("same_person.csv")) == 1
    clubs = side_list("clubs.csv")
    assert {row["category"] for row in clubs} == {"Clubs", "Arts"}
    assert {row["member_type"] for row in clubs if row["id"]} == {"student", "staff"}
