"""In which round of uploads a change of a user goes.

A sheet names nobody twice, and in which order Vidigami takes its rows is not known. So whatever waits for
another change, of the same account or of the one that has its e-mail or Host ID, goes into a later sheet.
"""

from __future__ import annotations

import polars as pl

_SHEETS = 2
"""Sheets of users in a round: Host IDs are updated first, then everything else."""
_PLACED = pl.Schema({"what": pl.String, "value": pl.String, "place": pl.Int64})


class Rounds:
    """Where changes have gone so far."""

    def __init__(self) -> None:
        self._placed = pl.DataFrame(schema=_PLACED)
        """Who was changed, and what was freed, in which sheet; sheets are counted over all rounds."""

    def place(self, changes: pl.DataFrame) -> pl.DataFrame:
        """USER_CHANGES of one step with their `round`, the first being 0."""
        rekeys = _changes("host_id") & (pl.col("before_host_id") != "")
        others = pl.any_horizontal(
            _changes(name)
            for name in ("member_type", "first_name", "last_name", "preferred_name", "email", "grad_year")
        )
        placed = changes.with_columns(
            _me=self._after("account", pl.col("target_id"), changes),
            _host=self._after("host_id", pl.col("after_host_id"), changes),
            _mail=self._after("email", pl.col("after_email").str.to_lowercase(), changes),
        ).with_columns(
            round=pl.max_horizontal(
                pl.when(rekeys).then(_round_after(pl.max_horizontal("_me", "_host"), sheet=0)).otherwise(0),
                pl.when(others | ~rekeys)
                .then(_round_after(pl.max_horizontal("_me", "_host", "_mail"), sheet=1))
                .otherwise(0),
            )
        )
        self._note(placed, rekeys, others)
        return placed.drop("_me", "_host", "_mail")

    def _after(self, what: str, value: pl.Expr, changes: pl.DataFrame) -> pl.Series:
        """The last sheet that a change has to wait for; -1 for none."""
        last = self._placed.filter(what=what).group_by("value").agg(pl.col("place").max())
        return (
            changes.select(value=value)
            .join(last, on="value", how="left", maintain_order="left")["place"]
            .fill_null(-1)
        )

    def _note(self, placed: pl.DataFrame, rekeys: pl.Expr, others: pl.Expr) -> None:
        first, second = pl.col("round") * _SHEETS, pl.col("round") * _SHEETS + 1
        moved = placed.filter(pl.col("target_id") != "")
        noted = [
            moved.select(
                what=pl.lit("account"),
                value="target_id",
                place=pl.when(others | ~rekeys).then(second).otherwise(first),
            ),
            moved.filter(rekeys).select(what=pl.lit("host_id"), value="before_host_id", place=first),
            moved.filter(_changes("email")).select(
                what=pl.lit("email"), value=pl.col("before_email").str.to_lowercase(), place=second
            ),
        ]
        self._placed = pl.concat(
            [self._placed, *(frame.cast(_PLACED).filter(pl.col("value") != "") for frame in noted)]
        )


def _changes(name: str) -> pl.Expr:
    return pl.col("fields").str.split(" ").list.contains(name)


def _round_after(place: pl.Expr, *, sheet: int) -> pl.Expr:
    """The first round whose sheet comes after the one at that place."""
    return pl.max_horizontal(pl.lit(0), (place - sheet).floordiv(_SHEETS) + 1)
