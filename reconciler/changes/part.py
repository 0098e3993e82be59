"""A part of a plan: what somebody, or a group, needs, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.changes.order import givers_of
from reconciler.keys import one_of
from reconciler.model import Changes

if TYPE_CHECKING:
    from collections.abc import Collection

_ENDS = ("student_host_id", "parent_host_id")


def names_in(changes: Changes) -> pl.Series:
    """Everything that a part can be asked for by: Host IDs, group keys, and `category/name` of groups."""
    users, groups, seats, links = changes.users, changes.groups, changes.memberships, changes.relationships
    named = [users["host_id"], users["before_host_id"], groups["group_key"], _label(groups)]
    named += [seats["host_id"], seats["group_key"], seats["group"], *(links[end] for end in _ENDS)]
    every = pl.concat([one.rename("name") for one in named]).unique()
    return every.filter(every != "").sort()


def take_part(changes: Changes, names: Collection[str]) -> Changes:
    """The changes of these people and groups, with those that they need.

    A student brings parents and relationships; whoever comes brings their memberships, and these the groups.
    A group brings its memberships, and whoever joins or leaves it as a user. Whoever takes over an e-mail or
    a Host ID brings the one who gives it up.
    """
    asked = pl.Series(sorted(names), dtype=pl.String).implode()
    users, links = changes.users, changes.relationships
    people = users.filter(pl.col("host_id").is_in(asked) | pl.col("before_host_id").is_in(asked))["host_id"]
    others = pl.concat([changes.memberships["host_id"], *(links[end].rename("host_id") for end in _ENDS)])
    people = pl.concat([people, others.filter(others.is_in(asked))]).unique()
    student, parent = (one_of(end, people) for end in _ENDS)
    relationships = links.filter(student | parent)
    family = pl.concat([people, links.filter(student)["parent_host_id"].rename("host_id")]).unique()
    of_group = pl.col("group_key").is_in(asked) | pl.col("group").is_in(asked)
    memberships = changes.memberships.filter(of_group | one_of("host_id", family))
    groups = changes.groups.with_columns(_named=_label(changes.groups))
    groups = groups.filter(
        one_of("group_key", memberships["group_key"])
        | pl.col("group_key").is_in(asked)
        | pl.col("_named").is_in(asked)
    ).drop("_named")
    ends = [relationships[end].rename("host_id") for end in _ENDS]
    needed = givers_of(users, pl.concat([family, memberships["host_id"], *ends]).unique())
    return Changes(
        users=users.filter(one_of("host_id", needed)),
        groups=groups,
        memberships=memberships,
        relationships=relationships,
    )


def _label(groups: pl.DataFrame) -> pl.Series:
    return groups.select(pl.format("{}/{}", "after_category", "after_name")).to_series()
