"""From what the SIS asks for and what is there to the directory as apply should leave it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import where, with_values
from reconciler.frames import (
    FINDINGS,
    PERSON_FIELDS,
    RESOLVED_USERS,
    check,
    empty,
    findings,
    one_finding,
    stack,
)
from reconciler.keys import is_one_of
from reconciler.model import Capabilities, Directory, Resolution, SchoolYear, Unchanged
from reconciler.resolve.accounts import match_accounts, refuse_accounts, set_aside_alike
from reconciler.resolve.emails import settle_emails
from reconciler.resolve.fields import settle_fields
from reconciler.resolve.groups import settle_groups
from reconciler.resolve.leavers import settle_activity
from reconciler.resolve.likeness import find_left_behind
from reconciler.resolve.links import (
    People,
    children_frozen,
    not_held,
    parents_among,
    parents_unlinked,
    settle_memberships,
    settle_relationships,
)
from reconciler.resolve.moves import follow_moves, give_reasons, opted_out
from reconciler.resolve.protect import hold_protected

if TYPE_CHECKING:
    from reconciler.model import Desired, DirectoryInfo, Roster, School
    from reconciler.resolve.links import Settled


@dataclass(frozen=True, slots=True)
class _Accounts:
    """People and accounts, as apply should leave them, and what was found about them."""

    frame: pl.DataFrame
    """One row a person or account about whom something had to be decided."""
    settled: pl.Series
    """True for each current user who is as the SIS has them already."""
    current: Directory
    """The current directory under the Host IDs that its accounts get."""
    loose: pl.Series
    """Parents whose link the SIS may have lost."""
    findings: list[pl.DataFrame]


def resolve(  # noqa: PLR0913 - both sides, and what binds them
    roster: Roster,
    desired: Desired,
    current: Directory,
    info: DirectoryInfo,
    school: School,
    can: Capabilities,
    *,
    additions_only: bool = False,
) -> Resolution:
    """The directory as apply should leave it: everything in it that is not ours stays word for word.

    `additions_only` is for a partial export: nobody leaves and nothing is removed.
    """
    as_it_is = current
    accounts = _settle_accounts(roster, current, school, can, additions_only=additions_only)
    frame, settled, current = accounts.frame, accounts.settled, accounts.current
    desired, unheld = _leave_out_groups(desired, current, can)
    groups = settle_groups(desired, current, school, years_before=info.school_year == str(school.school_year))
    people = _people(frame, roster, current, accounts.loose)
    relationships = settle_relationships(
        desired, current, roster, people, school, can, additions_only=additions_only
    )
    links = relationships.resolved() if "relationships" in can.kinds else roster.relationships
    memberships = settle_memberships(
        desired, current, groups, people, links, school, can, additions_only=additions_only
    )
    found = [*accounts.findings, unheld, groups.findings, memberships.findings, relationships.findings]
    found += [_school_year(info, school), _no_parent(frame, links, roster, school)]
    before, after = _sides(frame, as_it_is, settled, groups.groups, memberships, relationships)
    return Resolution(
        unchanged={
            "users": Unchanged(current.users, settled),
            "memberships": memberships.unchanged,
            "relationships": relationships.unchanged,
        },
        before=before,
        after=after,
        findings=stack([part for part in found if part.height], FINDINGS),
        unmanaged=_count_unmanaged(frame, current, groups.keys),
        active_users=int(settled.sum()) + int((frame["wanted"] & frame["lives"] & frame["active"]).sum()),
        populations=_count_ours(frame, current, settled, groups.keys),
    )


def _settle_accounts(
    roster: Roster, current: Directory, school: School, can: Capabilities, *, additions_only: bool
) -> _Accounts:
    """Whose account is whose, what its fields should be, and whether it should be active, step by step.

    An account that a step holds is left alone by those that follow.
    """
    settled, others = set_aside_alike(current.users, roster, school)
    unsettled = where(current.users, ~settled)
    moved = follow_moves(current, unsettled, others, roster, school, additions_only=additions_only)
    if moved.moves.height:
        current = moved.directory
        unsettled = where(current.users, ~settled)
    frame = match_accounts(unsettled, others, moved.moves["host_id"], roster, school)
    ids = frame["host_id"]
    frame = with_values(
        frame, aside=is_one_of(ids, moved.aside), held=frame["held"] | is_one_of(ids, moved.stuck)
    )
    frame, refused = refuse_accounts(frame, roster, current)
    frame, protected = hold_protected(frame, school)
    frame, kept = settle_fields(frame, roster, school, can)
    loose = parents_unlinked(current, roster)
    frame = with_values(frame, loose=is_one_of(ids, loose))
    frame, leavers = settle_activity(frame, roster, current, school, can, additions_only=additions_only)
    frame = give_reasons(frame, moved)
    behind = find_left_behind(frame, roster, current, school)  # whoever holds an e-mail counts too
    frame, taken = settle_emails(frame, school, can)
    frame, unchanged = _leave_out_users(frame, can)
    moves = [moved.findings, opted_out(moved)]
    found = [*moves, behind, refused, protected, kept, leavers, taken, unchanged]
    return _Accounts(frame, settled, current, loose, found)


def _sides(  # noqa: PLR0913 - each table of a directory, before and after
    frame: pl.DataFrame,
    current: Directory,
    settled: pl.Series,
    groups: pl.DataFrame,
    memberships: Settled,
    relationships: Settled,
) -> tuple[Directory, Directory]:
    """What of the current directory is not as the SIS has it, and what should become of that.

    Links stand under the Host IDs that accounts get, accounts before under those that they have.
    """
    users = where(frame[list(RESOLVED_USERS)], frame["lives"])
    before = Directory(
        users=where(current.users, ~settled),
        groups=current.groups,
        memberships=memberships.before,
        relationships=relationships.before,
    )
    return before, Directory(
        users=check(users, RESOLVED_USERS),
        groups=groups,
        memberships=memberships.after,
        relationships=relationships.after,
    )


def _leave_out_users(frame: pl.DataFrame, can: Capabilities) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Where the directory takes no users from us, its accounts as they are."""
    if "users" in can.kinds:
        return frame, empty(FINDINGS)
    now = {name: frame[f"now_{name}"] for name in (*PERSON_FIELDS, "active")}
    differs = ~frame["exists"]
    for name, value in now.items():
        differs |= frame[name] != value
    lost = int((frame["lives"] & differs).sum())
    kept = frame["kept"] | frame["leaves"]
    frame = with_values(frame, **now, lives=frame["exists"], kept=kept, leaves=False, reason="")
    return frame, not_held("users", lost)


def _leave_out_groups(
    desired: Desired, current: Directory, can: Capabilities
) -> tuple[Desired, pl.DataFrame]:
    """Where the directory holds no groups of ours, only those that it has, as they are."""
    if "groups" in can.kinds:
        return desired, empty(FINDINGS)
    wanted = desired.directory.groups
    there = wanted.select("key").join(current.groups, on="key").select(wanted.columns)
    directory = replace(desired.directory, groups=there)
    return replace(desired, directory=directory), not_held("groups", wanted.height - there.height)


def _people(frame: pl.DataFrame, roster: Roster, current: Directory, loose: pl.Series) -> People:
    held, kept, leaving = (_ids(frame, frame[flag]) for flag in ("held", "kept", "leaves"))
    strangers = frame["exists"] & ~frame["wanted"]
    ids, scope = roster.held["host_id"], roster.held["scope"]
    links = ids.filter(scope == "links")
    scoped = pl.concat([ids.filter(scope == "groups"), links])
    still = pl.concat([held, kept, scoped])
    doubtful = ids.filter(scope == "staff-links")
    staff_parents = parents_among(current, doubtful, "staff")
    frozen = pl.concat([kept, scoped, children_frozen(current, still), staff_parents, loose])
    return People(
        absent=pl.concat([_ids(frame, ~frame["lives"]), _held_nowhere(frame, roster, current)]),
        held=held,
        frozen=frozen.filter(~is_one_of(frozen, leaving)),
        unlinkable=pl.concat([links, ids.filter(scope == "parents")]),
        doubtful=doubtful,
        staff_parents=staff_parents,
        foreign=_ids(frame, strangers & ~frame["ours"]),
        gone=_ids(frame, strangers),
    )


def _held_nowhere(frame: pl.DataFrame, roster: Roster, current: Directory) -> pl.Series:
    """Host IDs that are held, and have neither an account nor a person to get one."""
    nowhere = roster.held["host_id"]
    for ids in (frame["host_id"], current.users["host_id"]):
        here = ids.filter(is_one_of(ids, nowhere))  # the few among the many
        nowhere = nowhere.filter(~is_one_of(nowhere, here))
    return nowhere


def _ids(frame: pl.DataFrame, which: pl.Series) -> pl.Series:
    return frame["host_id"].filter(which)


def _school_year(info: DirectoryInfo, school: School) -> pl.DataFrame:
    if info.school_year and SchoolYear.parse(info.school_year) > school.school_year:
        return one_finding(
            "school-year-mismatch",
            f"the directory stands at {info.school_year}, the school file at {school.school_year}",
        )
    return empty(FINDINGS)


def _no_parent(
    frame: pl.DataFrame, relationships: pl.DataFrame, roster: Roster, school: School
) -> pl.DataFrame:
    """Students whose account is active and who have no parent with an active account."""
    if "parent" not in school.members:
        return empty(FINDINGS)
    inactive = ~(frame["lives"] & frame["active"])
    away, out = _ids(frame, inactive), _ids(frame, inactive | frame["held"])
    children, parents = roster.relationships["student_host_id"], roster.relationships["parent_host_id"]
    # Whoever has a link to any other parent is not alone: only the rest are looked at.
    perhaps = pl.concat([roster.unlinked, children.filter(is_one_of(parents, out))])
    people = roster.people
    asked = is_one_of(people["host_id"], perhaps) & (people["member_type"] == "student")
    students = where(people[["host_id", "file", "line"]], asked)
    if students.is_empty():
        return empty(FINDINGS)
    links = where(relationships, is_one_of(relationships["student_host_id"], students["host_id"]))
    linked = links["student_host_id"].filter(~is_one_of(links["parent_host_id"], away))
    alone = where(students, ~is_one_of(students["host_id"], pl.concat([away, linked])))
    return findings(alone, "no-parent", "has no imported parent")


def _count_ours(
    frame: pl.DataFrame, current: Directory, settled: pl.Series, keys: pl.DataFrame
) -> dict[str, int]:
    """What guards count percents from. An account whose person the SIS has is ours, however it was made."""
    ours = frame["exists"] & (frame["ours"] | frame["wanted"])
    same = int(settled.sum())  # as the SIS has them, so all of them are active
    foreign = keys["group_target_id"].filter(~keys["ours"])
    groups, seats, links = current.groups, current.memberships, current.relationships
    seats_of_ours = ~is_one_of(seats["group_target_id"], foreign)
    return {
        "accounts": same + int(ours.sum()),
        "users": same + int((ours & frame["now_active"]).sum()),
        "groups": int((~is_one_of(groups["target_id"], foreign)).sum()),
        "memberships": int((seats_of_ours & (seats["origin"] != "hand")).sum()),
        "relationships": int((links["origin"] != "hand").sum()),
    }


def _count_unmanaged(frame: pl.DataFrame, current: Directory, keys: pl.DataFrame) -> dict[str, int]:
    foreign = keys["group_target_id"].filter(~keys["ours"])
    seats = current.memberships["group_target_id"]
    return {
        "users": int((frame["exists"] & ~frame["ours"] & ~frame["wanted"]).sum()),
        "groups": foreign.len(),
        "memberships": int(is_one_of(seats, foreign).sum()),
        "relationships": int((current.relationships["origin"] == "hand").sum()),
    }
