"""Which e-mail a person has: the primary one first, else by priority; an override before both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, clean_id, empty, findings, folded

if TYPE_CHECKING:
    from reconciler.model import School, Tables

ADDRESS = r"^[^\s@,;:<>()\[\]\"]+@[^\s@,;:<>()\[\]\"]+\.[^\s@,;:<>()\[\]\".]+$"


def primary_emails(emails: pl.DataFrame, yes: tuple[str, ...]) -> pl.DataFrame:
    """`person_id, email` with the one e-mail that counts for each person of the e-mails table."""
    frame = emails.filter(pl.col("email") != "").select(
        "email",
        "_line",
        person_id=clean_id("person_id"),
        primary=folded("is_primary").is_in(list(yes))
        if "is_primary" in emails.columns
        else pl.lit(value=False),
        priority=pl.col("priority").cast(pl.Float64, strict=False).fill_null(float("inf"))
        if "priority" in emails.columns
        else pl.lit(0.0),
    )
    # A row of nobody must not reach everybody whose own key is blank.
    frame = frame.filter(pl.col("person_id") != "")
    return (
        frame.sort(["primary", "priority", "_line"], descending=[True, False, False])
        .unique("person_id", keep="first", maintain_order=True)
        .select("person_id", "email")
    )


def assign_emails(
    people: pl.DataFrame, tables: Tables, school: School, member_type: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People with the e-mail that they should have, and `invalid-email` for what is not one.

    The column of the member type's own table counts before the e-mails table.
    """
    key = "source_id" if member_type == "parent" else "person_id"
    if "emails" in tables.frames and member_type != "staff":
        listed = primary_emails(tables.frames["emails"], school.parents.yes)
        people = (
            people.join(
                listed.rename({"person_id": key, "email": "_listed"}),
                on=key,
                how="left",
                maintain_order="left",
            )
            .with_columns(
                email=pl.when(pl.col("email") == "").then(pl.col("_listed").fill_null("")).otherwise("email")
            )
            .drop("_listed")
        )
    people = _override(people, tables)
    bad = (pl.col("email") != "") & ~pl.col("email").str.contains(ADDRESS)
    wrong = people.filter(bad)
    if not wrong.height:
        return people, empty(FINDINGS)
    return people.with_columns(
        email=pl.when(bad).then(pl.lit("")).otherwise("email"),
        unreadable=pl.when(bad)
        .then((pl.col("unreadable") + " email").str.strip_chars())
        .otherwise("unreadable"),
    ), findings(wrong, "invalid-email", "its e-mail is not an address, and counts as not supplied")


def supplies_email(tables: Tables, people: pl.DataFrame, member_type: str, *, mapped: bool) -> bool:
    """Whether the export has e-mails of this member type."""
    if mapped or member_type == "staff" or "emails" not in tables.frames:
        return mapped
    return member_type == "parent" or bool((people["person_id"] != "").any())


def _override(people: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    overrides = tables.frames.get("email_overrides")
    if overrides is None or not overrides.height:
        return people
    return (
        people.join(
            overrides.select("host_id", _override="email").unique(
                "host_id", keep="last", maintain_order=True
            ),
            on="host_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(email=pl.coalesce("_override", "email"))
        .drop("_override")
    )
