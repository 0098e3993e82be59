"""Changes are judged by what the server holds, carried out one by one, and judged again where it is unclear.

An answer that got lost leaves open whether its request was carried out, and one that says so may be wrong.
Nothing is sent again before the server was looked at again: what has arrived then is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from reconciler.errors import ReconcileError
from reconciler.model.plan import UNKNOWN
from reconciler.targets.judging import VERDICT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from reconciler.targets.scim.resources import Resource


class Verdict(NamedTuple):
    """What became of a change."""

    id: int
    outcome: str
    detail: str


AGAIN, UNSEEN, LOOK = "again", "unseen", "look"
"""The outcomes of a change of which it is unclear what became of it; of one that the server says it has
made, and does not show; and of one that was not carried out, since the server holds something else than was
thought: all are judged once more."""
CONFLICT = "conflict"
"""The outcome of a request for what another resource has: no outcome of a change yet."""
ROUNDS = 5
MOMENT = 2.0
"""Seconds until what a server has answered should show."""
_MEANING = {404: LOOK, 409: CONFLICT, 412: LOOK}
"""Gone, taken, or changed since it was looked at."""
_SCHEMA = {"id": pl.UInt32, "outcome": pl.String, "detail": pl.String}


def settle(
    changes: pl.DataFrame,
    judge: Callable[[pl.DataFrame], pl.DataFrame],
    perform: Callable[[pl.DataFrame], Sequence[Verdict]],
    wait: Callable[[float], None],
) -> pl.DataFrame:
    """The verdict (`id, outcome, detail`) of every change.

    `judge` looks at the server and gives a judged frame; `perform` carries out those of its rows that are to
    do. A server that fails makes its changes fail, and those that are left: none is lost from sight. Those
    of which it is not known whether they were made are UNKNOWN.
    """
    told: list[Verdict] = []
    unclear: dict[int, Verdict] = {}
    sent: set[int] = set()
    """Changes that may have been made by now."""
    pending = changes
    for _ in range(ROUNDS):
        if pending.is_empty():
            break
        if any(last.outcome == UNSEEN for last in unclear.values()):
            wait(MOMENT)
        try:
            judged = judge(pending)
        except ReconcileError as error:
            unclear = {id_: Verdict(id_, AGAIN, str(error)) for id_ in pending["id"]}
            break
        settled = judged.filter(pl.col("outcome") != "todo").select(VERDICT).rows()
        told += [_settled(Verdict(*row), unclear.get(row[0]), sent) for row in settled]
        done = perform(judged.filter(pl.col("outcome") == "todo"))
        done = [_done(verdict, unclear.get(verdict.id)) for verdict in done]
        unclear = {verdict.id: verdict for verdict in done if verdict.outcome in (AGAIN, UNSEEN, LOOK)}
        sent |= {verdict.id for verdict in unclear.values() if verdict.outcome != LOOK}
        told += [verdict for verdict in done if verdict.id not in unclear]
        pending = pending.filter(pl.col("id").is_in(list(unclear)))
    left = [_left(verdict, sent) for verdict in unclear.values()]
    return pl.DataFrame([*told, *left], schema=_SCHEMA, orient="row")


def _settled(verdict: Verdict, last: Verdict | None, sent: Collection[int]) -> Verdict:
    """What a look says of a change, which may have been sent before."""
    if verdict.outcome == "already" and verdict.id in sent:
        return verdict._replace(outcome="applied")
    if verdict.outcome == "stale" and last and last.outcome == UNSEEN:
        return last._replace(outcome="failed")  # the server has made something else of what it was sent
    return verdict


def _done(verdict: Verdict, last: Verdict | None) -> Verdict:
    """What became of a request; one that has changed nothing twice is not made a third time."""
    twice = verdict.outcome == UNSEEN and last is not None and last.outcome == UNSEEN
    return verdict._replace(outcome="failed") if twice or verdict.outcome == CONFLICT else verdict


def _left(verdict: Verdict, sent: Collection[int]) -> Verdict:
    """What is said in the end of a change that is still unclear."""
    unknown = verdict.outcome != UNSEEN and verdict.id in sent
    return verdict._replace(outcome=UNKNOWN if unknown else "failed")


def attempt(id_: int, act: Callable[[], None]) -> Verdict:
    """Carry out a change, and tell what became of it; CONFLICT where another resource stands in its way."""
    from reconciler.http import LostAnswerError, RefusedError  # noqa: PLC0415 - slow

    try:
        act()
    except LostAnswerError as error:
        return Verdict(id_, AGAIN, str(error))
    except RefusedError as error:
        return Verdict(id_, _MEANING.get(error.status, "failed"), str(error))
    except ReconcileError as error:
        return Verdict(id_, "failed", str(error))
    return Verdict(id_, "applied", "")


def attempt_and_see(
    id_: int, change: Callable[[], Resource | None], look: Callable[[], Resource | None]
) -> tuple[Verdict, Resource | None]:
    """Carry out a change of a resource, and give what it is by then: as the answer says, else as a look does.

    Where the look fails, it is unclear whether the change was made.
    """
    found: list[Resource | None] = []
    verdict = attempt(id_, lambda: found.append(change()))
    if verdict.outcome == "applied" and not found[0]:
        looked = attempt(id_, lambda: found.append(look()))
        verdict = verdict if looked.outcome == "applied" else looked._replace(outcome=AGAIN)
    return verdict, found[-1] if found else None


def seen(verdicts: Sequence[Verdict], judged: pl.DataFrame) -> list[Verdict]:
    """The verdicts, in which nothing was made that does not show: `judged` is by what there is afterwards.

    Some servers answer that all is well, and leave out what they do not know, or may not do.
    """
    there = {row["id"]: row for row in judged.to_dicts()}
    return [
        verdict._replace(outcome=UNSEEN, detail=_unseen(there[verdict.id]))
        if verdict.outcome == "applied" and there[verdict.id]["outcome"] != "already"
        else verdict
        for verdict in verdicts
    ]


def _unseen(judged: Mapping[str, Any]) -> str:
    """Why a change that was carried out does not count, without a value."""
    if judged["live_id"] is None:
        return str(judged["detail"])
    moved = [judged["detail"].rpartition(": ")[2]] if judged["outcome"] == "stale" else []
    left = [name.removeprefix("todo_") for name, todo in judged.items() if name.startswith("todo_") and todo]
    return f"the server answered that it is done, and holds something else in: {', '.join([*left, *moved])}"
