"""What became of every row that was read: the findings about rows, and the count that adds up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import ROWS, UNIDENTIFIED, check, findings, folded
from reconciler.roster.rows import UNCLEAR_LINK

if TYPE_CHECKING:
    from reconciler.model import School

_ID_PROBLEMS = {
    "missing-id": "the id is blank; the row was left out",
    "bad-id": "the id does not look like one; the row was left out",
    "duplicate-id": "rows with this Host ID differ; none of them was taken",
}


def report_rows(left: pl.DataFrame, school: School, one_person: pl.DataFrame) -> pl.DataFrame:
    """FINDINGS of rows that were left out for their id, by the exclude list, or because they are unclear.

    `one_person` is ONE_PERSON.
    """
    of_reason = left.partition_by("reason", as_dict=True)
    found = [
        findings(of_reason[code,], code, detail)
        for code, detail in _ID_PROBLEMS.items()
        if (code,) in of_reason
    ]
    found += [
        _kept_out(left, school, one_person),
        findings(
            _first_rows(left, "unclear"),
            "leaver-uncertain",
            pl.when(pl.col("reason") == UNCLEAR_LINK)
            .then(pl.lit("no link proves that this is a parent here, or that it is not; an account is held"))
            .otherwise(pl.lit("a value that decides about access cannot be read; an account is held")),
        ),
    ]
    return pl.concat(found)


def account_for_rows(
    read: dict[str, int], left: pl.DataFrame, people: pl.DataFrame, merged: pl.DataFrame
) -> pl.DataFrame:
    """ROWS: what became of each row, so that the import summary adds up. `read` are the rows of each type.

    A row of which nothing else is told is a person who is carried on: only the others are counted.
    """
    blocked = people.filter(pl.col("blocked") != "").select(
        "member_type", outcome=pl.lit("blocked"), reason="blocked"
    )
    bad_id = pl.col("state").is_in(["unidentified", "duplicate"])
    fate = pl.when(bad_id).then(pl.lit("blocked")).otherwise(pl.lit("left-out"))
    others = pl.concat([blocked, left.select("member_type", outcome=fate, reason="reason")])
    told = Counter({tuple(key.values()): rows for key, rows in others.to_struct().value_counts().iter_rows()})
    if merged.height:
        told["parent", "merged", "merged-staff-parent"] = merged.height
    carried_on = Counter(read)
    for (member, _, _), rows in told.items():
        carried_on[member] -= rows
    told.update({(member, "person", ""): rows for member, rows in carried_on.items() if rows})
    counted = sorted((*key, rows) for key, rows in told.items())
    return check(pl.DataFrame(counted, schema=ROWS, orient="row"), ROWS)


def names_without_ids(left: pl.DataFrame) -> pl.DataFrame:
    """UNIDENTIFIED: the names on rows that were left out for their id."""
    nameless = left.filter(pl.col("host_id") == "")
    names = nameless.select("member_type", first=folded("first_name"), last=folded("last_name"))
    return check(names.unique(), UNIDENTIFIED)


def _kept_out(left: pl.DataFrame, school: School, one_person: pl.DataFrame) -> pl.DataFrame:
    """`excluded` of everybody, with the other Host IDs of whoever has several."""
    fate = "stays as it is" if school.exclude.existing == "hold" else "is treated as a leaver's"
    people = _first_rows(left, "excluded").join(one_person, on="host_id", how="left", maintain_order="left")
    others = pl.col("others").str.replace_all(" ", ", ")
    who = (
        pl.when(pl.col("named").is_null())
        .then(pl.lit("kept out by the exclude list"))
        .when("named")
        .then(pl.format("kept out by the exclude list, and so is {}, the same person", others))
        .otherwise(pl.format("kept out by the exclude list, as the same person as {}", others))
    )
    return findings(
        people,
        "excluded",
        pl.format("{}; an existing account {}", who, pl.lit(fate)),
        others=pl.col("others").fill_null(""),
    )


def _first_rows(left: pl.DataFrame, state: str) -> pl.DataFrame:
    some = left.filter(pl.col("state") == state)
    return some.unique(["member_type", "host_id"], keep="first", maintain_order=True)
