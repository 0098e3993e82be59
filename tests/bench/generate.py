"""Dirty PowerSchool exports of any size, and the same a little later: seeded, so every run measures the same.

Of 1,000 people some 420 are students, 500 parents and 80 staff. Families share e-mails, rows lack ids or
stand twice, names carry quotes and accents. `later` has 1 % of the people changed: names, e-mails, leavers.
The columns, their order and their quotes are those that PowerSchool writes for the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

STUDENTS, PARENTS, STAFF, LINKS = 0.42, 0.50, 0.08, 0.60
FIRST = ["Ada", "Bela", "Chidi", "Dóra", "Emre", "Fay", "Grzegorz", "Håkon", "Ines", "José", "Kwame", "Lien"]
LAST = ["Abara", "Brandt", "Çelik", "Dubois", "Evans", "Fjeld", "Gómez", "Horvat", "Ito", "Jansen", "O'Neil"]
SCHOOL_YEAR_END = 2026
FINAL_GRADE = 12


def write_exports(folder: Path, people: int, *, later: bool = False, seed: int = 0) -> None:
    """Write students.txt, users.csv, persons.csv, contacts.csv and emails.csv for this many people.

    Another seed gives people of other names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    students = _students(int(people * STUDENTS), seed, later=later)
    students.write_csv(folder / "students.txt", separator="\t", quote_style="never")
    for name, frame in (
        ("users.csv", _staff(int(people * STAFF), seed, later=later)),
        ("persons.csv", _parents(int(people * PARENTS), seed, later=later)),
        ("contacts.csv", _contacts(people)),
        ("emails.csv", _emails(int(people * PARENTS), later=later)),
    ):
        frame.write_csv(folder / name, line_terminator="\r\n", quote_style="always")


def _frame(columns: dict[str, pl.Expr]) -> pl.DataFrame:
    return pl.select([values.alias(header) for header, values in columns.items()])


def _numbers(count: int, seed: int) -> pl.Expr:
    """A pseudo-random number below 2**31 for each row, by its row number alone."""
    row = pl.int_range(count, dtype=pl.UInt64) + seed * 7_919
    mixed = (row * 2_654_435_761) % 4_294_967_296
    return ((mixed // 65_536 + mixed * 48_271) % 2_147_483_647).cast(pl.UInt32)


def _pick(values: list[str], count: int, seed: int) -> pl.Expr:
    choice = _numbers(count, seed).mod(len(values))
    return choice.replace_strict(dict(enumerate(values)), return_dtype=pl.String)


def _names(count: int, seed: int, *, later: bool) -> dict[str, pl.Expr]:
    row = pl.int_range(count, dtype=pl.UInt32)
    married = pl.lit(later) & (row % 250 == 3)
    nick = pl.when(row % 500 == 7).then(pl.lit(' "Bo"')).otherwise(pl.lit(""))
    return {
        "first": _pick(FIRST, count, seed) + nick,
        "last": _pick(LAST, count, seed + 1)
        + pl.when(married).then(pl.lit("-Smith")).otherwise(pl.lit(""))
        + pl.lit(" ")
        + (row % 9_973).cast(pl.String),
    }


def _with_dirt(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """A few rows without an id, and a few that stand twice."""
    row = pl.int_range(pl.len())
    blank = frame.with_columns(pl.when(row % 5_000 == 11).then(pl.lit("")).otherwise(column).alias(column))
    return pl.concat([blank, blank.filter(row % 2_000 == 13)])


def _students(count: int, seed: int, *, later: bool) -> pl.DataFrame:
    row = pl.int_range(count, dtype=pl.UInt32)
    names = _names(count, 1 + seed * 10, later=later)
    grade = (row % 13).cast(pl.Int32)
    left = pl.lit(later) & (row % 250 == 5)
    frame = _frame(
        {
            "Student_Number": (row + 1_000_000).cast(pl.String),
            "First_Name": names["first"],
            "Preferred_Name": pl.when(row % 5 == 2).then(names["first"].str.head(3)).otherwise(pl.lit("")),
            "Last_Name": names["last"],
            "Student_Email": pl.format("s{}@example.org", row),
            "Grade_Level": grade.cast(pl.String),
            "ClassOf": (SCHOOL_YEAR_END + FINAL_GRADE - grade).cast(pl.String),
            "Enroll_Status": pl.when(left).then(pl.lit("2")).otherwise(pl.lit("0")),
            "SchoolID": (row % 400).cast(pl.String),
            "DCID": (row + 5_000_000).cast(pl.String),
        }
    )
    return _with_dirt(frame, "Student_Number")


def _staff(count: int, seed: int, *, later: bool) -> pl.DataFrame:
    row = pl.int_range(count, dtype=pl.UInt32)
    names = _names(count, 2 + seed * 10, later=later)
    frame = _frame(
        {
            "TEACHERS.USERS_DCID": (row + 1_000_000).cast(pl.String),
            "TEACHERS.DCID": (row + 2_000_000).cast(pl.String),
            "TEACHERS.First_Name": names["first"],
            "TEACHERS.Last_Name": names["last"],
            "TEACHERS.Email_Addr": pl.format("t{}@example.org", row),
            "TEACHERS.Status": pl.lit("1"),
            "TEACHERS.SchoolID": (row % 400).cast(pl.String),
        }
    )
    return _with_dirt(frame, "TEACHERS.USERS_DCID")


def _parents(count: int, seed: int, *, later: bool) -> pl.DataFrame:
    row = pl.int_range(count, dtype=pl.UInt32)
    names = _names(count, 3 + seed * 10, later=later)
    frame = _frame(
        {
            "PERSON.ID": (row + 1_000_000).cast(pl.String),
            "PERSON.DCID": (row + 90_000).cast(pl.String),
            "PERSON.FirstName": names["first"],
            "PERSON.LastName": names["last"],
            "PERSON.IsActive": pl.lit("1"),
        }
    )
    return _with_dirt(frame, "PERSON.ID")


def _contacts(people: int) -> pl.DataFrame:
    parents, students, links = (int(people * share) for share in (PARENTS, STUDENTS, LINKS))
    row = pl.int_range(links, dtype=pl.UInt32)
    return _frame(
        {
            "STUDENTCONTACTASSOC.StudentDCID": (row % students + 5_000_000).cast(pl.String),
            "STUDENTCONTACTASSOC.PersonID": (row % parents + 1_000_000).cast(pl.String),
            "STUDENTCONTACTASSOC.ContactPriorityOrder": pl.lit("1"),
            "Relationship Type": _pick(["Mother", "Father", "Guardian"], links, 4),
            "STUDENTCONTACTDETAIL.IsActive": pl.lit("1"),
            "STUDENTCONTACTDETAIL.IsCustodial": (row % 100 != 17).cast(pl.UInt8).cast(pl.String),
            "STUDENTCONTACTDETAIL.LivesWithFlg": (row % 10 != 3).cast(pl.UInt8).cast(pl.String),
            "STUDENTCONTACTDETAIL.IsEmergency": pl.lit("1"),
        }
    )


def _emails(count: int, *, later: bool) -> pl.DataFrame:
    row = pl.int_range(count, dtype=pl.UInt32)
    new = pl.lit(later) & (row % 250 == 9)
    shared = row % 50 == 1  # with the person before
    owner = pl.when(shared).then(row - 1).otherwise(row)
    return _frame(
        {
            "PERSONEMAILADDRESSASSOC.PersonID": (row + 1_000_000).cast(pl.String),
            "EMAILADDRESS.EmailAddress": pl.format(
                "p{}{}@example.org", owner, pl.when(new).then(pl.lit("x")).otherwise(pl.lit(""))
            ),
            "PERSONEMAILADDRESSASSOC.IsPrimaryEmailAddress": pl.lit("1"),
            "PERSONEMAILADDRESSASSOC.EmailAddressPriorityOrder": pl.lit("1"),
        }
    )
