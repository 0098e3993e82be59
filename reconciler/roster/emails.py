"""Which e-mail a person has: the primary one first, else by priority; an override before both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import framed, is_there, rows_where, where, with_values
from reconciler.errors import InputError, Mistake
from reconciler.frames import FINDINGS, empty, findings, folded
from reconciler.keys import find, is_repeated, put
from reconciler.roster.ids import with_clean_ids
from reconciler.roster.rows import answers

if TYPE_CHECKING:
    from reconciler.model import School, Tables

_NOT = r"\s@,;:<>()\[\]\"\p{Cc}\p{Cf}"
"""Signs that an address does not have; nor any that cannot be seen, for two of them would look alike."""
ADDRESS = rf"^[^{_NOT}]+@[^{_NOT}]+\.[^{_NOT}.]+$"

EMAIL_KEYS = {
    "student": pl.col("person_id").alias("email_key"),
    "staff": pl.lit("").alias("email_key"),
    "parent": pl.col("source_id").alias("email_key"),
}
"""By what the e-mails table names people of each member type: staff have theirs in their own table."""


def primary_emails(emails: pl.DataFrame, yes: tuple[str, ...]) -> pl.DataFrame:
    """`person_id, email, file, line`: the one e-mail that counts for each person of the e-mails table."""
    emails = with_clean_ids(emails, "person_id")
    # A row of nobody must not reach everybody whose own key is blank.
    emails = where(emails, (emails["email"] != "") & (emails["person_id"] != ""))
    several = is_repeated(emails[["person_id"]])
    if several.any():
        emails = where(emails, ~several).vstack(_first_by_priority(where(emails, several), yes))
    return framed(
        person_id=emails["person_id"], email=emails["email"], file=emails["_file"], line=emails["_line"]
    )


def _first_by_priority(emails: pl.DataFrame, yes: tuple[str, ...]) -> pl.DataFrame:
    """Of several e-mails of a person the primary one, else the first by priority."""
    is_primary = folded("is_primary").is_in(list(yes))
    ranked = emails.with_columns(
        _primary=answers(emails, [("is_primary", (is_primary,))])[0][0]
        if "is_primary" in emails.columns
        else pl.lit(value=False),
        _priority=pl.col("priority").cast(pl.Float64, strict=False).fill_null(float("inf"))
        if "priority" in emails.columns
        else pl.lit(0.0),
    ).sort(["_primary", "_priority", "email", "_line"], descending=[True, False, False, False])
    return ranked.unique("person_id", keep="first", maintain_order=True)[emails.columns]


def assign_emails(people: pl.DataFrame, tables: Tables, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People with the e-mail that they should have, and `invalid-email` for what is not one.

    The column of the member type's own table counts before the e-mails table, in which people are found by
    their `email_key`.
    """
    people = with_values(people, _file=people["file"], _line=people["line"])
    asking = (people["email_key"] != "") & (people["email"] == "")
    if "emails" in tables.frames and asking.any():
        listed = primary_emails(tables.frames["emails"], school.parents.yes)
        people = _take(people, rows_where(asking), people["email_key"], listed["person_id"], listed)
    if "email_overrides" in tables.frames:
        people = people.with_columns(sis_mail=folded("email"))  # who is one person, is told by that as well
        listed = _overrides(tables.frames["email_overrides"])
        named = rows_where(people["host_id"] != "")
        people = _take(people, named, people["host_id"], listed["host_id"], listed)
    rows = rows_where((people["email"] != "") & ~people["email"].str.contains(ADDRESS))
    if not rows.len():
        return people, empty(FINDINGS)
    bad = people[rows]
    found = findings(
        with_values(bad, file=bad["_file"], line=bad["_line"]),
        "invalid-email",
        "its e-mail is not an address, and counts as not supplied",
    )
    unread = (pl.col("unreadable") + " email").str.strip_chars()
    return put(people, rows, bad.select(email=pl.lit(""), unreadable=unread)), found


def supplies_email(tables: Tables, people: pl.DataFrame, member_type: str, *, mapped: bool) -> bool:
    """Whether the export has e-mails of this member type."""
    if mapped or member_type == "staff" or "emails" not in tables.frames:
        return mapped
    if member_type == "parent":
        return True
    return bool(((people["email_key"] != "") & (people["member_type"] == member_type)).any())


def _take(
    people: pl.DataFrame, rows: pl.Series, keys: pl.Series, listed_keys: pl.Series, listed: pl.DataFrame
) -> pl.DataFrame:
    """People who at these rows have the listed e-mail, if any, and the place where it stands."""
    row = find(keys[rows], listed_keys)
    there = is_there(row)
    given = listed[row.filter(there)]
    taken = framed(email=given["email"], _file=given["file"], _line=given["line"])
    return put(people, rows.filter(there), taken)


def _overrides(overrides: pl.DataFrame) -> pl.DataFrame:
    """`host_id, email, file, line` of the school's own list.

    Raises:
        InputError: the list gives one person several e-mails.
    """
    listed = overrides.select("host_id", "email", file="_file", line="_line").filter(pl.col("host_id") != "")
    several = listed.filter(pl.col("host_id").is_duplicated())
    if several.height:
        raise InputError(
            [
                Mistake(
                    row["file"], row["line"], 0, f"{row['host_id']} is listed more than once", "keep one line"
                )
                for row in several.iter_rows(named=True)
            ]
        )
    return listed
