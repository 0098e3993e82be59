"""Accounts that get another Host ID: seen under it from the first, so that what is theirs follows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import equals_any, piled, where
from reconciler.frames import FINDINGS, PARKED, empty, findings, folded, matches
from reconciler.keys import is_one_of, listed, one_of
from reconciler.rekeying import under_final_ids
from reconciler.resolve.accounts import held_accounts, owned
from reconciler.resolve.possible import settle_moves
from reconciler.resolve.said import ASIDE, MOVES, moves_said, without_account

if TYPE_CHECKING:
    from reconciler.model import Directory, Roster, School

_REASONS = {
    "prefix": "its Host ID follows the new prefix",
    "parked": "its Host ID was parked on the way to this one",
    "side": "the same person, now a {}",
}
_SIDES = ("staff", "parent")
_PAIR = ("was", "side", "host_id", "member_type")
_GONE = dict.fromkeys(("side", "was", "first", "last", "mail"), pl.String)


@dataclass(frozen=True, slots=True)
class Moved:
    """The current directory under the Host IDs that its accounts get."""

    directory: Directory
    moves: pl.DataFrame
    """MOVES: which of its accounts had another one."""
    stuck: pl.Series
    """Host IDs of accounts that should get another one and cannot: they stay as they are."""
    findings: pl.DataFrame

    @property
    def aside(self) -> pl.Series:
        """Host IDs of second accounts that are set aside."""
        return self.moves["host_id"].filter(self.moves["reason"] == ASIDE)


def follow_moves(  # noqa: PLR0913 - both sides, and what binds them
    current: Directory,
    accounts: pl.DataFrame,
    people: pl.DataFrame,
    roster: Roster,
    school: School,
    *,
    additions_only: bool,
) -> Moved:
    """Whose Host ID changes: by the crosswalk, a previous prefix, a plan that was stopped, another side.

    `accounts` and `people` are those that are not alike. None gets a Host ID of an account that keeps it:
    that is `rekey-refused`. In a part of the school nobody has left, so none gets to another side.
    """
    said, stuck, found = moves_said(accounts, people, roster)
    wishes = [
        said,
        _by_prefix(accounts, roster, school),
        _unpark(accounts, said, stuck, current),
        empty(MOVES) if additions_only else _other_side(accounts, people, roster, school),
    ]
    moves = piled(wishes)
    if moves.height:
        moves = moves.unique("was", keep="first", maintain_order=True)
        moves = where(moves, ~is_one_of(moves["was"], stuck["was"]))
    if moves.is_empty() and roster.crosswalk.is_empty():
        return Moved(current, moves, stuck["was"], found)
    possible, refused = settle_moves(moves, accounts, people, current, roster, school)
    left = moves["was"].filter(~moves["was"].is_in(listed(possible["was"])))
    moved = under_final_ids(current, possible) if possible.height else current
    ids = current.users["host_id"], moved.users["host_id"]
    waiting, told = without_account(*ids, people, roster)
    return Moved(
        moved,
        possible,
        pl.concat([stuck["was"], left, waiting]),
        pl.concat([found, *refused, told]),
    )


def give_reasons(frame: pl.DataFrame, moved: Moved) -> pl.DataFrame:
    """The frame with the reason of each move, where a change has no other; one set aside has only that."""
    if not moved.moves.height:
        return frame
    theirs = frame.select("host_id").join(
        moved.moves.select("host_id", why="reason"), on="host_id", how="left", maintain_order="left"
    )
    why = theirs["why"].fill_null("")
    bare = (pl.col("reason") == "") | pl.col("aside")
    return frame.with_columns(reason=pl.when(bare & (why != "")).then(why).otherwise("reason"))


def opted_out(moved: Moved) -> pl.DataFrame:
    """`opt-out-aside` for each account that is kept, while the one set aside alone has an opt-out."""
    second = where(moved.moves, moved.moves["reason"] == ASIDE)
    if not second.height:
        return empty(FINDINGS)
    users = moved.directory.users.select("host_id", "opt_out")
    pairs = second.select(aside="host_id", host_id="was").join(
        moved.moves.select("host_id", kept="was"), on="host_id"
    )
    pairs = pairs.join(users.rename({"host_id": "aside", "opt_out": "theirs"}), on="aside")
    pairs = pairs.join(users, on="host_id")
    return findings(
        pairs.filter(pl.col("theirs") & ~pl.col("opt_out")),
        "opt-out-aside",
        pl.format("is kept, and has no opt-out; {}, which is set aside, has one", "host_id"),
        host_id="kept",
        others=pl.col("host_id"),
    )


def _by_prefix(accounts: pl.DataFrame, roster: Roster, school: School) -> pl.DataFrame:
    """Accounts whose Host ID has a previous prefix of their member type.

    Not those that are held, by the old Host ID or the new one, nor those of whom the crosswalk says no.
    """
    if not school.identity.previous_prefixes or accounts.is_empty():
        return empty(MOVES)
    found = [empty(MOVES)]
    held = held_accounts(roster)
    for member, rules in school.members.items():
        for prefix in school.identity.previous_prefixes.get(member, ()):
            theirs = accounts.filter(
                pl.col("member_type") == member,
                matches(pl.col("host_id"), replace(rules, prefix=prefix).host_id_pattern),
                ~matches(pl.col("host_id"), rules.host_id_pattern),
                ~one_of("host_id", held),
            )
            final = pl.lit(rules.prefix) + pl.col("host_id").str.slice(len(prefix))
            found.append(_moves(theirs.filter(~final.is_in(listed(held))), final, "prefix"))
    return _without_rejected(pl.concat(found), roster)


def _unpark(
    accounts: pl.DataFrame, said: pl.DataFrame, stuck: pl.DataFrame, current: Directory
) -> pl.DataFrame:
    """Accounts that a plan has parked, and was stopped before it could give them their Host ID.

    One whose Host ID another account keeps, or gets by the crosswalk, was set aside for good: it is ours, and
    stays where it is, so that what is left of its memberships goes.
    """
    if accounts.is_empty():
        return empty(MOVES)
    parked = where(accounts[["host_id"]], accounts["host_id"].str.starts_with(PARKED))
    if parked.is_empty():
        return empty(MOVES)
    final = pl.col("host_id").str.slice(len(PARKED))
    # One that should move and cannot keeps nobody's Host ID for good.
    moving = pl.concat([said["was"], stuck["was"]])
    keeps = current.users["host_id"].filter(~current.users["host_id"].is_in(listed(moving)))
    aside = final.is_in(listed(keeps)) | final.is_in(listed(said["host_id"]))
    for_good = parked.filter(aside).select(
        was="host_id", host_id="host_id", reason=pl.lit(ASIDE), file=pl.lit(""), line=pl.lit(0, pl.UInt32)
    )
    return pl.concat([_moves(parked.filter(~aside), final, "parked"), for_good])


def _other_side(accounts: pl.DataFrame, people: pl.DataFrame, roster: Roster, school: School) -> pl.DataFrame:
    """Staff who have left and stay as parents, or the reverse.

    They are known by the school's own list, or by the same name and e-mail, as for a merge.
    """
    gone = _sides_gone(accounts, people, roster, school)
    if not gone.height:
        return empty(MOVES)
    either = equals_any(people["member_type"], _SIDES) & (people["blocked"] == "")
    new = where(people, either & ~is_one_of(people["host_id"], accounts["host_id"]))
    if new.is_empty():
        return empty(MOVES)
    new = new.select("mail", "host_id", "member_type", first=folded("first_name"), last=folded("last_name"))
    pairs = gone.join(_said_both_ways(roster), on="was").join(
        new.select("host_id", "member_type"), on="host_id"
    )
    pairs = pairs.select(*_PAIR)
    if school.identity.merge_staff_parents:
        whole = gone.filter(pl.col("first") != "", pl.col("last") != "", pl.col("mail") != "")
        pairs = pl.concat([pairs, whole.join(new, on=["first", "last", "mail"]).select(*_PAIR)])
    pairs = _without_rejected(pairs.filter(pl.col("side") != pl.col("member_type")).unique(), roster)
    words = pl.col("member_type").replace({"staff": "member of staff"})
    return pairs.sort("was", "host_id").select(
        "was",
        "host_id",
        reason=pl.format(_REASONS["side"], words),
        file=pl.lit(""),
        line=pl.lit(0, pl.UInt32),
    )


def _sides_gone(accounts: pl.DataFrame, people: pl.DataFrame, roster: Roster, school: School) -> pl.DataFrame:
    """`side, was, first, last, mail`: accounts of staff and parents of ours whom the SIS has no more.

    Not of those who are excluded, nor who may be there still: no row that lost its id has their name.
    """
    if not {"staff", "parent"} <= set(school.members):
        return empty(_GONE)
    gone = where(accounts, accounts["active"] & equals_any(accounts["member_type"], _SIDES))
    gone = where(gone, ~is_one_of(gone["host_id"], people["host_id"]))
    if gone.is_empty():
        return empty(_GONE)
    settled = pl.concat([_undecided(roster), roster.excluded])
    gone = where(gone, owned(gone, school) & ~is_one_of(gone["host_id"], settled))
    if gone.is_empty():
        return empty(_GONE)
    gone = gone.select(
        side="member_type",
        was="host_id",
        first=folded("first_name"),
        last=folded("last_name"),
        mail=folded("email"),
    )
    lost = roster.unidentified.rename({"member_type": "side"})
    return gone.join(lost, on=["side", "first", "last"], how="anti", maintain_order="left")


def _said_both_ways(roster: Roster) -> pl.DataFrame:
    """`was, host_id`: either side of each pair that the school says is one person, and the other one."""
    said = roster.same_person.unique()
    said = said.filter(~pl.col("staff_host_id").is_duplicated() & ~pl.col("parent_host_id").is_duplicated())
    staff, parent = said["staff_host_id"], said["parent_host_id"]
    return pl.DataFrame({"was": pl.concat([staff, parent]), "host_id": pl.concat([parent, staff])})


def _without_rejected(moves: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Moves (`was`, `host_id`) but those of two who are not one person, as the crosswalk says."""
    rejected = where(roster.crosswalk, roster.crosswalk["decision"] == "reject")
    if rejected.is_empty():
        return moves
    rejected = rejected.select(was="old_host_id", host_id="new_host_id")
    return moves.join(rejected, on=["was", "host_id"], how="anti", maintain_order="left")


def _moves(accounts: pl.DataFrame, final: pl.Expr, reason: str) -> pl.DataFrame:
    return accounts.select(
        was="host_id",
        host_id=final,
        reason=pl.lit(_REASONS[reason]),
        file=pl.lit(""),
        line=pl.lit(0, pl.UInt32),
    )


def _undecided(roster: Roster) -> pl.Series:
    """Those of whom it is not said that they have left."""
    return pl.concat([held_accounts(roster), roster.merged["parent_host_id"]])
