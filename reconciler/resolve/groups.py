"""Which groups are ours, what they are called, and which of them the school no longer declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, equals_any, framed, piled, where, with_values
from reconciler.frames import FINDINGS, RESOLVED_GROUPS, check, empty, findings, key_kind
from reconciler.keys import flags, is_among, is_one_of
from reconciler.resolve.protect import missing_groups, protected_groups

if TYPE_CHECKING:
    from reconciler.model import Desired, Directory, School

_OURS = r"^(?:faculty(?:@.*)?|(?:grade|grad_year|class|division|list):.+)$"
_WHOLE = ("grade", "grad_year", "faculty")
"""Kinds whose keys are ours whoever is in them; of the others the school names each group."""
_MATCHED = {"key": pl.String, "category": pl.String, "name": pl.String, "kind": pl.String}
_MATCHED |= {"target_id": pl.String, "now_category": pl.String, "now_name": pl.String}
_KEYS = {"group_target_id": pl.String, "key": pl.String, "ours": pl.Boolean, "retired": pl.Boolean}


@dataclass(frozen=True, slots=True)
class ResolvedGroups:
    """Groups as apply should leave them, and what the memberships need to know of them."""

    groups: pl.DataFrame
    """RESOLVED_GROUPS."""
    keys: pl.DataFrame
    """`group_target_id, key, ours, retired` of every existing group, under its final key."""
    closed: pl.Series
    """Keys of the protected ones, which nobody joins or leaves."""
    findings: pl.DataFrame


def settle_groups(
    desired: Desired, current: Directory, school: School, *, years_before: bool
) -> ResolvedGroups:
    """Match groups by key, and by category and name where the school lets us adopt.

    `years_before` tells whether the directory has been applied to in this school year already.
    """
    protected = protected_groups(current, school)
    closed = protected["key"]
    wanted = desired.directory.groups
    wanted = where(wanted, ~is_one_of(wanted["key"], closed.filter(closed != "")))
    known, new = _match_keys(wanted, current.groups)
    known, renamed = _settle_names(known, current, school)
    new, adopted, taken = _find_namesakes(new, current.groups, school)
    recreated = _recreated(new, current, desired, years_before=years_before)
    new = with_values(new, target_id="", reason="declared in groups.mapping")
    ours = piled([check(some, RESOLVED_GROUPS) for some in (known, adopted, new)])
    theirs = is_one_of(current.groups["target_id"], ours["target_id"].filter(ours["target_id"] != ""))
    others = where(current.groups, ~theirs)
    keys = _final_keys(ours, others, desired, school)
    spared = is_one_of(keys["group_target_id"], protected["target_id"])
    keys = with_values(keys, ours=keys["ours"] & ~spared)
    retired = _retired(where(keys, keys["retired"] & ~is_one_of(keys["key"], wanted["key"])), school)
    groups = piled([ours, check(with_values(others, reason=""), RESOLVED_GROUPS)])
    found = [renamed, taken, recreated, retired, missing_groups(groups, school)]
    return ResolvedGroups(groups, keys, closed, piled(found))


def _match_keys(wanted: pl.DataFrame, there: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The wanted groups whose key is there, each with what the group is now; and the others."""
    keyed = where(there, there["key"] != "")
    if keyed.is_empty():
        return empty(_MATCHED), wanted
    now = framed(
        key=keyed["key"],
        target_id=keyed["target_id"],
        now_category=keyed["category"],
        now_name=keyed["name"],
    )
    known = wanted.join(now, on="key", maintain_order="left")
    return known, where(wanted, ~is_one_of(wanted["key"], known["key"]))


def _settle_names(
    known: pl.DataFrame, current: Directory, school: School
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A group renamed in Vidigami keeps its name, unless the school enforces its own."""
    known = with_values(known, reason="")
    keeps = (known["name"] != known["now_name"]) | (known["category"] != known["now_category"])
    if not keeps.any():
        return known, empty(FINDINGS)
    if school.groups.names == "enforce":
        label = ["category", "name"]
        keeps &= is_among(known[label], current.groups[label])
    found = findings(
        where(known, keeps),
        "group-renamed",
        pl.format("{} has another name or category in Vidigami, and keeps it", "key"),
        host_id=pl.lit(""),
    )
    return with_values(
        known,
        category=choose(keeps, known["now_category"], known["category"]),
        name=choose(keeps, known["now_name"], known["name"]),
    ), found


def _find_namesakes(
    new: pl.DataFrame, there: pl.DataFrame, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """New groups whose category and name are free; those that adopt a group; `group-taken` for the rest."""
    if new.is_empty() or there.is_empty():
        return new, empty(RESOLVED_GROUPS), empty(FINDINGS)
    namesakes = new.join(
        there.select("target_id", "category", "name", their_key="key"), on=["category", "name"]
    )
    may_adopt = ~namesakes["their_key"].str.contains(_OURS)
    if not school.groups.adopt:
        may_adopt = flags(namesakes.height)
    found = findings(
        where(namesakes, ~may_adopt),
        "group-taken",
        pl.format("{} cannot be made: another group is called {}/{}", "key", "category", "name"),
        host_id=pl.lit(""),
    )
    free = where(new, ~is_one_of(new["key"], namesakes["key"]))
    return free, with_values(where(namesakes, may_adopt), reason="adopted by its name"), found


def _recreated(
    new: pl.DataFrame, current: Directory, desired: Desired, *, years_before: bool
) -> pl.DataFrame:
    """Groups that must have been there before: others of their kind are, and so are their members."""
    there = current.groups
    if not years_before or new.is_empty() or there.is_empty():
        return empty(FINDINGS)
    kinds = there["kind"].filter(there["key"].str.contains(_OURS))
    missing = where(new, is_one_of(new["kind"], kinds))
    if missing.is_empty():
        return empty(FINDINGS)
    members = desired.directory.memberships
    members = where(members, is_one_of(members["group_key"], missing["key"]))
    known = is_among(members[["host_id"]], current.users[["host_id"]])
    in_no_group = ~is_among(members[["host_id"]], current.memberships[["host_id"]])
    missing = where(missing, is_one_of(missing["key"], members["group_key"].filter(known & in_no_group)))
    return findings(
        missing,
        "group-recreated",
        pl.format("{} was deleted in Vidigami, and is made again", "key"),
        host_id=pl.lit(""),
    )


def _final_keys(ours: pl.DataFrame, others: pl.DataFrame, desired: Desired, school: School) -> pl.DataFrame:
    known = where(ours, ours["target_id"] != "")
    existing = piled([known[["key", "target_id"]], others[["key", "target_id"]]])
    if existing.is_empty():
        return empty(_KEYS)
    keys = existing["key"]
    about = existing.select(
        kind=key_kind("key"),
        campus=pl.col("key").str.contains("@", literal=True),
        ours=pl.col("key").str.contains(_OURS),
    )
    is_ours = about["ours"] | flags(keys.len(), pl.int_range(known.height, dtype=pl.UInt32, eager=True))
    kept_whole = equals_any(about["kind"], [kind for kind in _WHOLE if kind in school.groups.mapping])
    named = is_one_of(keys, pl.concat([desired.declared["key"], ours["key"]]))
    if school.groups.per_school and "divisions" in school.groups.mapping:
        # A division is declared for every campus, also for one that has none of its students today.
        for division in school.groups.divisions:
            named |= keys.str.starts_with(f"division:{division.name}@")
    # Somebody without a campus joins the group that all had before; the others stay in it all the same.
    stays = choose(kept_whole, about["campus"] == school.groups.per_school, named)
    return framed(group_target_id=existing["target_id"], key=keys, ours=is_ours, retired=is_ours & ~stays)


def _retired(retired: pl.DataFrame, school: School) -> pl.DataFrame:
    fate = "the sync's members leave it" if school.groups.retired == "empty" else "it keeps its members"
    return findings(
        retired,
        "group-retired",
        pl.format("{} is no longer declared; {}", "key", pl.lit(fate)),
        host_id=pl.lit(""),
    )
