"""Who leaves, who comes back, and who stays because nothing proves that they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, empty, findings, folded
from reconciler.keys import one_of
from reconciler.resolve.likeness import hold_lookalikes
from reconciler.resolve.protect import keep_administrators

if TYPE_CHECKING:
    from reconciler.model import Capabilities, Directory, Roster, School


_REASONS = {"staff": "no longer on the staff", "parent": "no child at the school"}
"""Cause -> reason of the change, where the cause does not say it by itself."""


def settle_activity(  # noqa: PLR0913 - whether somebody leaves depends on both sides and the settings
    frame: pl.DataFrame,
    roster: Roster,
    current: Directory,
    school: School,
    can: Capabilities,
    *,
    additions_only: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adds `active` as it should be, `leaves`, and the `reason` of each change of activity.

    `loose` marks the parents of whom it cannot be told whether they still have a child at the school.
    """
    frame, back = _welcome_back(frame, can)
    leaver = (
        pl.col("exists")
        & pl.col("ours")
        & pl.col("now_active")
        & ~pl.col("wanted")
        & ~pl.col("held")
        & pl.lit(not additions_only)
    )
    frame = _name_causes(frame.with_columns(leaves=leaver), roster)
    frame, uncertain = _hold_uncertain(frame, roster)
    frame, alike = hold_lookalikes(frame, roster, current)
    frame, admins = keep_administrators(frame, current, school)
    kept = (
        pl.col("leaves")
        & ~pl.col("aside")
        & pl.col("cause").is_in([cause for cause, policy in school.leavers.items() if policy == "keep"])
    )
    found = [
        back,
        uncertain,
        alike,
        admins,
        findings(
            frame.filter(kept),
            "leaver-kept",
            pl.format("is gone from the SIS ({}); the school keeps such accounts active", "cause"),
        ),
    ]
    frame = frame.with_columns(leaves=pl.col("leaves") & ~kept, kept=pl.col("kept") | kept)
    if not can.deactivate:
        gone = frame.filter("leaves")
        found.append(findings(gone, "not-carried", "has left, but this directory cannot deactivate anybody"))
        frame = frame.with_columns(kept=pl.col("kept") | pl.col("leaves"), leaves=pl.lit(value=False))
    return frame.with_columns(
        active=pl.col("active") & ~pl.col("leaves"),
        reason=pl.when("leaves").then(_in_words("cause")).otherwise("reason"),
    ), pl.concat(found)


def _in_words(cause: str) -> pl.Expr:
    words = pl.col(cause)
    for said, reason in _REASONS.items():
        words = pl.when(pl.col(cause) == said).then(pl.lit(reason)).otherwise(words)
    return words


def _welcome_back(frame: pl.DataFrame, can: Capabilities) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reactivates whoever a run of ours deactivated; what was deactivated by hand stays so."""
    away = pl.col("exists") & pl.col("wanted") & ~pl.col("held") & ~pl.col("now_active")
    ours = away & (pl.col("deactivated_by") == "sync")
    by_us = ours & pl.lit(can.deactivate)
    created = pl.col("wanted") & ~pl.col("exists")
    found = pl.concat(
        [
            findings(
                frame.filter(away & ~ours),
                "deactivated-by-hand",
                "is at the school, but the account was deactivated by hand and stays so",
            ),
            findings(
                frame.filter(ours & ~by_us),
                "not-carried",
                "is back in the SIS, but this directory cannot reactivate anybody",
            ),
        ]
    )
    return frame.with_columns(
        active=pl.col("now_active") | by_us | created,
        reason=pl.when(by_us)
        .then(pl.lit("back in the SIS"))
        .when(created)
        .then(pl.lit("new in the SIS"))
        .otherwise(pl.lit("")),
    ), found


def _name_causes(frame: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Adds `cause`: what the SIS says, or else that the person is not in it any more."""
    leavers = frame.select(pl.col("host_id").filter("leaves")).join(roster.gone, on="host_id")
    member = pl.col("now_member_type")
    cause = pl.when(member == "student").then(pl.lit("transferred")).otherwise(member)
    for (said,), some in leavers.group_by("cause"):  # a handful of causes, and few leavers
        cause = pl.when(one_of("host_id", some["host_id"])).then(pl.lit(said)).otherwise(cause)
    return frame.with_columns(cause=cause)


def _hold_uncertain(frame: pl.DataFrame, roster: Roster) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leaving needs evidence: no row that lost its id, and no other person at the school, may be them."""
    name = {"first": folded("now_first_name"), "last": folded("now_last_name")}
    leavers = frame.filter("leaves", ~pl.col("aside"))
    if not leavers.height:
        return frame, empty(FINDINGS)
    leavers = leavers.with_columns(**name, mail=folded("now_email"))
    unnamed = leavers.join(
        roster.unidentified,
        left_on=["now_member_type", "first", "last"],
        right_on=["member_type", "first", "last"],
        how="semi",
    )
    changed = _under_another_id(leavers, roster)
    unlinked = leavers.filter(pl.col("loose") & (pl.col("now_member_type") == "parent"))
    found = pl.concat(
        [
            findings(
                unlinked,
                "leaver-uncertain",
                "no contact leads to a student of the school, but one of a child of theirs lost its id;"
                " the account is held",
            ),
            findings(
                unnamed,
                "leaver-uncertain",
                "is not in the SIS, but a row left out for its id has the same name; the account is held",
            ),
            findings(
                changed,
                "leaver-uncertain",
                pl.format(
                    "is not in the SIS, but {} has the same name and e-mail; the account is held", "other"
                ),
                others=pl.col("other"),
            ),
        ]
    )
    doubtful = pl.concat([unlinked["host_id"], unnamed["host_id"], changed["host_id"]])
    hold = one_of("host_id", doubtful)
    return frame.with_columns(held=pl.col("held") | hold, leaves=pl.col("leaves") & ~hold), found


def _under_another_id(leavers: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Leavers of whom somebody at the school, `other`, has the same name and e-mail."""
    asked = one_of("mail", leavers["mail"]) & (pl.col("mail") != "")
    people = roster.people.filter(asked).select(
        "mail", first=folded("first_name"), last=folded("last_name"), other="host_id"
    )
    same = leavers.filter(pl.col("mail") != "").join(people, on=["first", "last", "mail"])
    return same.sort("host_id", "other").unique("host_id", keep="first", maintain_order=True)
