"""Every account sorted: matched by Host ID, sure, likely, several candidates, a duplicate, or nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PARKED, findings
from reconciler.match.candidates import PAIR, as_compared, near_candidates, plain_candidates
from reconciler.match.judge import judge_pairs

if TYPE_CHECKING:
    from reconciler.model import Directory, Roster

SUGGESTIONS = {
    "old_host_id": pl.String,
    "new_host_id": pl.String,
    "member_type": pl.String,
    "verdict": pl.String,
    "score": pl.Int64,
    "evidence": pl.String,
}
VERDICTS = ("sure", "likely", "several", "duplicate", "none")
WORTH, SECOND, LEAD, MOST = 40, 50, 15, 5
"""The least score of a suggestion, and of one for somebody who is matched already; by how much the best must
lead to be the only one; how many are listed."""


@dataclass(frozen=True, slots=True)
class Matching:
    """What was found of each account that is nobody's yet."""

    suggestions: pl.DataFrame
    """SUGGESTIONS: a row an account, or several where there are several candidates."""
    counts: Mapping[str, int]
    """Accounts by what they are: `matched`, `decided`, and each verdict; and `people` without an account."""
    findings: pl.DataFrame
    """`duplicate-account`."""


def match_accounts(roster: Roster, current: Directory) -> Matching:
    """Hold every account against the people of the SIS. Nothing that comes of it applies itself.

    What the crosswalk says already is not asked again. Relatives speak for people, once they are matched
    themselves: by Host ID, by the crosswalk, for sure, or because nobody else has their name.
    """
    walk = roster.crosswalk
    accepted = walk.filter(pl.col("decision").is_in(["accept", "keep_old"]))
    # What it says of an account that is not there speaks for no other.
    accepted = accepted.filter(pl.col("old_host_id").is_in(current.users["host_id"].implode()))
    decided = walk.filter(pl.col("decision").is_in(["accept", "keep_old", "set_aside"]))["old_host_id"]
    people = roster.people
    known = current.users["host_id"].is_in(people["host_id"].implode())
    # A plan has parked an account: it is on its way to its own Host ID, or set aside for good.
    named = current.users["host_id"].is_in(decided.implode()) | current.users["host_id"].str.starts_with(
        PARKED
    )
    accounts = current.users.filter(~known & ~named)
    pairs = pl.concat(
        [
            current.users.filter(known).select(account="host_id", person="host_id"),
            accepted.select(account="old_host_id", person="new_host_id"),
        ]
    )
    left, right = as_compared(accounts), as_compared(people)
    rejected = walk.filter(decision="reject").select(account="old_host_id", person="new_host_id")
    plain = plain_candidates(left, right).join(rejected, on=["account", "person"], how="anti")
    judged = judge_pairs(plain, left, right, _relatives(pairs, roster, current))
    sure = _alone(judged.filter("certain"), pairs)
    namesakes = _alone(judged.filter("same_name"), pairs).join(sure, on="account", how="anti")
    namesakes = namesakes.join(sure, on="person", how="anti")
    holders = pl.concat([pairs, sure])
    relatives = _relatives(pl.concat([holders, namesakes]), roster, current)
    # Whoever is matched is looked for among those alone of the same name or e-mail.
    still = left.join(sure.select(host_id="account"), on="host_id", how="anti")
    free = right.filter(~pl.col("host_id").is_in(holders["person"].implode()))
    near = pl.concat([near_candidates(still, free), _among(relatives, still, free)])
    near = near.join(rejected, on=["account", "person"], how="anti")
    judged = judge_pairs(pl.concat([plain, near]).unique(), left, right, relatives)
    suggestions = _sort_out(accounts, judged, sure, holders, current)
    by_verdict = dict(suggestions.unique("old_host_id").group_by("verdict").agg(pl.len()).rows())
    taken = pl.concat([pairs["person"], sure["person"]])
    return Matching(
        suggestions,
        {
            "matched": int(known.sum()),
            "decided": int((named & ~known).sum()),
            **{verdict: by_verdict.get(verdict, 0) for verdict in VERDICTS},
            "people": people.filter(~pl.col("host_id").is_in(taken.implode()))["host_id"].n_unique(),
        },
        _duplicates(suggestions),
    )


def _among(pairs: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    theirs = pairs.join(accounts.select(account="host_id"), on="account", how="semi")
    return theirs.join(people.select(person="host_id"), on="person", how="semi").select(list(PAIR))


def _relatives(pairs: pl.DataFrame, roster: Roster, current: Directory) -> pl.DataFrame:
    """`account, person, relatives`: pairs of whom so many relatives are pairs that are matched."""
    links = {
        "account": current.relationships.select(child="student_host_id", parent="parent_host_id"),
        "person": roster.relationships.select(child="student_host_id", parent="parent_host_id"),
    }
    found = []
    for end, other in (("child", "parent"), ("parent", "child")):
        ours = links["account"].rename({end: "account", other: "relative"})
        theirs = links["person"].rename({end: "person", other: "their_relative"})
        through = ours.join(pairs, left_on="relative", right_on="account").rename(
            {"person": "their_relative"}
        )
        found.append(through.join(theirs, on="their_relative").select("account", "person"))
    return pl.concat(found).group_by("account", "person").agg(relatives=pl.len().cast(pl.Int64))


def _alone(judged: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs that have no other such partner on either side, and whose person is not matched yet."""
    some = judged.select("account", "person")
    alone = some.filter(~pl.col("account").is_duplicated() & ~pl.col("person").is_duplicated())
    return alone.filter(~pl.col("person").is_in(pairs["person"].implode()))


def _sort_out(
    accounts: pl.DataFrame,
    judged: pl.DataFrame,
    sure: pl.DataFrame,
    holders: pl.DataFrame,
    current: Directory,
) -> pl.DataFrame:
    taken = pl.col("person").is_in(holders["person"].implode())
    # Who is matched, or sure of another account, is a candidate only where nearly everything agrees.
    second = pl.col("same_name") & (pl.col("score") >= SECOND)
    worth = pl.col("certain") | pl.when(taken).then(second).otherwise(pl.col("score") >= WORTH)
    others = judged.filter(worth).join(sure, on="account", how="anti")
    best = pl.col("score").max().over("account")
    near = others.filter(pl.col("score") > best - LEAD)
    ranked = near.sort(["account", "score", "person"], descending=[False, True, False])
    ranked = ranked.group_by("account", maintain_order=True).head(MOST)
    rivals = pl.len().over("account") > 1
    contested = pl.len().over("person") > 1
    sorted_out = ranked.with_columns(
        verdict=pl.when(rivals)
        .then(pl.lit("several"))
        .when(taken)
        .then(pl.lit("duplicate"))
        .when(contested)
        .then(pl.lit("several"))
        .otherwise(pl.lit("likely"))
    )
    certain = judged.join(sure, on=["account", "person"], how="semi").with_columns(verdict=pl.lit("sure"))
    suggested = pl.concat([certain, sorted_out]).select("account", "person", "verdict", "score", "evidence")
    every = accounts.filter("active").select(account="host_id")
    alone = every.join(suggested, on="account", how="anti").select(
        "account", person=pl.lit(""), verdict=pl.lit("none"), score=pl.lit(0, pl.Int64), evidence=pl.lit("")
    )
    rows = pl.concat([suggested, alone]).join(
        accounts.select("member_type", account="host_id"), on="account", how="left"
    )
    told = _tell_both(rows, holders, current)
    order = pl.col("verdict").replace_strict(
        {name: n for n, name in enumerate(VERDICTS)}, return_dtype=pl.Int8
    )
    return told.sort(order, "account", pl.col("score").neg(), "person").select(
        old_host_id="account",
        new_host_id="person",
        member_type="member_type",
        verdict="verdict",
        score="score",
        evidence="evidence",
    )


def _tell_both(rows: pl.DataFrame, holders: pl.DataFrame, current: Directory) -> pl.DataFrame:
    """The rows, duplicates with what there is of both accounts: their own, and the one matched before."""
    first = holders.unique("person", keep="first", maintain_order=True)
    seats = current.memberships.group_by("host_id").agg(seats=pl.len())
    opt_out = pl.when("opt_out").then(pl.lit("opt-out")).otherwise(pl.lit("no opt-out"))
    active = pl.when("active").then(pl.col("status")).otherwise(pl.lit("inactive"))
    about = current.users.join(seats, on="host_id", how="left").select(
        "host_id",
        words=pl.format("{}, {}, {}, {} memberships", active, "role", opt_out, pl.col("seats").fill_null(0)),
    )
    both = rows.join(about.rename({"words": "old"}), left_on="account", right_on="host_id", how="left")
    theirs = first.join(about.rename({"words": "new"}), left_on="account", right_on="host_id")
    both = both.join(theirs.drop("account"), on="person", how="left")
    told = pl.format("{}; this account: {}; that of {}: {}", "evidence", "old", "person", "new")
    is_duplicate = pl.col("verdict") == "duplicate"
    return both.with_columns(evidence=pl.when(is_duplicate).then(told).otherwise("evidence"))


def _duplicates(suggestions: pl.DataFrame) -> pl.DataFrame:
    return findings(
        suggestions.filter(verdict="duplicate"),
        "duplicate-account",
        pl.format("looks like a second account of {} ({})", "new_host_id", "evidence"),
        host_id="old_host_id",
        others=pl.col("new_host_id"),
    )
