"""What a SCIM server holds -> a current directory, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from reconciler import frames
from reconciler.errors import ReconcileError
from reconciler.model import Directory
from reconciler.targets.scim.resources import group_row, our_id, target_id, user_extension, user_row, values
from reconciler.targets.scim.server import GROUPS, TWICE, USERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.targets.scim.resources import Resource
    from reconciler.targets.scim.server import Server

_REFERENCES = {"holder": pl.String, "named": pl.String}
"""Our ids: who holds the reference, and whom it names."""


class Reading(NamedTuple):
    """A directory, and what is to be said of it."""

    directory: Directory
    findings: pl.DataFrame
    """FINDINGS."""


def read_directory(server: Server, categories: Mapping[str, str]) -> Reading:
    """All that the server holds; `categories` are those of groups that are remembered, by key.

    Raises:
        ReconcileError: a listing is not whole, or two accounts or groups have one of our ids.
    """
    users, parents = _read_users(server)
    groups, members = _read_groups(server, categories)
    memberships = _joined(members, groups.select(holder="target_id", group_key="key"), users)
    students = users.select(holder="target_id", student_host_id="host_id")
    relationships = _joined(parents, students, users)
    dangling = parents.height + members.height - memberships.height - relationships.height
    found = [
        frames.one_finding("dangling-link", f"{dangling:,} name an account that is not there")
        if dangling
        else frames.empty(frames.FINDINGS)
    ]
    if groups.height and (groups["category"] == "").all():
        detail = f"the directory holds no category: {groups.height:,} groups"
        found.append(frames.one_finding("not-carried", detail))
    directory = Directory(
        users,
        groups,
        frames.check(memberships.with_columns(group_target_id="holder"), frames.CURRENT_MEMBERSHIPS),
        frames.check(relationships.rename({"host_id": "parent_host_id"}), frames.CURRENT_RELATIONSHIPS),
    )
    return Reading(directory, pl.concat(found))


def read_groups(server: Server, categories: Mapping[str, str]) -> pl.DataFrame:
    """CURRENT_GROUPS alone."""
    pages = [
        _frame(
            [group_row(group, server.settings, server.abilities, categories) for group in page],
            frames.CURRENT_GROUPS,
        )
        for page in server.pages(GROUPS, without="members")
    ]
    return _each_once(frames.stack(pages, frames.CURRENT_GROUPS), "key", "groups")


def _read_users(server: Server) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CURRENT_USERS, and the references to their parents."""
    users, parents = [], []
    extension = user_extension(server.settings)
    for page in server.pages(USERS):
        rows = [user_row(user, server.settings, server.abilities) for user in page]
        users.append(_frame(rows, frames.CURRENT_USERS))
        parents.append(_references(page, extension, "parents"))
    whole = frames.stack(users, frames.CURRENT_USERS)
    return _each_once(whole, "host_id", "accounts"), frames.stack(parents, _REFERENCES)


def _read_groups(server: Server, categories: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CURRENT_GROUPS, and the references to their members."""
    told = server.abilities.members
    groups, members = [], []
    for page in server.pages(GROUPS):
        rows = [group_row(group, server.settings, server.abilities, categories) for group in page]
        groups.append(_frame(rows, frames.CURRENT_GROUPS))
        if told:
            members.append(_references(_with_members(server, page), "", "members"))
    whole = frames.stack(groups, frames.CURRENT_GROUPS)
    return _each_once(whole, "key", "groups"), frames.stack(members, _REFERENCES)


def _with_members(server: Server, page: list[Resource]) -> list[Resource]:
    """The groups, each with its members: some servers leave them out of listings."""
    silent = [target_id(group) for group in page if "members" not in group]
    asked = server.at_once(lambda id_: server.get(GROUPS, id_), silent)
    return [*(group for group in page if "members" in group), *(group for group in asked if group)]


def _references(page: list[Resource], extension: str, name: str) -> pl.DataFrame:
    rows = [
        {"holder": target_id(one), "named": our_id(value)}
        for one in page
        for value in values(one, extension, name)
    ]
    return _frame(rows, _REFERENCES)


def _joined(references: pl.DataFrame, holders: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """References between objects that are there, with `target_id` and `origin` as links have them.

    The server does not say who has made one, so all of them count as a sync's.
    """
    return (
        references.join(holders, on="holder", maintain_order="left")
        .join(users.select("host_id", named="target_id"), on="named", maintain_order="left")
        .with_columns(
            target_id=pl.concat_str("holder", "named", separator=":"), origin=pl.lit("sync", pl.String)
        )
    )


def _each_once(frame: pl.DataFrame, key: str, what: str) -> pl.DataFrame:
    """The frame, in which nobody has the id of another.

    Raises:
        ReconcileError: somebody has.
    """
    twice = frame.filter(pl.col(key) != "").filter(pl.col(key).is_duplicated())[key].unique().sort()
    if twice.len():
        raise ReconcileError(f"several {what} have one externalId ({', '.join(twice.head(5))}); {TWICE}")
    return frame


def _frame(rows: list[dict[str, Any]], schema: frames.Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema))
