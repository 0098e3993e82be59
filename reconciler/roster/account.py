"""What became of every row that was read: the findings about rows, and the count that adds up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, equals_any, framed, where
from reconciler.frames import FINDINGS, ROWS, UNIDENTIFIED, check, empty, findings, folded, stack
from reconciler.keys import first_of_each
from reconciler.roster.rows import UNCLEAR_LINK

if TYPE_CHECKING:
    from reconciler.model import School

_ID_PROBLEMS = {
    "missing-id": "the id is blank; the row was left out",
    "bad-id": "the id does not look like one; the row was left out",
    "duplicate-id": "rows with this Host ID differ; none of them was taken",
}
_UNCLEAR = (
    pl.when(pl.col("reason") == UNCLEAR_LINK)
    .then(pl.lit("no link proves that this is a parent here, or that it is not; an account is held"))
    .otherwise(pl.lit("a value that decides about access cannot be read; an account is held"))
)


def report_rows(left: pl.DataFrame, school: School, one_person: pl.DataFrame) -> pl.DataFrame:
    """FINDINGS of rows that were left out for their id, by the exclude list, or because they are unclear.

    `one_person` is ONE_PERSON.
    """
    state, reason = left["state"], left["reason"]
    found = [findings(where(left, reason == code), code, detail) for code, detail in _ID_PROBLEMS.items()]
    excluded, unclear = (_first_rows(where(left, state == one)) for one in ("excluded", "unclear"))
    found += [_kept_out(excluded, school, one_person), findings(unclear, "leaver-uncertain", _UNCLEAR)]
    return stack(found, FINDINGS)


def account_for_rows(
    read: dict[str, int], left: pl.DataFrame, people: pl.DataFrame, merged: pl.DataFrame
) -> pl.DataFrame:
    """ROWS: what became of each row, so that the import summary adds up. `read` are the rows of each type.

    A row of which nothing else is told is a person who is carried on: only the others are counted.
    """
    blocked = where(people[["member_type", "blocked"]], people["blocked"] != "")
    bad_id = equals_any(left["state"], ("unidentified", "duplicate"))
    fates = [
        framed(member_type=blocked["member_type"], outcome="blocked", reason=blocked["blocked"]),
        framed(
            member_type=left["member_type"],
            outcome=choose(bad_id, "blocked", "left-out"),
            reason=left["reason"],
        ),
    ]
    others = pl.concat(fates).to_struct().value_counts()
    told = Counter({tuple(key.values()): rows for key, rows in others.iter_rows()})
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
    nameless = where(left, left["host_id"] == "")
    if nameless.is_empty():
        return empty(UNIDENTIFIED)
    names = nameless.select("member_type", first=folded("first_name"), last=folded("last_name"))
    return check(names.unique(), UNIDENTIFIED)


def _kept_out(excluded: pl.DataFrame, school: School, one_person: pl.DataFrame) -> pl.DataFrame:
    """`excluded` of each of them, with the other Host IDs of whoever has several."""
    if excluded.is_empty():
        return empty(FINDINGS)
    fate = "stays as it is" if school.exclude.existing == "hold" else "is treated as a leaver's"
    people = excluded.join(one_person, on="host_id", how="left", maintain_order="left")
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


def _first_rows(left: pl.DataFrame) -> pl.DataFrame:
    return first_of_each(left, ["member_type", "host_id"])
