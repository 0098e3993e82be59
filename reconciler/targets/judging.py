"""What each change of a batch meets in the directory: whether it is to be carried out, is done, or is stale.

A judged frame has the change's `id`, an `outcome` (`todo` where something is left to do) and a `detail`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler import frames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERDICT = ("id", "outcome", "detail")


def outcomes_of(
    kind: str, changes: pl.DataFrame, verdicts: pl.DataFrame, made: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """OUTCOMES of a batch in the order of its changes, from the verdict of each.

    `made` says which target id the account with a Host ID has, of those that the batch has created.
    """
    told = changes.join(verdicts, on="id", how="left", maintain_order="left")
    there = (pl.col("action") == "create") & pl.col("outcome").is_in(["applied", "already"])
    made_id = pl.lit("")
    if made:
        ids = pl.col("after_host_id").replace_strict(made, default="", return_dtype=pl.String)
        made_id = pl.when(there).then(ids).otherwise(made_id)
    return frames.check(told.with_columns(kind=pl.lit(kind), made_id=made_id), frames.OUTCOMES)


def same(name: str, left: str, right: str) -> pl.Expr:
    """Whether two columns hold the same value of a field; e-mails that differ in case alone are equal."""
    if name == "email":
        return pl.col(left).str.to_lowercase() == pl.col(right).str.to_lowercase()
    return pl.col(left) == pl.col(right)


def names_where(conditions: dict[str, pl.Expr]) -> pl.Expr:
    """The names whose condition holds, by commas; '' for none."""
    named = [pl.when(holds).then(pl.lit(name)) for name, holds in conditions.items()]
    return pl.concat_str(named, separator=", ", ignore_nulls=True)


def judge_create(matched: pl.DataFrame, fields: Sequence[str], thing: str) -> pl.DataFrame:
    """Judge creations that stand beside what already has their key (`live_*`, null where nothing has)."""
    differing = names_where({name: ~same(name, f"live_{name}", f"after_{name}") for name in fields})
    return _judged(
        matched,
        stale=pl.when(pl.col("live_id").is_null())
        .then(pl.lit(""))
        .when(differing != "")
        .then(pl.format(f"the {thing} exists already, and differs in: {{}}", differing)),
        todo=pl.col("live_id").is_null(),
    )


def judge_update(
    matched: pl.DataFrame, listed: dict[str, pl.Expr], done: dict[str, pl.Expr], thing: str
) -> pl.DataFrame:
    """Judge changes that stand beside their object (`live_*`, null where it is not there).

    Takes for each field whether the change is about it, and whether the live value is where it leads.
    Gives `todo_<field>` too: a field that has arrived is left alone, even if the others have not.
    """
    todo = {
        name: about & ~done[name] & same(name, f"live_{name}", f"before_{name}")
        for name, about in listed.items()
    }
    moved = names_where({name: about & ~done[name] & ~todo[name] for name, about in listed.items()})
    return _judged(
        matched.with_columns(
            **{f"todo_{name}": holds.fill_null(value=False) for name, holds in todo.items()}
        ),
        stale=pl.when(pl.col("live_id").is_null())
        .then(pl.lit(f"the {thing} is not there any more"))
        .when(moved != "")
        .then(pl.format(f"the {thing} has changed since the plan in: {{}}", moved)),
        todo=pl.any_horizontal(pl.col(f"todo_{name}") for name in listed),
    )


def _judged(matched: pl.DataFrame, *, stale: pl.Expr, todo: pl.Expr) -> pl.DataFrame:
    return matched.with_columns(detail=stale.fill_null("")).with_columns(
        outcome=pl.when(pl.col("detail") != "")
        .then(pl.lit("stale"))
        .when(todo)
        .then(pl.lit("todo"))
        .otherwise(pl.lit("already"))
    )
