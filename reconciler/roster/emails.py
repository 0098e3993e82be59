"""Which e-mail a person has: the primary one first, else by priority; an override before both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import InputError, Mistake
from reconciler.frames import clean_id, findings, folded
from reconciler.keys import find, is_repeated, put
from reconciler.roster.rows import of_its_values

if TYPE_CHECKING:
    from reconciler.model import School, Tables

_NOT = r"\s@,;:<>()\[\]\"\p{Cc}\p{Cf}"
"""Signs that an address does not have; nor any that cannot be seen, for two of them would look alike."""
ADDRESS = rf"^[^{_NOT}]+@[^{_NOT}]+\.[^{_NOT}.]+$"

EMAIL_KEYS = {"student": pl.col("person_id"), "staff": pl.lit(""), "parent": pl.col("source_id")}
"""By what the e-mails table names people of each member type: staff have theirs in their own table."""


def primary_emails(emails: pl.DataFrame, yes: tuple[str, ...]) -> pl.DataFrame:
    """`person_id, email, file, line`: the one e-mail that counts for each person of the e-mails table."""
    frame = emails.filter(pl.col("email") != "").select(
        "email",
        file=pl.col("_file"),
        line=pl.col("_line"),
        person_id=clean_id("person_id"),
        primary=of_its_values(emails, "is_primary", folded("is_primary").is_in(list(yes)))[0]
        if "is_primary" in emails.columns
        else pl.lit(value=False),
        priority=pl.col("priority").cast(pl.Float64, strict=False).fill_null(float("inf"))
        if "priority" in emails.columns
        else pl.lit(0.0),
    )
    # A row of nobody must not reach everybody whose own key is blank.
    frame = frame.filter(pl.col("person_id") != "")
    several = is_repeated(frame.select("person_id"))
    first = (
        frame.filter(several)
        .sort(["primary", "priority", "email", "line"], descending=[True, False, False, False])
        .unique("person_id", keep="first", maintain_order=True)
    )
    return pl.concat([frame.filter(~several), first]).select("person_id", "email", "file", "line")


def assign_emails(people: pl.DataFrame, tables: Tables, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People with the e-mail that they should have, and `invalid-email` for what is not one.

    The column of the member type's own table counts before the e-mails table, in which people are found by
    their `email_key`.
    """
    people = people.with_columns(_file="file", _line="line")
    if "emails" in tables.frames and (people["email_key"] != "").any():
        listed = primary_emails(tables.frames["emails"], school.parents.yes)
        people = _take(
            people, listed.rename({"person_id": "email_key"}), "email_key", where=people["email"] == ""
        )
    if "email_overrides" in tables.frames:
        people = people.with_columns(sis_mail=folded("email"))  # who is one person, is told by that as well
        people = _take(people, _overrides(tables.frames["email_overrides"]), "host_id")
    rows = people.select(
        ((pl.col("email") != "") & ~pl.col("email").str.contains(ADDRESS)).arg_true()
    ).to_series()
    bad = people[rows]
    found = findings(
        bad.with_columns(file="_file", line="_line"),
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
    people: pl.DataFrame, listed: pl.DataFrame, key: str, *, where: pl.Series | None = None
) -> pl.DataFrame:
    """People with the listed e-mail, and the place where it stands, if they have one and `where` holds."""
    asking = people[key] != ""
    rows = (asking if where is None else asking & where).arg_true()
    row = find(people[key][rows], listed[key])
    there = row.is_not_null()
    given = listed.select("email", _file="file", _line="line")[row.filter(there)]
    return put(people, rows.filter(there), given)


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
