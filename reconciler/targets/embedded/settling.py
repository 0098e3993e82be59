"""What is left to do of judged changes is performed, and every change gets its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.targets.embedded.carrying import carry_out
from reconciler.targets.judging import VERDICT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from reconciler.targets.embedded.carrying import Row

REFUSED = "the directory does not take these values"


def settle(
    connection: sqlite3.Connection,
    judged: pl.DataFrame,
    parameters: Sequence[str | pl.Expr],
    perform: Callable[[Sequence[Row]], object],
    explain: Callable[[Row], str] = lambda _: REFUSED,
) -> pl.DataFrame:
    """Perform what is to do, and give the verdict (`id, outcome, detail`) of every change.

    `perform` takes all rows of `parameters` at once. A row that a constraint refuses fails by itself,
    explained: it is undone, not the batch.
    """
    todo = judged.filter(pl.col("outcome") == "todo")
    details = carry_out(connection, todo.select(parameters).rows(), perform, explain)
    done = todo.with_columns(detail=pl.Series(details, dtype=pl.String)).with_columns(
        outcome=pl.when(pl.col("detail") == "").then(pl.lit("applied")).otherwise(pl.lit("failed"))
    )
    return pl.concat([judged.filter(pl.col("outcome") != "todo").select(VERDICT), done.select(VERDICT)])
