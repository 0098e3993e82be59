"""In which order users change, so that an e-mail is free before somebody else gets it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import polars as pl

from reconciler.frames import folded


def order_users(changes: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """User changes with their `step`, and the step at which relationships and memberships come.

    Somebody who needs an e-mail that another gives up comes a step later than that one. People who need
    each other's e-mails are unlocked by clearing one of them first, as a step of its own. Deactivations
    come last, unless somebody waits for their e-mail.
    """
    needs = _needs(changes)
    parked = _break_cycles(needs)
    depths = _depths(needs)
    last = max(depths.values(), default=1) + 1
    step = (
        pl.col("host_id").replace_strict(depths, default=1, return_dtype=pl.UInt32) if depths else pl.lit(1)
    )
    waits = pl.col("host_id").is_in(list(depths))
    ordered = changes.with_columns(
        step=pl.when((pl.col("action") == "deactivate") & ~waits)
        .then(last + 1)
        .otherwise(step)
        .cast(pl.UInt32)
    )
    return _clear_first(ordered, parked), last


def _needs(changes: pl.DataFrame) -> dict[str, str]:
    """Host ID -> Host ID of the account whose e-mail it takes over; those few alone."""
    moves = pl.col("fields").str.contains(r"\bemail\b")
    gives = changes.filter(pl.col("before_email") != "").filter(moves)
    if not gives.height:  # a new directory, say
        return {}
    takes = changes.filter(pl.col("after_email") != "").filter(moves)
    gives = gives.select(mail=folded("before_email"), giver="host_id")
    takes = takes.select(mail=folded("after_email"), taker="host_id")
    pairs = takes.join(gives, on="mail").filter(pl.col("taker") != pl.col("giver")).sort("taker")
    return dict(zip(pairs["taker"], pairs["giver"], strict=True))


def _break_cycles(needs: dict[str, str]) -> set[str]:
    """Those whose e-mail is cleared first; nobody waits for them any more in `needs`."""
    parked: set[str] = set()
    while cycle := _find_cycle(needs):
        first = min(cycle)
        parked.add(first)
        for taker in [taker for taker, giver in needs.items() if giver == first]:
            del needs[taker]
    return parked


def _find_cycle(needs: dict[str, str]) -> list[str]:
    try:
        TopologicalSorter({taker: [giver] for taker, giver in needs.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _depths(needs: dict[str, str]) -> dict[str, int]:
    """The step of everybody who gives or takes; step 1 is left for e-mails that are cleared first."""
    depths: dict[str, int] = {}
    for host_id in TopologicalSorter({taker: [giver] for taker, giver in needs.items()}).static_order():
        depths[host_id] = depths[needs[host_id]] + 1 if host_id in needs else 2
    return depths


def _clear_first(changes: pl.DataFrame, parked: set[str]) -> pl.DataFrame:
    if not parked:
        return changes
    mine = pl.col("host_id").is_in(sorted(parked))
    same = [name for name in changes.columns if name.startswith("before_") and name != "before_email"]
    clear = changes.filter(mine).with_columns(
        *(pl.col(name).alias(name.replace("before_", "after_")) for name in same),
        after_email=pl.lit(""),
        later_email=pl.col("after_email"),
        action=pl.lit("update"),
        fields=pl.lit("email"),
        reason=pl.lit("its e-mail is cleared first, because two accounts exchange theirs"),
        step=pl.lit(1, pl.UInt32),
    )
    rest = changes.with_columns(
        before_email=pl.when(mine).then(pl.lit("")).otherwise("before_email"),
        step=pl.when(mine & (pl.col("step") < 2)).then(pl.lit(2, pl.UInt32)).otherwise("step"),
    )
    return pl.concat([clear, rest])
