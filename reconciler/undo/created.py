"""Accounts that a run has created: which of them the undoing may deactivate, and which it leaves alone.

Which account that is, the journal tells by its target id. It does not of a run that was stopped, nor of
targets that tell ids late: there the next change of a later run that names the Host ID tells which account
had it by then, and that has to be the one that has it today. Without one, it has to be made by a sync, and to
have the names that the run gave it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reconciler.frames import FINDINGS, PARKED, PERSON_FIELDS, findings, folded, stack
from reconciler.model.remembered import FORGOTTEN

_ALWAYS = ("member_type", "first_name", "last_name")
"""What tells one person from another. Any other field counts only where a later run has changed it."""
_ELSEWHERE = "the account that the run created as {} has another Host ID by now; it stays as it is"
_UNTOLD = "whom the run created as well, and who was forgotten since, stays: nothing tells who it was"
_GONE = "the account that the run created is not there any more under this Host ID; it stays as it is"
_OTHERS = "another account has this Host ID by now; both it and the one that the run created stay as they are"
_CHANGED = "has been changed since in {}; it stays, though the run created it"


@dataclass(frozen=True, slots=True)
class Created:
    """What becomes of the accounts that a run has created."""

    gone: pl.DataFrame
    """CURRENT_USERS of those that the undoing deactivates."""
    left: pl.Series
    """Host IDs that the others were created with: they and their links stay."""
    findings: pl.DataFrame
    """`undo-conflict` for these others."""


def see_created(
    made: pl.DataFrame, later: pl.DataFrame, current: pl.DataFrame, touched: pl.Series
) -> Created:
    """What becomes of the accounts that a run has created.

    `made` are the user changes of the run, and `later` those of all runs after it, in their order; `touched`
    has the target ids of accounts that the run has changed.
    """
    created = made.filter(pl.col("action") == "create", pl.col("after_host_id") != "")
    created = created.unique("after_host_id", keep="last", maintain_order=True)
    created = created.select(
        name="after_host_id",
        sure=pl.col("outcome") != "",
        own=pl.when(pl.col("made_id") != "").then("made_id"),
        **{f"made_{name}": pl.col(f"after_{name}") for name in PERSON_FIELDS},
    )
    held = current.filter(~pl.col("target_id").is_in(touched.implode()))
    by_now = current.select(known="target_id", elsewhere="host_id")
    found = (
        created.join(_next_mention(later), on="name", how="left")
        .with_columns(known=pl.coalesce("own", "known"), taken=pl.col("taken") & pl.col("own").is_null())
        .join(_changed_fields(later), on="known", how="left")
        .join(by_now, on="known", how="left")
        .join(held.with_columns(name="host_id"), on="name", how="left", maintain_order="left")
        .join(_next_had(later), on="target_id", how="left", maintain_order="left")
        .with_columns(pl.col("taken").fill_null(value=False), pl.col("later_fields").fill_null([]))
        .with_columns(theirs=pl.concat_str(_differences(), separator=", ", ignore_nulls=True))
    )
    return _judged(found, current)


def _next_mention(later: pl.DataFrame) -> pl.DataFrame:
    """`name, known, taken`: of a Host ID, which account had it when it was next changed, or lost it to.

    `taken` says that another account was about to get it, so that it is not told who had it before.
    """
    found = pl.col("outcome") == "already"  # as by the run that went on where one was stopped
    steps = later.filter(~found | (pl.col("made_id") != "")).with_row_index("_at")
    met = steps.filter(found).select("_at", name="after_host_id", known="made_id", taken=pl.lit(value=False))
    steps = steps.filter(~found)
    had = steps.filter(pl.col("target_id") != "").select(
        "_at", name="before_host_id", known="target_id", taken=pl.lit(value=False)
    )
    got = steps.filter(pl.col("after_host_id") != pl.col("before_host_id")).select(
        "_at", name="after_host_id", known=pl.lit(None, pl.String), taken=pl.lit(value=True)
    )
    return (
        pl.concat([met, had, got]).sort("_at").unique("name", keep="first", maintain_order=True).drop("_at")
    )


def _next_had(later: pl.DataFrame) -> pl.DataFrame:
    """`target_id, had`: of an account, which Host ID it had when it was next changed."""
    steps = later.filter(pl.col("target_id") != "").unique("target_id", keep="first", maintain_order=True)
    return steps.select("target_id", had="before_host_id")


def _changed_fields(later: pl.DataFrame) -> pl.DataFrame:
    """`known, later_fields`: of an account, all that later runs have changed in it."""
    steps = later.filter(pl.col("target_id") != "").group_by(known="target_id")
    return steps.agg(later_fields=pl.col("fields")).with_columns(
        pl.col("later_fields").list.join(" ").str.split(" ")
    )


def _differences() -> list[pl.Expr]:
    """For each field its name, where the account is not as the run has made it."""
    found: list[pl.Expr] = []
    for name in PERSON_FIELDS:
        differs = folded(name) != folded(f"made_{name}")
        counts = pl.lit(value=True) if name in _ALWAYS else pl.col("later_fields").list.contains(name)
        found.append(pl.when(differs & counts).then(pl.lit(name)))
    return found


def _judged(found: pl.DataFrame, current: pl.DataFrame) -> Created:
    there = pl.col("target_id").is_not_null()
    gave_way = (pl.lit(PARKED) + pl.col("name")).is_in(current["host_id"].implode())
    moved = ~there & pl.col("elsewhere").is_not_null()
    untold = pl.col("name") == FORGOTTEN
    lost = ~there & ~moved & pl.col("sure") & ~untold
    by_runs = (pl.col("known") != pl.col("target_id")) | (pl.col("had") != pl.col("name"))
    guessed = pl.col("taken") | by_runs.fill_null(value=False) | (pl.col("origin") == "hand")
    told = pl.col("own") != pl.col("target_id")  # null where the journal does not tell
    others = there & pl.coalesce(told, guessed)
    changed = there & ~others & (pl.col("theirs") != "")
    # Whose Host ID an undoing has given back to somebody else is inactive, and needs no finding.
    found = found.filter(there | ~gave_way)
    found_out = [
        findings(found.filter(which), "undo-conflict", detail, host_id=host_id)
        for which, detail, host_id in (
            (moved, pl.format(_ELSEWHERE, "name"), "elsewhere"),
            (lost, pl.lit(_GONE), "name"),
            (untold, pl.lit(_UNTOLD), "name"),
            (others, pl.lit(_OTHERS), "name"),
            (changed, pl.format(_CHANGED, "theirs"), "name"),
        )
    ]
    stays = moved | lost | untold | others | changed
    return Created(
        gone=found.filter(there & ~stays, "active").select(current.columns),
        left=found.filter(stays)["name"],
        findings=stack(found_out, FINDINGS),
    )
