"""A batch is carried out, each change against its precondition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames
from reconciler.targets.scim.groups import write_groups
from reconciler.targets.scim.links import write_memberships, write_relationships
from reconciler.targets.scim.users import write_users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    return frames.check(
        batch.changes.select("id", kind=pl.lit(batch.kind)).join(
            writers[batch.kind](batch.changes), on="id", how="left", maintain_order="left"
        ),
        frames.OUTCOMES,
    )
