"""Changes are judged by what the server holds, carried out one by one, and judged again where it is unclear.

An answer that got lost leaves open whether its request was carried out. Nothing is sent again before the
server was looked at again: what has arrived then is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import ReconcileError
from reconciler.targets.judging import VERDICT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Verdict = tuple[int, str, str]
"""A change's id, its outcome and a detail."""
AGAIN, LOOK = "again", "look"
"""The outcomes of a change of which it is unclear what became of it, and of one that was not carried out,
since the server holds something else than was thought: both are judged once more."""
CONFLICT = "conflict"
"""The outcome of a request for what another resource has: no outcome of a change yet."""
ROUNDS = 5
_MEANING = {404: LOOK, 409: CONFLICT, 412: LOOK}
"""Gone, taken, or changed since it was looked at."""
_SCHEMA = {"id": pl.UInt32, "outcome": pl.String, "detail": pl.String}


def settle(
    changes: pl.DataFrame,
    judge: Callable[[pl.DataFrame], pl.DataFrame],
    perform: Callable[[pl.DataFrame], Sequence[Verdict]],
) -> pl.DataFrame:
    """The verdict (`id, outcome, detail`) of every change.

    `judge` looks at the server and gives a judged frame; `perform` carries out those of its rows that are to
    do. A server that fails makes its changes fail, and those that are left: none is lost from sight.
    """
    verdicts, pending = [], changes
    unclear = pl.Series("id", [], dtype=pl.UInt32)
    detail = ""
    for _ in range(ROUNDS):
        if pending.is_empty():
            break
        try:
            judged = judge(pending)
        except ReconcileError as error:
            detail = str(error)
            break
        settled = judged.filter(pl.col("outcome") != "todo").select(VERDICT)
        ours = (pl.col("outcome") == "already") & pl.col("id").is_in(unclear.implode())
        verdicts.append(
            settled.with_columns(outcome=pl.when(ours).then(pl.lit("applied")).otherwise("outcome"))
        )
        done = pl.DataFrame(perform(judged.filter(pl.col("outcome") == "todo")), schema=_SCHEMA, orient="row")
        open_ = pl.col("outcome").is_in([AGAIN, LOOK])
        failed = pl.col("outcome") == CONFLICT
        verdicts.append(
            done.filter(~open_).with_columns(
                outcome=pl.when(failed).then(pl.lit("failed")).otherwise("outcome")
            )
        )
        again = done.filter(open_)
        detail = next(iter(again["detail"]), detail)
        unclear = pl.concat([unclear, again.filter(pl.col("outcome") == AGAIN)["id"]])
        pending = pending.filter(pl.col("id").is_in(again["id"].implode()))
    verdicts.append(pending.select("id", outcome=pl.lit("failed"), detail=pl.lit(detail)))
    return pl.concat(verdicts)


def attempt(id_: int, act: Callable[[], None]) -> Verdict:
    """Carry out a change, and tell what became of it; CONFLICT where another resource stands in its way."""
    from reconciler.http import LostAnswerError, RefusedError  # noqa: PLC0415 - slow

    try:
        act()
    except LostAnswerError as error:
        return id_, AGAIN, str(error)
    except RefusedError as error:
        return id_, _MEANING.get(error.status, "failed"), str(error)
    except ReconcileError as error:
        return id_, "failed", str(error)
    return id_, "applied", ""
