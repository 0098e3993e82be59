"""Moves that the school's crosswalk says: which of its rows are still to be done, and which cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import where
from reconciler.frames import FINDINGS, PARKED, empty, findings, folded
from reconciler.keys import is_one_of, listed, one_of

if TYPE_CHECKING:
    from reconciler.model import Roster

MOVES = {"was": pl.String, "host_id": pl.String, "reason": pl.String, "file": pl.String, "line": pl.UInt32}
"""The Host ID that an account has, and the one that it gets."""
ASIDE = "a second account of the same person, so its Host ID is set aside"
_FOLLOWS = "its Host ID follows the crosswalk"
_TELLING = ("first_name", "last_name", "email", "grad_year")
"""By what it is told whether an account is one person's or another's."""
_NAME = ("first_name", "last_name")


def moves_said(
    accounts: pl.DataFrame, people: pl.DataFrame, roster: Roster
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """MOVES that the school has accepted; those that cannot be; and the findings of these.

    A row may be done already: an account that has the Host ID of one person and is to get another's moves
    only while it is more like the other, or each plan would exchange the two of a swap anew.
    """
    accepted = _accepted(roster)
    ids = accounts["host_id"]
    there = where(accepted, is_one_of(accepted["old_host_id"], ids))
    if there.is_empty():
        return empty(MOVES), empty(MOVES), empty(FINDINGS)
    there = _with_likeness(there, accounts, people).with_columns(_arrives(accepted))
    there = there.filter(~_is_done())
    known = pl.col("person_type").is_not_null()
    nobody, there = there.filter(~known), there.filter(known)
    other_kind = (pl.col("account_type") == "student") != (pl.col("person_type") == "student")
    unclear = ~other_kind & _is_unclear()
    found = _told(nobody, there.filter(other_kind), there.filter(unclear), roster)
    stuck = pl.concat([_moves(nobody), _moves(there.filter(other_kind | unclear))])
    todo = there.filter(~other_kind, ~unclear)
    held = roster.crosswalk.filter(decision="set_aside")["old_host_id"]
    second = todo.filter(
        pl.col("decision") == "keep_old", one_of("new_host_id", ids), ~one_of("new_host_id", held)
    )
    aside = second.select(
        was="new_host_id",
        host_id=pl.lit(PARKED) + pl.col("new_host_id"),
        reason=pl.lit(ASIDE),
        file="file",
        line="line",
    )
    return pl.concat([_moves(todo), aside]), stuck, found


def _told(
    nobody: pl.DataFrame, other_kind: pl.DataFrame, unclear: pl.DataFrame, roster: Roster
) -> pl.DataFrame:
    found = [
        findings(
            nobody.with_columns(staff=_as_staff(roster)),
            "crosswalk-unknown",
            pl.when(pl.col("staff") != pl.col("new_host_id"))
            .then(
                pl.format("the crosswalk gives it {}, who is the member of staff {}", "new_host_id", "staff")
            )
            .otherwise(
                pl.format(
                    "the crosswalk gives it {}, and nobody at the school has that Host ID", "new_host_id"
                )
            ),
            host_id="old_host_id",
            others=pl.col("new_host_id"),
        ),
        _refused(
            other_kind,
            pl.format("is a {}'s account, and {} is a {}", "account_type", "new_host_id", "person_type"),
        ),
        _refused(
            unclear,
            pl.when("person_there")
            .then(
                pl.format("is as much like {} as like {}: the row may be done", "new_host_id", "old_host_id")
            )
            .otherwise(
                pl.format(
                    "may have got {} by another row, and have nothing to do with {}",
                    "old_host_id",
                    "new_host_id",
                )
            ),
        ),
    ]
    return pl.concat(found)


def _moves(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        was="old_host_id", host_id="new_host_id", reason=pl.lit(_FOLLOWS), file="file", line="line"
    )


def _refused(rows: pl.DataFrame, detail: pl.Expr) -> pl.DataFrame:
    return findings(rows, "rekey-refused", detail, host_id="old_host_id", others=pl.col("new_host_id"))


def _accepted(roster: Roster) -> pl.DataFrame:
    accepted = roster.crosswalk.filter(pl.col("decision").is_in(["accept", "keep_old"]))
    return accepted.filter(pl.col("old_host_id") != pl.col("new_host_id"))


def moving_on(
    moves: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame, roster: Roster
) -> pl.DataFrame:
    """`was, host_id, next`: moves to a Host ID from which the crosswalk would take the account on to `next`.

    It would where the school has nobody of that Host ID, or the account is more like the next one.
    """
    accepted = _accepted(roster)
    rows = moves.join(
        accepted.drop("file", "line"), left_on="host_id", right_on="old_host_id", maintain_order="left"
    )
    rows = rows.rename({"host_id": "old_host_id"})
    if not rows.height:
        return pl.DataFrame(schema=_ON)
    finals = rows.select("old_host_id", host_id="was")
    arrived = accounts.join(finals, on="host_id").drop("host_id").rename({"old_host_id": "host_id"})
    seen = _with_likeness(rows, arrived, people)
    on = seen.filter(~pl.col("person_there") | (pl.col("like_new") > pl.col("like_old")))
    return on.select("was", host_id="old_host_id", next="new_host_id")


def without_account(
    ids: pl.Series, finals: pl.Series, people: pl.DataFrame, roster: Roster
) -> tuple[pl.Series, pl.DataFrame]:
    """Host IDs of people whose account the crosswalk names, and who do not get it: none gets another.

    `ids` are the Host IDs that accounts have, `finals` those that they get. A parent who is staff, too, has
    the Host ID of staff.
    """
    rows = _accepted(roster).with_columns(_as_staff(roster)).filter(one_of("new_host_id", people["host_id"]))
    rows = rows.filter(~one_of("new_host_id", finals))
    aside = roster.crosswalk.filter(pl.col("decision") == "set_aside", ~one_of("old_host_id", ids))
    there = one_of("old_host_id", ids) | (pl.lit(PARKED) + pl.col("new_host_id")).is_in(listed(ids))
    found = [
        findings(
            rows.filter(there),
            "rekey-refused",
            pl.format("is to have the account {}, which does not get this Host ID", "old_host_id"),
            host_id="new_host_id",
            others=pl.col("old_host_id"),
        ),
        findings(
            rows.filter(~there),
            "crosswalk-unknown",
            pl.format("is to have the account {}, and there is none of that Host ID", "old_host_id"),
            host_id="new_host_id",
            others=pl.col("old_host_id"),
            level="blocked",
        ),
        findings(
            aside,
            "crosswalk-unknown",
            "is set aside, and there is no account of that Host ID",
            host_id="old_host_id",
        ),
    ]
    return rows["new_host_id"], pl.concat(found)


def _as_staff(roster: Roster) -> pl.Expr:
    merged = roster.merged
    return pl.col("new_host_id").replace(merged["parent_host_id"], merged["staff_host_id"])


_ON = {"was": pl.String, "host_id": pl.String, "next": pl.String}


def _arrives(accepted: pl.DataFrame) -> pl.Expr:
    """Whether the crosswalk gives some account the Host ID that this row takes away from one."""
    return one_of("old_host_id", accepted["new_host_id"]).alias("arrives")


def _is_done() -> pl.Expr:
    """Whether the account at the old Host ID is not, or no more, the one of which the row speaks."""
    # The person of the new Host ID may have left since: then only somebody's own name says whose it is.
    named = pl.col("named_old") & (~pl.col("rival_there") | (pl.col("like_old") > pl.col("rival_old")))
    person_there = (
        pl.when(pl.col("person_type").is_null())
        .then(named)
        .otherwise(pl.col("like_old") > pl.col("like_new"))
    )
    # Or the one of the old Host ID has: then an account that the new one has already says it.
    rival = pl.col("arrives") & (pl.col("decision") == "accept") & (pl.col("rival_new") > pl.col("like_new"))
    same_kind = (pl.col("account_type") == "student") == (pl.col("person_type") == "student")
    return same_kind.fill_null(value=True) & pl.when("person_there").then(person_there).otherwise(
        rival & pl.col("rival_there")
    )


def _is_unclear() -> pl.Expr:
    """Whether it cannot be told whether the row is done."""
    alike = pl.col("like_old") == pl.col("like_new")
    rival = (
        pl.when("rival_there").then(pl.col("rival_new") >= pl.col("like_new")).otherwise(~pl.col("named_new"))
    )
    return pl.when("person_there").then(alike).otherwise(pl.col("arrives") & rival)


def _with_likeness(rows: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The rows with what there is of both: `account_type`, `person_type`, and how much they are alike.

    In how many values the account is `like_new` the person of the new Host ID, and `like_old` the one who
    has the old Host ID today, if anybody does (`person_there`); and whether it has the whole name of either
    (`named_new`, `named_old`). Likewise for the account that has the new Host ID today, if any does
    (`rival_there`): `rival_new` and `rival_old`.
    """
    both = rows
    for side, (frame, on) in {
        "account": (accounts, "old_host_id"),
        "rival": (accounts, "new_host_id"),
        "old": (people, "old_host_id"),
        "new": (people, "new_host_id"),
    }.items():
        theirs = frame.select(
            pl.col("host_id").alias(on),
            pl.col("member_type").alias(f"{side}_type"),
            **{f"{side}_{name}": folded(name) for name in _TELLING},
        )
        both = both.join(theirs, on=on, how="left", maintain_order="left")
    return both.select(
        *rows.columns,
        "account_type",
        person_type="new_type",
        person_there=pl.col("old_type").is_not_null(),
        rival_there=pl.col("rival_type").is_not_null(),
        like_old=_likeness("account", "old"),
        like_new=_likeness("account", "new"),
        rival_old=_likeness("rival", "old"),
        rival_new=_likeness("rival", "new"),
        named_old=pl.all_horizontal(_same("account", "old", name) for name in _NAME),
        named_new=pl.all_horizontal(_same("account", "new", name) for name in _NAME),
    )


def _likeness(one: str, other: str) -> pl.Expr:
    return pl.sum_horizontal(_same(one, other, name) for name in _TELLING)


def _same(one: str, other: str, name: str) -> pl.Expr:
    same = pl.col(f"{one}_{name}") == pl.col(f"{other}_{name}")
    return ((pl.col(f"{one}_{name}") != "") & same).fill_null(value=False)
