"""Guards: whether a plan as a whole changes more than its school allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Changes, Limit

_INCREASING = ("create", "add")


def judge(
    changes: Changes, populations: Mapping[str, int], limits: Mapping[str, Limit | None]
) -> tuple[Verdict, ...]:
    """What each guard says of a whole plan, in the order of `limits`.

    `populations` are those of before the plan: `accounts` of ours, and `users` (those that are active),
    `groups`, `memberships` and `relationships` of ours. A plan that is resumed is judged by the same ones,
    on all of its changes, whatever of them is done already.

    Where there was no account of ours, the plan is a first import, and nothing limits what it adds.
    """
    return tuple(_judge(guard, limit, changes, populations) for guard, limit in limits.items())


def _judge(guard: str, limit: Limit | None, changes: Changes, populations: Mapping[str, int]) -> Verdict:
    kind, action = guard.split(".")
    population = populations[kind]
    figure = _count(changes.frames()[kind], kind, action)
    if limit is None:
        return Verdict(guard, figure, population, None, "off")
    if action in _INCREASING and not populations["accounts"]:
        return Verdict(guard, figure, population, None, "first import")
    basis = limit.basis(population)
    percent = limit.percent if basis == "percent" else None
    return Verdict(guard, figure, population, limit.allowed(population), basis, percent)


def _count(frame: pl.DataFrame, kind: str, action: str) -> int:
    """How many objects change so; one whose change takes two steps counts once."""
    if action == "rename":
        differs = [
            pl.col(f"before_{name}") != pl.col(f"after_{name}") for name in ("first_name", "last_name")
        ]
        rows = frame.filter(pl.col("action") != "create", pl.any_horizontal(differs))
    else:
        rows = frame.filter(action=action)
    return rows["host_id"].n_unique() if kind == "users" else rows.height
