"""Moves that the school's crosswalk says: which of its rows are still to be done, and which cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import equals_any, is_one_of, where
from reconciler.frames import FINDINGS, PARKED, empty, findings, folded
from reconciler.keys import one_of

if TYPE_CHECKING:
    from reconciler.model import Roster

MOVES = {"was": pl.String, "host_id": pl.String, "reason": pl.String, "file": pl.String, "line": pl.UInt32}
"""The Host ID that an account has, and the one that it gets."""
ASIDE = "a second account of the same person, so its Host ID is set aside"
_FOLLOWS = "its Host ID follows the crosswalk"
_TELLING = ("first_name", "last_name", "email", "grad_year")
"""By what it is told whether an account is one person's or another's."""


def moves_said(
    accounts: pl.DataFrame, people: pl.DataFrame, roster: Roster
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """MOVES that the school has accepted; those that cannot be; and the findings of these.

    A row may be done already: an account that has the Host ID of one person and is to get another's moves
    only while it is more like the other, or each plan would exchange the two of a swap anew.
    """
    walk, ids = roster.crosswalk, accounts["host_id"]
    accepted = equals_any(walk["decision"], ("accept", "keep_old"))
    moving = is_one_of(walk["old_host_id"], ids) & (walk["old_host_id"] != walk["new_host_id"])
    there = where(walk, accepted & moving)
    if there.is_empty():
        return empty(MOVES), empty(MOVES), empty(FINDINGS)
    known = one_of("new_host_id", people["host_id"])
    nobody, there = there.filter(~known), _with_likeness(there.filter(known), accounts, people)
    other_kind = (pl.col("account_type") == "student") != (pl.col("person_type") == "student")
    unclear = ~other_kind & pl.col("person_there") & (pl.col("like_old") == pl.col("like_new"))
    done = ~other_kind & pl.col("person_there") & (pl.col("like_old") > pl.col("like_new"))
    found = [
        findings(
            nobody,
            "crosswalk-unknown",
            pl.format("the crosswalk gives it {}, and nobody at the school has that Host ID", "new_host_id"),
            host_id="old_host_id",
            others=pl.col("new_host_id"),
        ),
        _refused(
            there.filter(other_kind),
            pl.format("is a {}'s account, and {} is a {}", "account_type", "new_host_id", "person_type"),
        ),
        _refused(
            there.filter(unclear),
            pl.format("is as much like {} as like {}: the row may be done", "new_host_id", "old_host_id"),
        ),
    ]
    stuck = pl.concat([_moves(nobody), _moves(there.filter(other_kind | unclear))])
    todo = there.filter(~other_kind, ~unclear, ~done)
    second = todo.filter(pl.col("decision") == "keep_old", one_of("new_host_id", ids))
    aside = second.select(
        was="new_host_id",
        host_id=pl.lit(PARKED) + pl.col("new_host_id"),
        reason=pl.lit(ASIDE),
        file="file",
        line="line",
    )
    return pl.concat([_moves(todo), aside]), stuck, pl.concat(found)


def _moves(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        was="old_host_id", host_id="new_host_id", reason=pl.lit(_FOLLOWS), file="file", line="line"
    )


def _refused(rows: pl.DataFrame, detail: pl.Expr) -> pl.DataFrame:
    return findings(rows, "rekey-refused", detail, host_id="old_host_id", others=pl.col("new_host_id"))


def _with_likeness(rows: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The rows with what there is of both: `account_type`, `person_type`, and how much they are alike.

    In how many values the account is `like_new` the person of the new Host ID, and `like_old` the one who
    has the old Host ID today, if anybody does (`person_there`).
    """
    telling = {name: folded(name) for name in _TELLING}
    theirs = accounts.select("host_id", account_type="member_type", **telling)
    persons = people.select("host_id", person_type="member_type", **telling)
    both = (
        rows.join(theirs, left_on="old_host_id", right_on="host_id", how="left", maintain_order="left")
        .join(persons, left_on="new_host_id", right_on="host_id", how="left", suffix="_new")
        .join(persons, left_on="old_host_id", right_on="host_id", how="left", suffix="_old")
    )
    return both.select(
        *rows.columns,
        "account_type",
        "person_type",
        person_there=pl.col("person_type_old").is_not_null(),
        **{
            f"like_{side}": pl.sum_horizontal(
                (pl.col(name) != "") & (pl.col(name) == pl.col(f"{name}_{side}")).fill_null(value=False)
                for name in _TELLING
            )
            for side in ("old", "new")
        },
    )
