"""Who leaves, who comes back, and who stays because nothing proves that they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, equals_any, piled, where, with_values
from reconciler.frames import FINDINGS, empty, findings, folded
from reconciler.keys import flags, is_one_of
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
    """Adds `active` as it should be, `leaves`, `kept`, and the `reason` of each change of activity.

    `loose` marks the parents of whom it cannot be told whether they still have a child at the school.
    """
    frame, back = _welcome_back(frame, can)
    leaves = frame["exists"] & frame["ours"] & frame["now_active"] & ~frame["wanted"] & ~frame["held"]
    if additions_only:
        leaves = flags(frame.height)
    frame = with_values(frame, leaves=leaves, kept=False)
    if not leaves.any():
        return frame, back
    frame = _name_causes(frame, roster)
    frame, uncertain = _hold_uncertain(frame, roster)
    frame, alike = hold_lookalikes(frame, roster, current)
    frame, admins = keep_administrators(frame, current, school)
    frame, kept = _keep_by_cause(frame, school)
    found = [back, uncertain, alike, admins, kept]
    if not can.deactivate:
        gone = where(frame, frame["leaves"])
        found.append(findings(gone, "not-carried", "has left, but this directory cannot deactivate anybody"))
        frame = with_values(frame, kept=frame["kept"] | frame["leaves"], leaves=False)
    leaves = frame["leaves"]
    frame = with_values(
        frame,
        active=frame["active"] & ~leaves,
        reason=choose(leaves, _in_words(frame["cause"]), frame["reason"]),
    )
    return frame, piled(found)


def _in_words(cause: pl.Series) -> pl.Series:
    words = cause
    for said, reason in _REASONS.items():
        words = choose(cause == said, reason, words)
    return words


def _welcome_back(frame: pl.DataFrame, can: Capabilities) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reactivates whoever a run of ours deactivated; what was deactivated by hand stays so."""
    exists, wanted, active = frame["exists"], frame["wanted"], frame["now_active"]
    created = wanted & ~exists
    frame = with_values(frame, active=active | created, reason=choose(created, "new in the SIS", ""))
    away = exists & wanted & ~frame["held"] & ~active
    if not away.any():
        return frame, empty(FINDINGS)
    ours = away & (frame["deactivated_by"] == "sync")
    by_hand = findings(
        where(frame, away & ~ours),
        "deactivated-by-hand",
        "is at the school, but the account was deactivated by hand and stays so",
    )
    if not can.deactivate:
        stuck = "is back in the SIS, but this directory cannot reactivate anybody"
        return frame, piled([by_hand, findings(where(frame, ours), "not-carried", stuck)])
    reason = choose(ours, "back in the SIS", frame["reason"])
    return with_values(frame, active=frame["active"] | ours, reason=reason), by_hand


def _name_causes(frame: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Adds `cause`: what the SIS says, or else that the person is not in it any more."""
    ids, member = frame["host_id"], frame["now_member_type"]
    gone = where(roster.gone, is_one_of(roster.gone["host_id"], ids.filter(frame["leaves"])))
    cause = choose(member == "student", "transferred", member)
    for said in gone["cause"].unique().sort():  # a handful of causes, and few leavers
        cause = choose(is_one_of(ids, gone["host_id"].filter(gone["cause"] == said)), said, cause)
    return with_values(frame, cause=cause)


def _keep_by_cause(frame: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keeps those who leave for a cause for which the school deactivates nobody; and `leaver-kept`."""
    causes = [cause for cause, policy in school.leavers.items() if policy == "keep"]
    kept = frame["leaves"] & ~frame["aside"] & equals_any(frame["cause"], causes)
    found = findings(
        where(frame, kept),
        "leaver-kept",
        pl.format("is gone from the SIS ({}); the school keeps such accounts active", "cause"),
    )
    return with_values(frame, leaves=frame["leaves"] & ~kept, kept=frame["kept"] | kept), found


def _hold_uncertain(frame: pl.DataFrame, roster: Roster) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leaving needs evidence: no row that lost its id, and no other person at the school, may be them."""
    leavers = where(frame, frame["leaves"] & ~frame["aside"])
    if leavers.is_empty():
        return frame, empty(FINDINGS)
    leavers = leavers.with_columns(first=folded("now_first_name"), last=folded("now_last_name"))
    unnamed = leavers.join(
        roster.unidentified,
        left_on=["now_member_type", "first", "last"],
        right_on=["member_type", "first", "last"],
        how="semi",
    )
    changed = _under_another_id(leavers, roster)
    unlinked = where(leavers, leavers["loose"] & (leavers["now_member_type"] == "parent"))
    found = piled(
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
    hold = is_one_of(frame["host_id"], doubtful)
    return with_values(frame, held=frame["held"] | hold, leaves=frame["leaves"] & ~hold), found


def _under_another_id(leavers: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Leavers of whom somebody at the school, `other`, has the same name and e-mail."""
    leavers = where(leavers, leavers["now_mail"] != "")
    people = where(roster.people, is_one_of(roster.people["mail"], leavers["now_mail"]))
    if people.is_empty():
        return leavers.clear()
    people = people.select(
        now_mail="mail", first=folded("first_name"), last=folded("last_name"), other="host_id"
    )
    same = leavers.join(people, on=["first", "last", "now_mail"])
    return same.sort("host_id", "other").unique("host_id", keep="first", maintain_order=True)
