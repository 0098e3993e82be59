"""A batch is carried out, each change against its precondition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import frames
from reconciler.targets.judging import outcomes_of
from reconciler.targets.scim.groups import write_groups
from reconciler.targets.scim.links import write_memberships, write_relationships
from reconciler.targets.scim.users import write_users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from reconciler.targets.interface import Batch
    from reconciler.targets.scim.server import Server


def write_batch(server: Server, batch: Batch, categories: Mapping[str, str]) -> pl.DataFrame:
    """Carry out a batch; gives OUTCOMES in the order of the changes.

    `categories` are those of groups that are remembered, by key.
    """
    writers: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "users": lambda changes: write_users(server, changes),
        "groups": lambda changes: write_groups(server, changes, categories),
        "memberships": lambda changes: write_memberships(server, changes, categories),
        "relationships": lambda changes: write_relationships(server, changes),
    }
    if batch.changes.is_empty():
        return frames.empty(frames.OUTCOMES)
    verdicts = writers[batch.kind](batch.changes)
    made = {}
    if batch.kind == "users":
        created = batch.changes.filter(batch.changes["action"] == "create")["after_host_id"]
        made = {host_id: server.known[host_id] for host_id in created if host_id in server.known}
    return outcomes_of(batch.kind, batch.changes, verdicts, made)
