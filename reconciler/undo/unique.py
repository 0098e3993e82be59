"""No two accounts may have one Host ID or one e-mail: who keeps it where an undoing would give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, PARKED, empty, findings, folded

if TYPE_CHECKING:
    from reconciler.model import Directory

_UNIQUE = {"host_id": pl.lit(PARKED) + pl.col("host_id"), "email": pl.lit("")}
"""What no two accounts may have at once, and what an account has that gives it up."""


def settle_unique(
    wished: pl.DataFrame, current: Directory, created: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """No two accounts with one Host ID or e-mail: whom the run created gives way, and nobody else does."""
    now = current.users.select("target_id", *(pl.col(name).alias(f"now_{name}") for name in _UNIQUE))
    users = wished.join(now, on="target_id", maintain_order="left")
    others = current.users.join(users, on="target_id", how="anti")
    gives_way = pl.col("target_id").is_in(created.implode())
    found = []
    for name, free in _UNIQUE.items():
        while True:
            key = folded(name)
            held = others.select(key).to_series()
            clash = (key != "") & (key.is_in(held.implode()) | key.is_duplicated())
            frees = clash & gives_way & (pl.col(name) != free)
            stays = clash & ~gives_way & (pl.col(name) != pl.col(f"now_{name}"))
            # Whom the run created gives way first: only then does it show what is left of a clash.
            yields = frees if users.select(frees.any()).item() else stays
            losing = users.filter(yields)
            if not losing.height:
                break
            if yields is stays:
                found.append(losing.with_columns(theirs=pl.lit(name), account="now_host_id"))
            back = pl.when(gives_way).then(free).otherwise(f"now_{name}")
            users = users.with_columns(pl.when(yields).then(back).otherwise(name).alias(name))
    return users.select(wished.columns), pl.concat([empty(FINDINGS), *map(_taken, found)])


def _taken(losing: pl.DataFrame) -> pl.DataFrame:
    return findings(
        losing.sort("account"),
        "undo-conflict",
        pl.format("does not get its {} back: another account has it by now", "theirs"),
        host_id="account",
    )
