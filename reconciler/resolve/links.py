"""Memberships and relationships: what the SIS asks for, what a sync made, and what people added by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import (
    FINDINGS,
    LED,
    RESOLVED_MEMBERSHIPS,
    RESOLVED_RELATIONSHIPS,
    empty,
    findings,
    group_label,
    one_finding,
    stack,
)
from reconciler.keys import flags, listed, one_of, pairs, put
from reconciler.model import Unchanged
from reconciler.resolve.origins import tell_links, tell_seats
from reconciler.resolve.protect import spared_groups

if TYPE_CHECKING:
    from reconciler.frames import Schema
    from reconciler.model import Capabilities, Desired, Directory, Roster, School
    from reconciler.resolve.groups import ResolvedGroups

_PAIR = ["student_host_id", "parent_host_id"]
_SEAT = ["group_key", "host_id"]


@dataclass(frozen=True, slots=True)
class Settled:
    """Links of one kind, as a Resolution has them, and what was found about them."""

    unchanged: Unchanged
    before: pl.DataFrame
    after: pl.DataFrame
    findings: pl.DataFrame

    def resolved(self) -> pl.DataFrame:
        """All of them as apply should leave them, by their ends alone."""
        ends = [name for name in self.after.columns if name != "reason"]
        return self.unchanged.rows.select(ends).vstack(self.after.select(ends))


@dataclass(frozen=True, slots=True)
class People:
    """What links need to know of the accounts, each as a column of Host IDs; few of all, as a rule."""

    absent: pl.Series
    """People who have no account once the plan is applied."""
    held: pl.Series
    """Accounts that stay as they are."""
    frozen: pl.Series
    """Accounts whose memberships stay as they are, though the account follows the SIS."""
    unlinkable: pl.Series
    """Students whose links the export cannot tell: they stay as they are."""
    doubtful: pl.Series
    """Students of whom it cannot be told whether one of `staff_parents` is still a parent."""
    staff_parents: pl.Series
    foreign: pl.Series
    """Accounts that are not ours."""
    gone: pl.Series
    """Accounts of nobody who is eligible."""


def settle_memberships(  # noqa: PLR0913 - a membership depends on both of its ends and on the settings
    desired: Desired,
    current: Directory,
    groups: ResolvedGroups,
    people: People,
    links: pl.DataFrame,
    school: School,
    can: Capabilities,
    *,
    additions_only: bool,
) -> Settled:
    """Memberships, and `hand-added`; `links` are the relationships that there will be."""
    there = tell_seats(_under_final_keys(current, groups), desired.directory, current, links)
    wanted = desired.directory.memberships
    possible = wanted.select(
        one_of("group_key", groups.groups["key"])
        & ~one_of("group_key", groups.closed)
        & ~one_of("host_id", people.absent)
        & ~one_of("host_id", people.held)
    ).to_series()
    unchanged, undesired, new = _compare(there, wanted, possible, _SEAT)
    if "memberships" not in can.kinds:
        return _as_they_are(there, RESOLVED_MEMBERSHIPS, "memberships", new.height)
    undesired = _of_which_groups(undesired, groups)
    stays = (
        ~pl.col("ours")
        | pl.col("origin").is_in(["hand", LED])
        | (pl.col("retired") & pl.lit(school.groups.retired == "keep"))
        | one_of("host_id", people.foreign)
        | one_of("host_id", people.held)
        | one_of("host_id", people.frozen)
    )
    kept, not_removed = _keep(undesired, stays, "memberships", can, additions_only=additions_only)
    by_hand = kept.filter((pl.col("origin") == "hand") & pl.col("ours"))
    found = findings(
        by_hand.sort("group_key", "host_id"),
        "hand-added",
        pl.format("was added to {} by hand, and stays", "group_key"),
    )
    return Settled(
        unchanged=unchanged,
        before=undesired,
        after=stack([new, kept.with_columns(reason=pl.lit(""))], RESOLVED_MEMBERSHIPS),
        findings=pl.concat([found, not_removed, spared_groups(wanted, there, groups.closed)]),
    )


def settle_relationships(  # noqa: PLR0913 - as for memberships
    desired: Desired,
    current: Directory,
    roster: Roster,
    people: People,
    school: School,
    can: Capabilities,
    *,
    additions_only: bool,
) -> Settled:
    """Relationships, and `hand-added`.

    A link goes where the student is at the school and the SIS no longer has it. A student who left keeps
    theirs: whose child somebody is does not change with the school.
    """
    wanted = desired.directory.relationships
    possible = wanted.select(
        ~one_of("student_host_id", people.absent)
        & ~one_of("parent_host_id", people.absent)
        & ~one_of("parent_host_id", people.held)
        & ~one_of("student_host_id", people.held)  # of whom it may not be clear whose child it is
    ).to_series()
    there = tell_links(current.relationships, roster.people["host_id"])
    unchanged, undesired, new = _compare(there, wanted, possible, _PAIR)
    if "relationships" not in can.kinds:
        return _as_they_are(there, RESOLVED_RELATIONSHIPS, "relationships", new.height)
    stays = _relationship_stays(roster, people, school)
    kept, not_removed = _keep(undesired, stays, "relationships", can, additions_only=additions_only)
    by_hand = kept.filter((pl.col("origin") == "hand") & ~one_of("student_host_id", people.gone))
    found = findings(
        by_hand.sort(_PAIR),
        "hand-added",
        pl.format("was linked to the parent {} by hand; the link stays", "parent_host_id"),
        host_id="student_host_id",
        others=pl.col("parent_host_id"),
    )
    reason = pl.lit("a contact with access in the SIS")
    return Settled(
        unchanged=unchanged,
        before=undesired,
        after=pl.concat([new.select(*_PAIR, reason=reason), kept.select(*_PAIR, reason=reason)]),
        findings=pl.concat([found, not_removed]),
    )


def not_held(kind: str, lost: int) -> pl.DataFrame:
    """`not-carried` for objects of a kind that the directory does not hold."""
    if not lost:
        return empty(FINDINGS)
    return one_finding("not-carried", f"the directory holds no {kind}: {lost:,} are left out")


def children_frozen(current: Directory, frozen_students: pl.Series) -> pl.Series:
    """The parents, as the directory has them, of students whose memberships stay."""
    return current.relationships.filter(one_of("student_host_id", frozen_students))["parent_host_id"].unique()


def parents_among(current: Directory, students: pl.Series, member_type: str) -> pl.Series:
    """Those whose account has the member type, and whom the directory has as parents of these students."""
    parents = current.relationships.filter(one_of("student_host_id", students))["parent_host_id"]
    accounts = current.users.select("host_id", "member_type").filter(one_of("host_id", parents))
    return accounts.filter(member_type=member_type)["host_id"]


def parents_unlinked(current: Directory, roster: Roster) -> pl.Series:
    """Parents, as the directory has them, whose link the SIS may have lost with a contact's id."""
    students = roster.held.filter(scope="parents")["host_id"]
    if not students.len():
        return students
    there = current.relationships.filter(one_of("student_host_id", students))
    return there.join(roster.relationships, on=_PAIR, how="anti")["parent_host_id"].unique()


def _compare(
    there: pl.DataFrame, wanted: pl.DataFrame, possible: pl.Series, on: list[str]
) -> tuple[Unchanged, pl.DataFrame, pl.DataFrame]:
    """Links that are there and wanted; those that are only there; and those that are only wanted.

    Of the wanted ones, those alone that are possible.
    """
    found = pairs(there.select(on), wanted.select(on))
    found = found.filter(possible[found["right"]])
    both, come = flags(there.height, found["left"]), flags(wanted.height, found["right"])
    return Unchanged(there, both), there.filter(~both), wanted.filter(possible & ~come)


def _as_they_are(there: pl.DataFrame, schema: Schema, kind: str, lost: int) -> Settled:
    """Links of a kind that the directory does not take from us."""
    everything = Unchanged(there, pl.repeat(value=True, n=there.height, dtype=pl.Boolean, eager=True))
    return Settled(everything, there.clear(), empty(schema), not_held(kind, lost))


def _under_final_keys(current: Directory, groups: ResolvedGroups) -> pl.DataFrame:
    """Current memberships under their groups' final keys, which most groups have already."""
    final = groups.keys.select("group_target_id", final=group_label("key", "group_target_id"))
    now = current.groups.select("key", group_target_id="target_id")
    other = final.join(now, on="group_target_id").filter(pl.col("final") != pl.col("key"))
    if not other.height:
        return current.memberships
    theirs = current.memberships["group_target_id"]
    rows = theirs.is_in(listed(other["group_target_id"])).arg_true()
    keys = theirs[rows].to_frame().join(other, on="group_target_id", how="left", maintain_order="left")
    return put(current.memberships, rows, keys.select(group_key="final"))


def _of_which_groups(memberships: pl.DataFrame, groups: ResolvedGroups) -> pl.DataFrame:
    """Adds whether each membership's group is ours, and whether it is retired."""
    about = groups.keys.select("group_target_id", "ours", "retired")
    there = memberships.join(about, on="group_target_id", how="left", maintain_order="left")
    return there.with_columns(pl.col("ours", "retired").fill_null(value=False))


def _relationship_stays(roster: Roster, people: People, school: School) -> pl.Expr:
    """Whether a relationship stays though the SIS does not ask for it."""
    stays = (
        (pl.col("origin") == "hand")
        | one_of("student_host_id", people.gone)
        | one_of("student_host_id", people.held)
        | one_of("student_host_id", people.unlinkable)
        | (one_of("student_host_id", people.doubtful) & one_of("parent_host_id", people.staff_parents))
        | one_of("parent_host_id", people.held)
        | one_of("parent_host_id", people.foreign)
    )
    if school.exclude.existing == "hold" and roster.kept_out.height:
        out = roster.kept_out.select(pl.concat_str(_PAIR, separator="\n"))["student_host_id"]
        stays = stays | pl.concat_str(_PAIR, separator="\n").is_in(listed(out))
    return stays


def _keep(
    undesired: pl.DataFrame, stays: pl.Expr, kind: str, can: Capabilities, *, additions_only: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What stays though the SIS does not ask for it, and `not-carried` for what cannot be removed."""
    if additions_only:
        return undesired, empty(FINDINGS)
    if can.remove:
        return undesired.filter(stays), empty(FINDINGS)
    stuck = undesired.filter(~stays).height
    found = (
        [one_finding("not-carried", f"{stuck:,} {kind} cannot be removed in this directory")] if stuck else []
    )
    return undesired, pl.concat([empty(FINDINGS), *found])
