"""How each school stands: what was applied, what is pending, and what stands in its way."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler import history, pipeline
from reconciler.config import school_id
from reconciler.errors import ReconcileError, panics_as_errors
from reconciler.fleet.defects import defect
from reconciler.model.fleet import LastRun, Planned, SchoolLine, SchoolStatus
from reconciler.views.schools import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.fleet.engine import Engine
    from reconciler.model import Plan, School

_HANDSHAKE = ("unmatched-accounts", "looks-like-existing")


def check_schools(names: Sequence[str], engine: Engine, *, plan: bool) -> Iterator[SchoolStatus]:
    """How each school stands, ids or files, as soon as that is known; none stops another.

    Without `plan` nothing is planned, which takes most of the time.
    """
    yield from engine.run(partial(check_one, plan=plan), names, _gave_up)


def check_one(name: str, *, plan: bool) -> SchoolStatus:
    """How a school stands. Raises nothing: what goes wrong is told."""
    try:
        with panics_as_errors():
            return _check(pipeline.load(name), plan=plan)
    except ReconcileError as error:
        return _gave_up(name, str(error))
    except Exception as error:  # noqa: BLE001 - as in plan_one
        return _gave_up(name, defect(error))


def _gave_up(name: str, why: str) -> SchoolStatus:
    return SchoolStatus(SchoolLine(school_id(name), "", "failed", {}, error=why))


def _check(school: School, *, plan: bool) -> SchoolStatus:
    planned = None
    error = ""
    last = None
    try:
        with panics_as_errors():
            last = _last_run(school)
            planned = pipeline.plan_school(school) if plan else None
    except ReconcileError as failed:
        error = str(failed)
    except Exception as failed:  # noqa: BLE001 - as in plan_one
        error = defect(failed)
    if plan or error:
        line = line_of(Planned(school.id, planned, error))
    else:
        line = SchoolLine(school.id, school.name, "not planned", {})
    changed, size = _exports(school)
    return SchoolStatus(
        line,
        on_trial=school.sync == "plan_only",
        last=last,
        exports=changed,
        size=size,
        open_handshake=_open_handshake(school, planned),
    )


def _last_run(school: School) -> LastRun | None:
    runs = [run for listed in history.list_history(school).values() for run in listed]
    if not runs:
        return None
    run = max(runs, key=lambda one: one.started)
    return LastRun(run.number, run.started, run.outcome)


def _exports(school: School) -> tuple[datetime | None, int]:
    """When the oldest export was last changed, and the bytes of all."""
    found = [path.stat() for path in pipeline.exports_of(school)]
    oldest = min((stat.st_mtime for stat in found), default=None)
    when = None if oldest is None else datetime.fromtimestamp(oldest, UTC)
    return when, sum(stat.st_size for stat in found)


def _open_handshake(school: School, plan: Plan | None) -> int:
    if school.onboarding != "returning" or plan is None:
        return 0
    return plan.findings.filter(plan.findings["code"].is_in(list(_HANDSHAKE))).height
