"""Runs as they stand: one that was killed is over, though nobody has written that down yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.state.leases import find_holder
from reconciler.state.runs import list_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.state.leases import Lease
    from reconciler.state.runs import Run
    from reconciler.state.scope import Scope


def list_standing(
    tx: Connection, scope: Scope, *, now: datetime, is_there: Callable[[Lease], bool | None]
) -> list[Run]:
    """All runs, the newest first. One that goes on is `running` only as long as somebody may be at work.

    It has the counts of its journal so far. `is_there` is as for `take_lease`.
    """
    runs = list_runs(tx, scope)
    if all(run.outcome != "running" for run in runs):
        return runs
    from reconciler.state.journal import count_journal  # noqa: PLC0415 - polars loads slowly

    goes_on = find_holder(tx, scope, now=now, is_there=is_there) is not None
    return [
        replace(
            run,
            outcome="running" if goes_on else "interrupted",
            counts=count_journal(tx, scope, run.number),
        )
        if run.outcome == "running"
        else run
        for run in runs
    ]
