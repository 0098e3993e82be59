"""From the journal of a run and the directory of today to the directory as it was before that run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from reconciler.frames import (
    FINDINGS,
    LED,
    PARKED,
    PERSON_FIELDS,
    RESOLVED_GROUPS,
    RESOLVED_MEMBERSHIPS,
    RESOLVED_RELATIONSHIPS,
    RESOLVED_USERS,
    check,
    findings,
    folded,
    group_label,
    stack,
)
from reconciler.model import Directory
from reconciler.rekeying import under_final_ids
from reconciler.undo.created import Created, see_created
from reconciler.undo.ends import lost_memberships, lost_relationships, name_ends
from reconciler.undo.inactive import inactive_after, without_inactive
from reconciler.undo.unique import settle_unique

_FIELDS = ("host_id", *PERSON_FIELDS, "active")
_GROUP_FIELDS = ("key", "category", "name")
MADE = ("applied", "handed-over", "")
"""Outcomes of what the run did, or may have done."""
_PAIR = ["student_host_id", "parent_host_id"]
_SEAT = ["group_key", "host_id"]
_ENDS = {"memberships": ["host_id"], "relationships": _PAIR}
_UNDOES = "undoes what that run did"
_CREATED = "that run has created it"


@dataclass(frozen=True, slots=True)
class Inversion:
    """Both sides of the undoing, for `diff`: links under the Host IDs that accounts get back."""

    before: Directory
    """Of the directory as it stands, what the run has touched."""
    after: Directory
    """The same, as it was before the run."""
    findings: pl.DataFrame
    """`undo-conflict` for what has been changed since, and stays; `undo-kept` for groups that were made."""


def invert(
    journal: Mapping[str, pl.DataFrame], current: Directory, later: pl.DataFrame | None = None
) -> Inversion:
    """What a run really did, turned round.

    `journal` has for each kind the changes of the run in their order, with `outcome` and `made_id`: those
    that were applied, and those of which it is not known ('') and which the directory itself tells. `later`
    has in the same way the user changes of all runs after it: they tell who has become of whom it created.
    """
    made = {kind: frame.filter(pl.col("outcome").is_in(MADE)) for kind, frame in journal.items()}
    known = pl.col("outcome").is_in(MADE) | (
        (pl.col("action") == "create") & (pl.col("outcome") == "already")
    )
    since = made["users"].clear() if later is None else later.filter(known)
    users, after_users, created = _users(made["users"], since, current)
    made |= {kind: _without(made[kind], ends, created.left) for kind, ends in _ENDS.items()}
    moves = users.select(was="host_id", target_id="target_id").join(
        after_users.select("target_id", "host_id"), on="target_id"
    )
    moves = moves.filter(pl.col("was") != pl.col("host_id"))
    moved = under_final_ids(current, moves) if moves.height else current
    groups, kept = _groups(made["groups"], current)
    seats, after_seats, lost_seats = _memberships(
        made["memberships"], current, moved, made["users"], created.gone
    )
    links, after_links, lost_links = _relationships(made["relationships"], current, moved, made["users"])
    inactive = inactive_after(moved.users, after_users)
    after_seats, no_seats = without_inactive(after_seats, ["host_id"], inactive, "memberships")
    after_links, no_links = without_inactive(after_links, _PAIR, inactive, "relationships")
    found = [created.findings, kept, lost_seats, lost_links, no_seats, no_links]
    return Inversion(
        before=Directory(users, current.groups, seats, links),
        after=Directory(after_users, groups, after_seats, after_links),
        findings=stack(found, FINDINGS),
    )


def _without(links: pl.DataFrame, ends: list[str], left: pl.Series) -> pl.DataFrame:
    """The links but for those that the run has added to accounts it created, and that are left alone."""
    theirs = pl.any_horizontal(pl.col(ends).is_in(left.implode()))
    return links.filter(~((pl.col("action") == "add") & theirs))


def _users(
    made: pl.DataFrame, later: pl.DataFrame, current: Directory
) -> tuple[pl.DataFrame, pl.DataFrame, Created]:
    """Accounts that the run has touched, as they are and as they should be again; those that it created.

    Findings of the latter are those of all accounts.
    """
    creating = made["action"] == "create"
    changed = _net(made.filter(~creating), _FIELDS)
    now = current.users.join(changed, on="target_id")
    back, kept = [], []
    for name in _FIELDS:
        same = _same(name)
        as_made = pl.col(f"touched_{name}") & same(name, f"made_{name}")
        other = pl.col(f"touched_{name}") & ~same(name, f"made_{name}") & ~same(name, f"was_{name}")
        back.append(pl.when(as_made).then(f"was_{name}").otherwise(name).alias(name))
        kept.append(pl.when(other).then(pl.lit(name)))
    conflicts = now.with_columns(
        theirs=pl.concat_str(kept, separator=", ", ignore_nulls=True), account="host_id"
    ).filter(pl.col("theirs") != "")
    after = now.with_columns(back).with_columns(reason=pl.lit(_UNDOES))
    created = see_created(made, later, current.users, now["target_id"])
    theirs = created.gone
    gone = theirs.with_columns(active=pl.lit(value=False), reason=pl.lit(_CREATED))
    columns = current.users.columns
    before = pl.concat([now.select(columns), theirs])
    wished = pl.concat([after.select(*columns, "reason"), gone.select(*columns, "reason")])
    settled, taken = settle_unique(wished, current, created=theirs["target_id"])
    told = [_conflicts(conflicts), taken, _lost(changed, current), created.findings]
    return before, check(settled, RESOLVED_USERS), replace(created, findings=pl.concat(told))


def _net(changes: pl.DataFrame, fields: tuple[str, ...]) -> pl.DataFrame:
    """`target_id`, and for each field whether it was touched, what it was, and what was made of it.

    An object may have been changed in several steps.
    """
    touched = [
        pl.col("fields").str.split(" ").list.contains(name).alias(f"touched_{name}") for name in fields
    ]
    steps = changes.filter(pl.col("target_id") != "").with_columns(touched)
    return steps.group_by("target_id", maintain_order=True).agg(
        *(pl.col(f"touched_{name}").any() for name in fields),
        *(_of_steps(f"before_{name}", name).first().alias(f"was_{name}") for name in fields),
        *(_of_steps(f"after_{name}", name).last().alias(f"made_{name}") for name in fields),
    )


def _of_steps(column: str, name: str) -> pl.Expr:
    return pl.col(column).filter(pl.col(f"touched_{name}"))


def _same(name: str) -> Callable[[str, str], pl.Expr]:
    """How two columns of a field are compared: e-mails that differ in case alone are equal."""
    if name == "email":
        return lambda left, right: folded(left) == folded(right)
    return lambda left, right: pl.col(left) == pl.col(right)


def _conflicts(changed: pl.DataFrame) -> pl.DataFrame:
    return findings(
        changed.sort("account"),
        "undo-conflict",
        pl.format("has been changed since in {}; that stays", "theirs"),
        host_id="account",
    )


def _lost(changed: pl.DataFrame, current: Directory) -> pl.DataFrame:
    gone = changed.join(current.users, on="target_id", how="anti")
    return findings(
        gone, "undo-conflict", "the account that the run changed is not there any more", host_id=pl.lit("")
    )


def _groups(made: pl.DataFrame, current: Directory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """RESOLVED_GROUPS of all groups, renamed ones under their old names; and `undo-kept` for new ones."""
    steps = made.filter(pl.col("action") == "update").with_columns(
        fields=pl.concat_str(
            [
                pl.when(pl.col(f"before_{name}") != pl.col(f"after_{name}")).then(pl.lit(name))
                for name in _GROUP_FIELDS
            ],
            separator=" ",
            ignore_nulls=True,
        )
    )
    changed = _net(steps, _GROUP_FIELDS)
    both = current.groups.join(changed, on="target_id", how="left", maintain_order="left")
    back = [
        pl.when(pl.col(f"touched_{name}").fill_null(value=False) & (pl.col(name) == pl.col(f"made_{name}")))
        .then(f"was_{name}")
        .otherwise(name)
        .alias(name)
        for name in _GROUP_FIELDS
    ]
    resolved = both.with_columns(back).with_columns(reason=pl.lit(_UNDOES))
    kept = findings(
        made.filter(pl.col("action") == "create").sort("group_key"),
        "undo-kept",
        pl.format("{} was made by that run, and stays: a group is never removed", "group_key"),
        host_id=pl.lit(""),
    )
    return check(resolved.select(*RESOLVED_GROUPS), RESOLVED_GROUPS), kept


def _memberships(
    made: pl.DataFrame, current: Directory, moved: Directory, users: pl.DataFrame, gone: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Memberships that the run has made, RESOLVED_MEMBERSHIPS of those that it has removed, and conflicts.

    Whoever is `gone` leaves all groups of ours, whichever run made the membership.
    """
    labels = current.groups.select(group_target_id="target_id", label=group_label("key", "target_id"))
    there = (
        moved.memberships.join(labels, on="group_target_id")
        .with_columns(group_key="label")
        .select(moved.memberships.columns)
    )
    named = name_ends(made, current.users["target_id"], of_groups=True)
    accounts = _accounts(named, users, current, moved, "host_id", "_right")
    seats = accounts.select("id", "action", "group_key", "host_id")
    leaving = moved.users.join(gone, on="target_id", how="semi").select("host_id")
    ours = current.groups.filter(pl.col("key") != "").select(group_key="key")
    leaves = there.filter(pl.col("origin") != LED).join(leaving, on="host_id", how="semi")
    leaves = leaves.join(ours, on="group_key", how="semi").select(_SEAT)
    by_run = seats.filter(action="add").select(_SEAT)
    added = there.filter(pl.col("origin") != "hand").join(pl.concat([by_run, leaves]), on=_SEAT, how="semi")
    known = current.groups.select(group_key=group_label("key", "target_id"))
    told = seats.filter(action="remove").join(known, on="group_key", how="semi")
    removed = told.join(there, on=_SEAT, how="anti").unique(_SEAT, maintain_order=True)
    resolved = check(removed.with_columns(reason=pl.lit(_UNDOES)), RESOLVED_MEMBERSHIPS)
    return added, resolved, lost_memberships(made, told)


def _relationships(
    made: pl.DataFrame, current: Directory, moved: Directory, users: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Relationships that the run has made, RESOLVED_RELATIONSHIPS of those that it has removed; conflicts."""
    pairs = name_ends(made, current.users["target_id"], of_groups=False)
    for end, own in zip(_PAIR, ("_left", "_right"), strict=True):
        pairs = _accounts(pairs, users, current, moved, end, own)
    there = moved.relationships
    added = there.filter(pl.col("origin") != "hand").join(pairs.filter(action="add"), on=_PAIR, how="semi")
    told = pairs.filter(action="remove")
    removed = told.join(there, on=_PAIR, how="anti").unique(_PAIR, maintain_order=True)
    resolved = check(removed.with_columns(reason=pl.lit(_UNDOES)), RESOLVED_RELATIONSHIPS)
    return added, resolved, lost_relationships(made, told)


def _accounts(  # noqa: PLR0913 - both ends of a link, before and after the undoing
    links: pl.DataFrame,
    users: pl.DataFrame,
    current: Directory,
    moved: Directory,
    end: str,
    own: str,
) -> pl.DataFrame:
    """The links with the Host ID that the account at that end gets; those of accounts that are gone left out.

    A removal names the account by its target id, in the column `own`. An addition does by the Host ID that
    it had by then: some account has got it in the run, or it has it still.
    """
    now = moved.users.select("target_id", now="host_id")
    names = _names_by_then(users, current).join(now, on="target_id").select("name", final="now")
    named = links.join(now, left_on=own, right_on="target_id", how="left", maintain_order="left").join(
        names, left_on=end, right_on="name", how="left", maintain_order="left"
    )
    by_name = pl.when(pl.col("action") == "add").then("final")
    named = named.with_columns(pl.coalesce("now", by_name).alias(end)).drop("now", "final")
    return named.filter(pl.col(end).is_not_null())


def _names_by_then(users: pl.DataFrame, current: Directory) -> pl.DataFrame:
    """`name, target_id`: which account had which Host ID at the end of the run.

    Whom the run has created had a Host ID that an undo may since have given back to somebody else.
    """
    changed = users.filter(pl.col("target_id") != "").unique("after_host_id", keep="last")
    changed = changed.select("target_id", name="after_host_id")
    created = users.filter(action="create").select(name="after_host_id").unique()
    others = current.users.join(changed, on="target_id", how="anti").select(
        "target_id", name=pl.col("host_id").str.strip_prefix(PARKED)
    )
    made = others.join(created, on="name", how="semi").select("target_id", "name")
    held = current.users.select("target_id", name="host_id")
    held = held.join(pl.concat([changed.select("name"), created]), on="name", how="anti")
    return pl.concat([changed, made, held])
