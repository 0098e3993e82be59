"""Which groups are ours, what they are called, and which of them the school no longer declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, RESOLVED_GROUPS, check, empty, findings, key_kind
from reconciler.keys import is_among, listed, one_of
from reconciler.resolve.protect import missing_groups, protected_groups

if TYPE_CHECKING:
    from reconciler.model import Desired, Directory, School

_OURS = r"^(?:faculty(?:@.*)?|(?:grade|grad_year|class|division|list):.+)$"
_ENTRIES = {
    "grade": "grade",
    "grad_year": "grad_year",
    "faculty": "faculty",
    "class": "classes",
    "division": "divisions",
    "list": "membership_list",
}
_ONE_BY_ONE = ("class", "division", "list")
"""Kinds whose groups the school names one by one; the others' keys are ours whoever is in them."""


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
    wanted = desired.directory.groups.filter(~one_of("key", protected["key"].filter(protected["key"] != "")))
    there = current.groups.select(
        "key", "target_id", now_category="category", now_name="name", origin="origin"
    )
    found = []
    matched = wanted.join(there.filter(pl.col("key") != ""), on="key", how="left", maintain_order="left")
    known = matched.filter(pl.col("target_id").is_not_null())
    known, renamed = _settle_names(known, current, school)
    new = matched.filter(pl.col("target_id").is_null()).select(*wanted.columns)
    new, adopted, taken = _find_namesakes(new, there, school)
    found += [renamed, taken, _recreated(new, current, desired, years_before=years_before)]
    ours = pl.concat(
        [
            known.with_columns(reason=pl.lit("")),
            adopted.with_columns(reason=pl.lit("adopted by its name")),
            new.with_columns(target_id=pl.lit(""), reason=pl.lit("declared in groups.mapping")),
        ],
        how="diagonal",
    )
    ours = check(ours, RESOLVED_GROUPS)
    others = current.groups.join(
        ours.select("target_id").filter(pl.col("target_id") != ""), on="target_id", how="anti"
    )
    spared = one_of("group_target_id", protected["target_id"])
    keys = _final_keys(ours, others, desired, school).with_columns(ours=pl.col("ours") & ~spared)
    found.append(_retired(keys.filter(~one_of("key", wanted["key"])), school))
    verbatim = check(others.with_columns(reason=pl.lit("")), RESOLVED_GROUPS)
    groups = pl.concat([ours, verbatim])
    found.append(missing_groups(groups, school))
    return ResolvedGroups(groups, keys, protected["key"], pl.concat(found))


def _settle_names(
    known: pl.DataFrame, current: Directory, school: School
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A group renamed in Vidigami keeps its name, unless the school enforces its own."""
    differs = (pl.col("name") != pl.col("now_name")) | (pl.col("category") != pl.col("now_category"))
    names = current.groups.select("category", "name", holder="target_id")
    known = known.join(names, on=["category", "name"], how="left", maintain_order="left")
    free = pl.col("holder").is_null()
    enforce = pl.lit(school.groups.names == "enforce") & free
    found = findings(
        known.filter(differs & ~enforce),
        "group-renamed",
        pl.format("{} has another name or category in Vidigami, and keeps it", "key"),
        host_id=pl.lit(""),
    )
    keep = differs & ~enforce
    return known.with_columns(
        category=pl.when(keep).then("now_category").otherwise("category"),
        name=pl.when(keep).then("now_name").otherwise("name"),
    ).select("key", "category", "name", "kind", "target_id"), found


def _find_namesakes(
    new: pl.DataFrame, there: pl.DataFrame, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """New groups whose category and name are free; those that adopt a group; `group-taken` for the rest."""
    namesakes = new.join(
        there.select("target_id", category="now_category", name="now_name", their_key="key"),
        on=["category", "name"],
    )
    may_adopt = pl.lit(school.groups.adopt) & ~pl.col("their_key").str.contains(_OURS)
    found = findings(
        namesakes.filter(~may_adopt),
        "group-taken",
        pl.format("{} cannot be made: another group is called {}/{}", "key", "category", "name"),
        host_id=pl.lit(""),
    )
    free = new.join(namesakes.select("key"), on="key", how="anti")
    return free, namesakes.filter(may_adopt).select("key", "category", "name", "kind", "target_id"), found


def _recreated(
    new: pl.DataFrame, current: Directory, desired: Desired, *, years_before: bool
) -> pl.DataFrame:
    """Groups that must have been there before: others of their kind are, and so are their members."""
    kinds = current.groups.filter(pl.col("key").str.contains(_OURS))["kind"].unique()
    missing = new.filter(one_of("kind", kinds) & pl.lit(years_before))
    if missing.is_empty():
        return empty(FINDINGS)
    members = desired.directory.memberships.filter(one_of("group_key", missing["key"]))
    known = is_among(members.select("host_id"), current.users.select("host_id"))
    in_no_group = ~is_among(members.select("host_id"), current.memberships.select("host_id"))
    bereft = members.filter(known & in_no_group)["group_key"]
    missing = missing.filter(one_of("key", bereft))
    return findings(
        missing,
        "group-recreated",
        pl.format("{} was deleted in Vidigami, and is made again", "key"),
        host_id=pl.lit(""),
    )


def _final_keys(ours: pl.DataFrame, others: pl.DataFrame, desired: Desired, school: School) -> pl.DataFrame:
    declared = pl.concat([desired.declared, ours.select("key")]).unique()
    kind = key_kind("key")
    mapped = kind.replace_strict(_ENTRIES, default="", return_dtype=pl.String).is_in(
        list(school.groups.mapping)
    )
    campus = pl.col("key").str.contains("@", literal=True) == school.groups.per_school
    kept_whole = mapped & ~kind.is_in(_ONE_BY_ONE)
    # A division is declared for every campus, also for one that has none of its students today.
    divisions = school.groups.divisions if "divisions" in school.groups.mapping else ()
    starts = [f"division:{one.name}@" for one in divisions if school.groups.per_school]
    named = pl.any_horizontal(
        pl.col("key").is_in(listed(declared["key"])), *map(pl.col("key").str.starts_with, starts)
    )
    existing = pl.concat(
        [
            ours.filter(pl.col("target_id") != "").select("target_id", "key", ours=pl.lit(value=True)),
            others.select("target_id", "key", ours=pl.col("key").str.contains(_OURS)),
        ]
    )
    return existing.select(
        "key",
        "ours",
        group_target_id="target_id",
        # Somebody without a campus joins the group that all had before; the others stay in it all the same.
        retired=pl.col("ours") & pl.when(kept_whole).then(~campus).otherwise(~named),
    )


def _retired(keys: pl.DataFrame, school: School) -> pl.DataFrame:
    fate = "the sync's members leave it" if school.groups.retired == "empty" else "it keeps its members"
    return findings(
        keys.filter("retired").sort("key"),
        "group-retired",
        pl.format("{} is no longer declared; {}", "key", pl.lit(fate)),
        host_id=pl.lit(""),
    )
