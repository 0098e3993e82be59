"""What became of every row that was read: the findings about rows, and the count that adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import ROWS, UNIDENTIFIED, check, findings, folded, stack
from reconciler.roster.rows import UNCLEAR_LINK

if TYPE_CHECKING:
    from reconciler.model import School

_ID_PROBLEMS = {
    "missing-id": "the id is blank; the row was left out",
    "bad-id": "the id does not look like one; the row was left out",
    "duplicate-id": "rows with this Host ID differ; none of them was taken",
}


def report_rows(rows: pl.DataFrame, school: School) -> pl.DataFrame:
    """FINDINGS of rows that were left out for their id, by the exclude list, or because they are unclear."""
    found = [
        findings(rows.filter(pl.col("reason") == code), code, detail) for code, detail in _ID_PROBLEMS.items()
    ]
    fate = "stays as it is" if school.exclude.existing == "hold" else "is treated as a leaver's"
    found += [
        findings(
            _first_rows(rows, "excluded"),
            "excluded",
            f"kept out by the exclude list; an existing account {fate}",
        ),
        findings(
            _first_rows(rows, "unclear"),
            "leaver-uncertain",
            pl.when(pl.col("reason") == UNCLEAR_LINK)
            .then(pl.lit("no link proves that this is a parent here, or that it is not; an account is held"))
            .otherwise(pl.lit("a value that decides about access cannot be read; an account is held")),
        ),
    ]
    return pl.concat(found)


def account_for_rows(rows: pl.DataFrame, people: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """ROWS: what became of each row read, so that the import summary adds up."""
    key = ["member_type", "host_id"]
    # Only those with a verdict are joined: most people have none.
    verdicts = people.filter(pl.col("blocked") != "").select(*key, "blocked")
    parents = merged.select(host_id="parent_host_id", member_type=pl.lit("parent"), merged=pl.lit(value=True))
    every = (
        rows.select(*key, "state", "reason")
        .join(verdicts, on=key, how="left", maintain_order="left")
        .join(parents, on=key, how="left", maintain_order="left")
    )
    person = pl.col("state") == "eligible"
    is_merged = person & pl.col("merged").fill_null(value=False)
    is_blocked = person & (pl.col("blocked").fill_null("") != "")
    bad_id = pl.col("state").is_in(["unidentified", "duplicate"])
    counted = every.select(
        *key,
        outcome=pl.when(is_merged)
        .then(pl.lit("merged"))
        .when(bad_id | is_blocked)
        .then(pl.lit("blocked"))
        .when(person)
        .then(pl.lit("person"))
        .otherwise(pl.lit("left-out")),
        reason=pl.when(is_merged)
        .then(pl.lit("merged-staff-parent"))
        .when(is_blocked)
        .then("blocked")
        .otherwise("reason"),
    )
    return check(counted, ROWS)


def names_without_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """UNIDENTIFIED: the names on rows that were left out for their id."""
    lost = rows.filter(pl.col("host_id") == "")
    names = lost.select("member_type", first=folded("first_name"), last=folded("last_name"))
    return stack([names], UNIDENTIFIED).unique()


def _first_rows(rows: pl.DataFrame, state: str) -> pl.DataFrame:
    return rows.filter(pl.col("state") == state).unique("host_id", keep="first", maintain_order=True)
