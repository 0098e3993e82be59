"""Somebody new who looks like an account that would be left behind: nobody decides that but the school."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, where, with_values
from reconciler.frames import FINDINGS, empty, findings, folded, one_finding
from reconciler.keys import is_among, is_one_of, one_of

if TYPE_CHECKING:
    from reconciler.model import Directory, Roster, School

_PAIR = {"host_id": pl.String, "account": pl.String}
_SAID = "the crosswalk says whether it is: accept, or reject"


def hold_lookalikes(
    frame: pl.DataFrame, roster: Roster, current: Directory
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keeps leavers whom somebody new looks like, and those people out; and `looks-like-existing`."""
    pairs = _alike(frame, where(frame, frame["leaves"] & ~frame["aside"]), roster, current)
    if pairs.is_empty():
        return frame, empty(FINDINGS)
    found = findings(
        pairs,
        "looks-like-existing",
        pl.format(f"looks like the account {{}}, which is about to leave; {_SAID}", "account"),
        others=pl.col("account"),
    )
    left = is_one_of(frame["host_id"], pairs["account"])
    new = is_one_of(frame["host_id"], pairs["host_id"])
    return with_values(
        frame,
        leaves=frame["leaves"] & ~left,
        held=frame["held"] | left,
        refused=choose(new, "looks-like-existing", frame["refused"]),
    ), found


def find_left_behind(frame: pl.DataFrame, roster: Roster, current: Directory, school: School) -> pl.DataFrame:
    """FINDINGS about active accounts that are nobody's: an error where the school returns.

    There every one of them has to be matched or set aside first.
    """
    returns = school.onboarding == "returning"
    nobodys = frame["exists"] & ~frame["ours"] & ~frame["wanted"] & frame["now_active"]
    if not nobodys.any():
        return empty(FINDINGS)
    aside = roster.crosswalk.filter(decision="set_aside")["old_host_id"]
    behind = where(frame, nobodys & ~is_one_of(frame["host_id"], aside))
    pairs = _alike(frame, behind, roster, current)
    found = findings(
        pairs,
        "looks-like-existing",
        pl.format(f"looks like the account {{}}, which is nobody's; {_SAID}", "account"),
        others=pl.col("account"),
        level="error" if returns else "warning",
    )
    if not returns or behind.is_empty():
        return found
    counted = f"{behind.height:,} active accounts are neither matched nor set aside in the crosswalk"
    return pl.concat([one_finding("unmatched-accounts", counted, file=school.file), found])


def _alike(frame: pl.DataFrame, accounts: pl.DataFrame, roster: Roster, current: Directory) -> pl.DataFrame:
    """`host_id, account`: people without an account who look like one of these.

    They have the same member type and name, and nothing tells them apart: students have the same graduation
    year, as far as it is known; parents have a child in common.
    """
    if accounts.is_empty():
        return empty(_PAIR)
    # Somebody who is blocked today is created once that is mended: the account is theirs already.
    new = frame["wanted"] & ~frame["exists"] & ~frame["held"] & (frame["refused"] == "")
    if not new.any():
        return empty(_PAIR)
    pairs = _named(where(frame, new), "want").join(
        _named(accounts, "now").rename({"host_id": "account", "year": "other_year"}),
        on=["member_type", "first", "last"],
    )
    if pairs.is_empty():
        return empty(_PAIR)
    years = (pl.col("year") == pl.col("other_year")) | (pl.col("year") == "") | (pl.col("other_year") == "")
    pairs = pairs.filter((pl.col("member_type") != "student") | years)
    pairs = pairs.filter((pl.col("member_type") != "parent") | _share_a_child(pairs, roster, current))
    rejected = roster.crosswalk.filter(decision="reject").select(account="old_host_id", host_id="new_host_id")
    pairs = pairs.join(rejected, on=["account", "host_id"], how="anti")
    return pairs.select("host_id", "account").sort("host_id", "account")


def _named(people: pl.DataFrame, side: str) -> pl.DataFrame:
    named = people.select(
        "host_id",
        member_type=f"{side}_member_type",
        first=folded(f"{side}_first_name"),
        last=folded(f"{side}_last_name"),
        year=f"{side}_grad_year",
    )
    return named.filter(pl.col("first") != "", pl.col("last") != "")


def _share_a_child(pairs: pl.DataFrame, roster: Roster, current: Directory) -> pl.Series:
    children = roster.relationships.filter(one_of("parent_host_id", pairs["host_id"]))
    known = current.relationships.filter(one_of("parent_host_id", pairs["account"]))
    common = children.select(child="student_host_id", host_id="parent_host_id").join(
        known.select(child="student_host_id", account="parent_host_id"), on="child"
    )
    return is_among(pairs.select("host_id", "account"), common.select("host_id", "account"))
