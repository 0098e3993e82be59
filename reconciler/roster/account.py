"""What became of every row that was read: the findings about rows, and the count that adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import ROWS, UNIDENTIFIED, findings, folded, stack
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
    rows = rows.filter(pl.col("reason") != "")
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


def account_for_rows(
    rows: dict[str, pl.DataFrame], people: pl.DataFrame, merged: pl.DataFrame
) -> pl.DataFrame:
    """ROWS: what became of each row read, so that the import summary adds up.

    A row of which nothing else is told is a person who is carried on: only the others are counted.
    """
    blocked = people.filter(pl.col("blocked") != "").select(
        "member_type", outcome=pl.lit("blocked"), reason="blocked"
    )
    moved = merged.with_columns(
        member_type=pl.lit("parent"), outcome=pl.lit("merged"), reason=pl.lit("merged-staff-parent")
    ).select(blocked.columns)
    bad_id = pl.col("state").is_in(["unidentified", "duplicate"])
    fate = pl.when(bad_id).then(pl.lit("blocked")).otherwise(pl.lit("left-out"))
    others = [
        some.select("member_type", "state", "reason")
        .filter(pl.col("state") != "eligible")
        .select("member_type", outcome=fate, reason="reason")
        for some in rows.values()
    ]
    counted = pl.concat([blocked, moved, *others]).group_by("member_type", "outcome", "reason")
    told = counted.agg(rows=pl.len())
    read = pl.DataFrame({"member_type": list(rows), "rows": [some.height for some in rows.values()]})
    rest = read.join(
        told.group_by("member_type").agg(told=pl.col("rows").sum()), on="member_type", how="left"
    )
    carried_on = rest.select(
        "member_type",
        outcome=pl.lit("person"),
        reason=pl.lit(""),
        rows=(pl.col("rows") - pl.col("told").fill_null(0)).cast(pl.UInt32),
    )
    every = stack([carried_on, told], ROWS).filter(pl.col("rows") > 0)
    return every.sort("member_type", "outcome", "reason")


def names_without_ids(rows: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """UNIDENTIFIED: the names on rows that were left out for their id."""
    names = [
        some.filter(pl.col("host_id") == "").select(
            "member_type", first=folded("first_name"), last=folded("last_name")
        )
        for some in rows.values()
    ]
    return stack(names, UNIDENTIFIED).unique()


def _first_rows(rows: pl.DataFrame, state: str) -> pl.DataFrame:
    return rows.filter(pl.col("state") == state).unique("host_id", keep="first", maintain_order=True)
