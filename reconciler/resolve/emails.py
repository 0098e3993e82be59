"""Whose e-mail it is: an account that has it keeps it, and whoever else asks for it is blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, empty, findings, folded
from reconciler.keys import is_repeated, one_of

if TYPE_CHECKING:
    from reconciler.model import Capabilities, School


def settle_emails(
    frame: pl.DataFrame, school: School, can: Capabilities
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`email` without clashes, `refused` for people who cannot be created, and `email-taken`.

    Each round gives every contested address to the account that has it and keeps it; the others fall back
    to the e-mail that they have, which may contest another address, so it goes on until none is contested.
    """
    frame = frame.with_columns(
        lives=pl.col("exists") | _created(), _mail=folded("email"), _now_mail=folded("now_email")
    )
    frame = _free_unused(frame, school, can)
    found = []
    while (clashes := _clashes(frame)).height:
        found.append(
            findings(
                clashes,
                "email-taken",
                pl.when(pl.col("holder") == "")
                .then(pl.lit("its e-mail belongs to an account without a Host ID"))
                .otherwise(pl.format("its e-mail belongs to the account {}", "holder")),
                others=pl.col("holder"),
            )
        )
        frame = _fall_back(frame, clashes)
    if not can.clear_email:
        frame, exchanged = _keep_exchanged(frame)
        found.append(exchanged)
    return frame.drop("_mail", "_now_mail"), pl.concat([empty(FINDINGS), *found])


def _created() -> pl.Expr:
    return (
        pl.col("wanted")
        & ~pl.col("exists")
        & ~pl.col("held")
        & (pl.col("blocked") == "")
        & (pl.col("refused") == "")
    )


def _keeps() -> pl.Expr:
    """Whether the account has this e-mail already."""
    return pl.col("exists") & (pl.col("_mail") == pl.col("_now_mail"))


def _free_unused(frame: pl.DataFrame, school: School, can: Capabilities) -> pl.DataFrame:
    """Clears the e-mail of never activated accounts of ours that somebody else asks for.

    Those are inactive, or of students whose shared address the school drops.
    """
    if not can.clear_email:
        return frame
    dropped = (
        pl.col("wanted")
        & (pl.col("want_member_type") == "student")
        & pl.col("unreadable").str.contains(r"\bemail\b")
        & pl.lit(school.email.students == "drop")
    )
    unused = (
        _keeps()
        & pl.col("ours")
        & (~pl.col("active") | dropped)
        & ~pl.col("held")
        & (pl.col("status") != "activated")
        & (pl.col("_mail") != "")
    )
    idle = frame.filter(unused)["_mail"]
    asked = frame.filter(pl.col("lives") & ~_keeps() & one_of("_mail", idle))["_mail"]
    if not asked.len():
        return frame
    free = unused & one_of("_mail", asked)
    reason = pl.lit("its e-mail now belongs to somebody else")
    return frame.with_columns(
        email=pl.when(free).then(pl.lit("")).otherwise("email"),
        _mail=pl.when(free).then(pl.lit("")).otherwise("_mail"),
        reason=pl.when(free & (pl.col("reason") == "")).then(reason).otherwise("reason"),
    )


def _clashes(frame: pl.DataFrame) -> pl.DataFrame:
    """Those who ask for an e-mail that somebody else keeps, with the `holder`'s Host ID."""
    # Columns before rows: the frame is wide, and hardly any e-mail is contested.
    mails = frame.select("lives", "_mail").filter(pl.col("lives") & (pl.col("_mail") != ""))["_mail"]
    twice = mails.filter(is_repeated(mails.to_frame())).unique()
    contested = frame.filter(pl.col("lives") & one_of("_mail", twice))
    if not contested.height:
        return contested
    first = (
        contested.select("_mail", holder="host_id", keeps=_keeps())
        .sort(["keeps", "holder"], descending=[True, False])
        .unique("_mail", keep="first")
        .drop("keeps")
    )
    return contested.filter(~_keeps()).join(first, on="_mail")


def _fall_back(frame: pl.DataFrame, clashes: pl.DataFrame) -> pl.DataFrame:
    lost = one_of("host_id", clashes["host_id"]) & pl.col("wanted")
    new = lost & ~pl.col("exists")
    return frame.with_columns(
        email=pl.when(lost).then("now_email").otherwise("email"),
        blocked=pl.when(lost).then(pl.lit("email-taken")).otherwise("blocked"),
        refused=pl.when(new).then(pl.lit("email-taken")).otherwise("refused"),
        lives=pl.col("lives") & ~new,
    ).with_columns(_mail=folded("email"))


def _keep_exchanged(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts that exchange their e-mails keep them: that takes clearing one first. And `not-carried`."""
    ring = frame.filter(pl.col("exists") & ~_keeps() & (pl.col("_mail") != "") & (pl.col("_now_mail") != ""))
    # Everybody in a ring takes from one in it, and gives to one in it; the others fall away end by end.
    while ring.height:
        closed = ring.join(ring.select(_mail="_now_mail"), on="_mail", how="semi").join(
            ring.select(_now_mail="_mail"), on="_now_mail", how="semi"
        )
        if closed.height == ring.height:
            break
        ring = closed
    stuck = one_of("host_id", ring["host_id"])
    found = findings(
        ring,
        "not-carried",
        "takes an e-mail in exchange for its own, but this directory cannot clear one first",
    )
    return frame.with_columns(email=pl.when(stuck).then("now_email").otherwise("email")), found
