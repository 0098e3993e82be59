"""Moves to another Host ID that are wished for -> those that can be made, and what is said of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import findings, matches
from reconciler.keys import find, listed, one_of
from reconciler.resolve.said import moving_on

if TYPE_CHECKING:
    from reconciler.model import Directory, Roster, School


def settle_moves(  # noqa: PLR0913 - both sides, and what binds them
    moves: pl.DataFrame,
    accounts: pl.DataFrame,
    people: pl.DataFrame,
    current: Directory,
    roster: Roster,
    school: School,
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The moves that can be made, and `rekey-refused`: one that is not made may stand in another's way."""
    if not moves.height:
        return moves, []
    on = moving_on(moves, accounts, people, roster)
    refused = [
        findings(
            on,
            "rekey-refused",
            pl.format("cannot get the Host ID {}: the crosswalk would give it {} next", "host_id", "next"),
            host_id="was",
            others=pl.col("host_id"),
        )
    ]
    moves = moves.filter(~one_of("was", on["was"]))
    turned = _of_another_kind(moves, accounts, people)
    said = "is no account of this kind of member, so it cannot get the Host ID {}"
    refused.append(_refused(moves.filter(turned), said))
    moves = moves.filter(~turned)
    wanted = current.users["host_id"].is_in(listed(moves["host_id"]))
    holders = current.users["host_id"].filter(wanted)
    protected = pl.any_horizontal(
        pl.lit(value=False), *(matches(pl.col("was"), one) for one in school.protected.host_ids)
    )
    refused.append(_refused(moves.filter(protected), "is protected, so it cannot get the Host ID {}"))
    moves = moves.filter(~protected)
    while True:
        keep = holders.filter(~holders.is_in(listed(moves["was"])))
        taken = one_of("host_id", keep) | pl.col("host_id").is_duplicated()
        stuck = moves.filter(taken)
        if not stuck.height:
            return moves, refused
        said = "cannot get the Host ID {}: another account has it, or is to get it"
        refused.append(_refused(stuck, said))
        moves = moves.filter(~taken)


def _of_another_kind(moves: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame) -> pl.Series:
    """Whether a move makes a student's account an adult's, or the other way round.

    Only that of a parked account can, whose member type somebody has changed.
    """
    account = accounts["member_type"][find(moves["was"], accounts["host_id"])]
    person = people["member_type"][find(moves["host_id"], people["host_id"])]
    return ((account == "student") != (person == "student")).fill_null(value=False)


def _refused(moves: pl.DataFrame, said: str) -> pl.DataFrame:
    return findings(
        moves, "rekey-refused", pl.format(said, "host_id"), host_id="was", others=pl.col("host_id")
    )
