"""Whose e-mail it is: an account that has it keeps it, and whoever else asks for it is blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, piled, where, with_values
from reconciler.frames import FINDINGS, empty, findings
from reconciler.keys import is_one_of, is_repeated

if TYPE_CHECKING:
    from reconciler.model import Capabilities, School


def settle_emails(
    frame: pl.DataFrame, school: School, can: Capabilities
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`email` without clashes, `refused` for people who cannot be created, and `email-taken`.

    Each round gives every contested address to the account that has it and keeps it; the others fall back
    to the e-mail that they have, which may contest another address, so it goes on until none is contested.
    Adds `lives`, whether there is to be an account, and `mail`, its e-mail as it is compared.
    """
    wants = frame["email"] == frame["want_email"]
    frame = with_values(
        frame,
        lives=frame["exists"] | _created(frame),
        mail=choose(wants, frame["want_mail"], frame["now_mail"]),
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
    return frame, piled([empty(FINDINGS), *found])


def _created(frame: pl.DataFrame) -> pl.Series:
    return (
        frame["wanted"]
        & ~frame["exists"]
        & ~frame["held"]
        & (frame["blocked"] == "")
        & (frame["refused"] == "")
    )


def _keeps(frame: pl.DataFrame) -> pl.Series:
    """Whether the account has this e-mail already."""
    return frame["exists"] & (frame["mail"] == frame["now_mail"])


def _free_unused(frame: pl.DataFrame, school: School, can: Capabilities) -> pl.DataFrame:
    """Clears the e-mail of never activated accounts of ours that somebody else asks for.

    Those are inactive, or of students whose shared address the school drops.
    """
    if not can.clear_email or not frame["exists"].any():
        return frame
    keeps, mails = _keeps(frame), frame["mail"]
    idle = ~frame["active"]
    if school.email.students == "drop":
        students = frame["wanted"] & (frame["want_member_type"] == "student")
        idle |= students & frame["unreadable"].str.contains(r"\bemail\b")
    unused = keeps & idle & frame["ours"] & ~frame["held"] & (frame["status"] != "activated") & (mails != "")
    if not unused.any():
        return frame
    asked = mails.filter(frame["lives"] & ~keeps & is_one_of(mails, mails.filter(unused)))
    free = unused & is_one_of(mails, asked)
    reason = choose(frame["reason"] == "", "its e-mail now belongs to somebody else", frame["reason"])
    return with_values(
        frame,
        email=choose(free, "", frame["email"]),
        mail=choose(free, "", mails),
        reason=choose(free, reason, frame["reason"]),
    )


def _clashes(frame: pl.DataFrame) -> pl.DataFrame:
    """Those who ask for an e-mail that somebody else keeps, with the `holder`'s Host ID."""
    lives, mail = frame["lives"], frame["mail"]
    mails = mail.filter(lives & (mail != ""))
    twice = mails.filter(is_repeated(mails.to_frame()))
    if twice.is_empty():
        return frame.clear()
    contested = where(frame, lives & is_one_of(mail, twice.unique()))
    keeps = _keeps(contested)
    first = (
        contested.select("mail", holder="host_id", keeps=keeps)
        .sort(["keeps", "holder"], descending=[True, False])
        .unique("mail", keep="first")
        .drop("keeps")
    )
    return where(contested, ~keeps).join(first, on="mail")


def _fall_back(frame: pl.DataFrame, clashes: pl.DataFrame) -> pl.DataFrame:
    lost = is_one_of(frame["host_id"], clashes["host_id"]) & frame["wanted"]
    new = lost & ~frame["exists"]
    return with_values(
        frame,
        email=choose(lost, frame["now_email"], frame["email"]),
        mail=choose(lost, frame["now_mail"], frame["mail"]),
        blocked=choose(lost, "email-taken", frame["blocked"]),
        refused=choose(new, "email-taken", frame["refused"]),
        lives=frame["lives"] & ~new,
    )


def _keep_exchanged(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts that exchange their e-mails keep them: that takes clearing one first. And `not-carried`."""
    takes = frame["exists"] & ~_keeps(frame) & (frame["mail"] != "") & (frame["now_mail"] != "")
    if not takes.any():
        return frame, empty(FINDINGS)
    ring = where(frame, takes)
    # Everybody in a ring takes from one in it, and gives to one in it; the others fall away end by end.
    while ring.height:
        closed = ring.join(ring.select(mail="now_mail"), on="mail", how="semi").join(
            ring.select(now_mail="mail"), on="now_mail", how="semi"
        )
        if closed.height == ring.height:
            break
        ring = closed
    stuck = is_one_of(frame["host_id"], ring["host_id"])
    found = findings(
        ring,
        "not-carried",
        "takes an e-mail in exchange for its own, but this directory cannot clear one first",
    )
    return with_values(frame, email=choose(stuck, frame["now_email"], frame["email"])), found
