"""Memberships and relationships: what the SIS asks for, what a sync made, and what people added by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import equals_any, piled, rows_where, where, with_values
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
from reconciler.keys import flags, is_among, is_one_of, pairs, put
from reconciler.model import Unchanged
from reconciler.resolve.origins import tell_links, tell_seats
from reconciler.resolve.protect import spared_groups

if TYPE_CHECKING:
    from reconciler.frames import Schema
    from reconciler.model import Capabilities, Desired, Directory, Roster, School
    from reconciler.resolve.groups import ResolvedGroups

_PAIR = ["student_host_id", "parent_host_id"]
_SEAT = ["group_key", "host_id"]
_WHY_LINKED = pl.lit("a contact with access in the SIS").alias("reason")


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
        return piled([where(self.unchanged.frame[ends], self.unchanged.which), self.after[ends]])


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

    @property
    def apart(self) -> pl.Series:
        """Those who get no link that is not there."""
        return pl.concat([self.absent, self.held])


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
    possible = (
        is_one_of(wanted["group_key"], groups.groups["key"])
        & ~is_one_of(wanted["group_key"], groups.closed)
        & ~is_one_of(wanted["host_id"], people.apart)
    )
    unchanged, undesired, new = _compare(there, wanted, possible, _SEAT)
    if "memberships" not in can.kinds:
        return _as_they_are(there, RESOLVED_MEMBERSHIPS, "memberships", new.height)
    undesired = _of_which_groups(undesired, groups)
    stays = _membership_stays(undesired, people, school)
    kept, not_removed = _keep(undesired, stays, "memberships", can, additions_only=additions_only)
    found = findings(
        where(kept, (kept["origin"] == "hand") & kept["ours"]),
        "hand-added",
        pl.format("was added to {} by hand, and stays", "group_key"),
    )
    return Settled(
        unchanged=unchanged,
        before=undesired,
        after=stack([new, with_values(kept, reason="")], RESOLVED_MEMBERSHIPS),
        findings=piled([found, not_removed, spared_groups(wanted, there, groups.closed)]),
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
    # Of a student who is held, it may not be clear whose child it is.
    apart = [is_one_of(wanted[end], people.apart) for end in _PAIR]
    possible = ~(apart[0] | apart[1])
    there = tell_links(current.relationships, roster.people["host_id"])
    unchanged, undesired, new = _compare(there, wanted, possible, _PAIR)
    if "relationships" not in can.kinds:
        return _as_they_are(there, RESOLVED_RELATIONSHIPS, "relationships", new.height)
    stays = _relationship_stays(undesired, roster, people, school)
    kept, not_removed = _keep(undesired, stays, "relationships", can, additions_only=additions_only)
    found = findings(
        where(kept, (kept["origin"] == "hand") & ~is_one_of(kept["student_host_id"], people.gone)),
        "hand-added",
        pl.format("was linked to the parent {} by hand; the link stays", "parent_host_id"),
        host_id="student_host_id",
        others=pl.col("parent_host_id"),
    )
    return Settled(
        unchanged=unchanged,
        before=undesired,
        after=piled([new[_PAIR], kept[_PAIR]]).with_columns(_WHY_LINKED),
        findings=piled([found, not_removed]),
    )


def not_held(kind: str, lost: int) -> pl.DataFrame:
    """`not-carried` for objects of a kind that the directory does not hold."""
    if not lost:
        return empty(FINDINGS)
    return one_finding("not-carried", f"the directory holds no {kind}: {lost:,} are left out")


def children_frozen(current: Directory, frozen_students: pl.Series) -> pl.Series:
    """The parents, as the directory has them, of students whose memberships stay."""
    return _parents_of(frozen_students, current)["parent_host_id"]


def parents_among(current: Directory, students: pl.Series, member_type: str) -> pl.Series:
    """Those whose account has the member type, and whom the directory has as parents of these students."""
    if not students.len():
        return students
    parents = _parents_of(students, current)["parent_host_id"]
    users = current.users
    return users["host_id"].filter(
        is_one_of(users["host_id"], parents) & (users["member_type"] == member_type)
    )


def parents_unlinked(current: Directory, roster: Roster) -> pl.Series:
    """Parents, as the directory has them, whose link the SIS may have lost with a contact's id."""
    students = roster.held["host_id"].filter(roster.held["scope"] == "parents")
    if not students.len():
        return students
    there = _parents_of(students, current)
    return there.join(roster.relationships, on=_PAIR, how="anti")["parent_host_id"]


def _parents_of(students: pl.Series, current: Directory) -> pl.DataFrame:
    """Current relationships of these students."""
    links = current.relationships
    return where(links[_PAIR], is_one_of(links["student_host_id"], students))


def _compare(
    there: pl.DataFrame, wanted: pl.DataFrame, possible: pl.Series, on: list[str]
) -> tuple[Unchanged, pl.DataFrame, pl.DataFrame]:
    """Links that are there and wanted; those that are only there; and those that are only wanted.

    Of the wanted ones, those alone that are possible.
    """
    if there.is_empty():
        return Unchanged(there, flags(0)), there, where(wanted, possible)
    found = pairs(there[on], wanted[on])
    found = where(found, possible[found["right"]])
    both, come = flags(there.height, found["left"]), flags(wanted.height, found["right"])
    return Unchanged(there, both), where(there, ~both), where(wanted, possible & ~come)


def _as_they_are(there: pl.DataFrame, schema: Schema, kind: str, lost: int) -> Settled:
    """Links of a kind that the directory does not take from us."""
    everything = Unchanged(there, pl.repeat(value=True, n=there.height, dtype=pl.Boolean, eager=True))
    return Settled(everything, there.clear(), empty(schema), not_held(kind, lost))


def _under_final_keys(current: Directory, groups: ResolvedGroups) -> pl.DataFrame:
    """Current memberships under their groups' final keys, which most groups have already."""
    keys, now = groups.keys["key"], current.groups["key"]
    if is_one_of(keys, now.filter(now != "")).all():  # a group that is adopted gets one that none had
        return current.memberships
    final = groups.keys.select("group_target_id", final=group_label("key", "group_target_id"))
    was = current.groups.select("key", group_target_id="target_id")
    other = final.join(was, on="group_target_id").filter(pl.col("final") != pl.col("key"))
    theirs = current.memberships["group_target_id"]
    rows = rows_where(is_one_of(theirs, other["group_target_id"]))
    finals = theirs[rows].to_frame().join(other, on="group_target_id", how="left", maintain_order="left")
    return put(current.memberships, rows, finals.select(group_key="final"))


def _of_which_groups(memberships: pl.DataFrame, groups: ResolvedGroups) -> pl.DataFrame:
    """Adds whether each membership's group is ours, and whether it is retired."""
    keys, theirs = groups.keys, memberships["group_target_id"]
    ours, retired = (
        is_one_of(theirs, keys["group_target_id"].filter(keys[flag])) for flag in ("ours", "retired")
    )
    return with_values(memberships, ours=ours, retired=retired)


def _membership_stays(undesired: pl.DataFrame, people: People, school: School) -> pl.Series:
    """Whether a membership stays though the SIS does not ask for it."""
    stays = ~undesired["ours"] | equals_any(undesired["origin"], ("hand", LED))
    if school.groups.retired == "keep":
        stays |= undesired["retired"]
    for staying in (people.foreign, people.held, people.frozen):
        stays |= is_one_of(undesired["host_id"], staying)
    return stays


def _relationship_stays(undesired: pl.DataFrame, roster: Roster, people: People, school: School) -> pl.Series:
    """Whether a relationship stays though the SIS does not ask for it."""
    students, parents = (undesired[end] for end in _PAIR)
    stays = is_one_of(students, people.doubtful) & is_one_of(parents, people.staff_parents)
    stays |= undesired["origin"] == "hand"
    for staying in (people.gone, people.held, people.unlinkable):
        stays |= is_one_of(students, staying)
    for staying in (people.held, people.foreign):
        stays |= is_one_of(parents, staying)
    if school.exclude.existing == "hold" and roster.kept_out.height:
        stays |= is_among(undesired[_PAIR], roster.kept_out[_PAIR])
    return stays


def _keep(
    undesired: pl.DataFrame, stays: pl.Series, kind: str, can: Capabilities, *, additions_only: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What stays though the SIS does not ask for it, and `not-carried` for what cannot be removed."""
    if additions_only:
        return undesired, empty(FINDINGS)
    if can.remove:
        return where(undesired, stays), empty(FINDINGS)
    stuck = int((~stays).sum())
    if not stuck:
        return undesired, empty(FINDINGS)
    return undesired, one_finding("not-carried", f"{stuck:,} {kind} cannot be removed in this directory")
