"""What became of every row that was read: the findings about rows, and the count that adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import ROWS, UNIDENTIFIED, findings, folded, stack
from reconciler.keys import put
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


def account_for_rows(
    rows: dict[str, pl.DataFrame], people: pl.DataFrame, merged: pl.DataFrame
) -> pl.DataFrame:
    """ROWS: what became of each row read, so that the import summary adds up."""
    blocked = people.select("member_type", "host_id", code="blocked").filter(pl.col("code") != "")
    every = [_account(some, member, blocked, merged) for member, some in rows.items()]
    return stack(every, ROWS)


def _account(rows: pl.DataFrame, member: str, blocked: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    counted = rows.select("member_type", "host_id", "reason", outcome=pl.lit("person"))
    others = rows.select((pl.col("state") != "eligible").arg_true()).to_series()
    bad_id = rows["state"].gather(others).is_in(["unidentified", "duplicate"]).to_frame("bad")
    fate = bad_id.select(outcome=pl.when("bad").then(pl.lit("blocked")).otherwise(pl.lit("left-out")))
    counted = put(counted, others, fate)
    stopped = blocked.filter(member_type=member).select("host_id", "code", outcome=pl.lit("blocked"))
    if member == "parent":
        gone = merged.select(
            host_id="parent_host_id", code=pl.lit("merged-staff-parent"), outcome=pl.lit("merged")
        )
        stopped = pl.concat([gone, stopped]).unique("host_id", keep="first", maintain_order=True)
    # Only those with a verdict are joined: most people have none.
    some = counted.select(
        (pl.col("host_id").is_in(stopped["host_id"].implode()) & (pl.col("outcome") == "person")).arg_true()
    ).to_series()
    verdict = counted.select(pl.col("host_id").gather(some)).join(
        stopped, on="host_id", how="left", maintain_order="left"
    )
    return put(counted, some, verdict.select("outcome", reason="code"))


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
