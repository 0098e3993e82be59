"""Saved plans of many schools, carried out: the canaries first, and the others if those end clean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reconciler import pipeline
from reconciler.config import school_id
from reconciler.errors import HeldError, ReconcileError, panics_as_errors
from reconciler.fleet.defects import defect
from reconciler.model.fleet import SchoolApplied

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.fleet.engine import Engine

CLEAN = ("applied", "none")


@dataclass(frozen=True, slots=True)
class ApplyOrder:
    """Which plans are carried out."""

    folder: Path
    """Where they are saved, as `SCHOOL.plan`."""
    canaries: frozenset[str] = frozenset()
    """Ids of schools: unless all of them end clean, no other is begun."""
    alarmed: bool = False
    """Whether one of them has not come so far as to be carried out."""


def apply_schools(names: Sequence[str], order: ApplyOrder, engine: Engine) -> Iterator[SchoolApplied]:
    """What becomes of each school, ids or files, as soon as it is known; none stops another."""
    first = [name for name in names if school_id(name) in order.canaries]
    rest = [name for name in names if name not in first]
    clean = not order.alarmed
    for applied in _apply(first, order, engine):
        clean &= applied.state in CLEAN
        yield applied
    if clean:
        yield from _apply(rest, order, engine)
    else:
        yield from (
            SchoolApplied(school_id(name), "waiting", detail="a canary did not end clean") for name in rest
        )


def apply_one(name: str, order: ApplyOrder) -> SchoolApplied:
    """Carry out the saved plan of a school. Raises nothing: what goes wrong is told."""
    from reconciler import saved  # noqa: PLC0415 - polars loads slowly

    school = school_id(name)
    size = 0
    try:
        with panics_as_errors():
            plan = saved.open_plan(str(order.folder / f"{school}.plan"))
            size = len(plan.changes)
            if plan.verdict == "none":
                return SchoolApplied(school, "none")
            outcomes = pipeline.apply_plan(plan, pipeline.load(name), progress=lambda done, total: None)  # noqa: ARG005
    except HeldError as error:
        return SchoolApplied(school, "held", size, detail=str(error))
    except ReconcileError as error:
        return SchoolApplied(school, "failed", size, detail=str(error))
    except Exception as error:  # noqa: BLE001 - as in plan_one
        return SchoolApplied(school, "failed", size, detail=defect(error))
    missed = outcomes.missed
    state = "incomplete" if missed else "applied"
    return SchoolApplied(school, state, size, size - missed, outcomes.left)


def _apply(names: Sequence[str], order: ApplyOrder, engine: Engine) -> Iterator[SchoolApplied]:
    yield from engine.run(partial(apply_one, order=order), names, _gave_up)


def _gave_up(name: str, why: str) -> SchoolApplied:
    return SchoolApplied(
        school_id(name), "failed", detail=f"{why}; what was done stays done, the same command goes on"
    )
