"""Plans of many schools, each isolated from the others' mistakes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import pipeline
from reconciler.config import school_files, school_id
from reconciler.errors import ReconcileError, panics_as_errors
from reconciler.fleet.defects import defect
from reconciler.model.fleet import Planned, SchoolPlan
from reconciler.shown import Appearance, write_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.fleet.engine import Engine


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """What is to be done with the plan of each school."""

    additions_only: bool = False
    out: Path | None = None
    """The folder that plans are saved to, as `SCHOOL.plan`."""
    encrypt_to: tuple[str, ...] = ()
    folders: Mapping[str, Path] = field(default_factory=dict)
    """View -> the folder of its files, such as `SCHOOL.html`."""
    comments: bool = False
    documents: bool = False
    appearance: Appearance = field(default_factory=Appearance)
    share: int = 0
    """The characters that each may take in one comment."""


def all_schools(folder: Path = Path()) -> list[str]:
    """The file of every school in `schools/`, as `pipeline.load` takes it.

    Raises:
        InputError: there are none.
    """
    return [os.path.relpath(path, folder) for path in school_files([], folder)]


def plan_schools(names: Sequence[str], order: PlanOrder, engine: Engine) -> Iterator[SchoolPlan]:
    """What becomes of each school, ids or files, as soon as it is known; none stops another."""

    def gave_up(name: str, why: str) -> SchoolPlan:
        return _keep(Planned(school_id(name), error=why), order)

    yield from engine.run(partial(plan_one, order=order), names, gave_up)


def plan_one(name: str, order: PlanOrder) -> SchoolPlan:
    """Plan a school, and write what is asked for. Raises nothing: what goes wrong is told."""
    school = school_id(name)
    try:
        with panics_as_errors():
            plan = pipeline.plan_school(pipeline.load(name), additions_only=order.additions_only)
            return _keep(Planned(school, plan), order)
    except ReconcileError as error:
        return _keep(Planned(school, error=str(error)), order)
    except Exception as error:  # noqa: BLE001 - a defect in one school's plan is not to hide the others
        return _keep(Planned(school, error=defect(error)), order)


def _keep(planned: Planned, order: PlanOrder) -> SchoolPlan:
    """Write the files of one school's plan, and keep what a summary says of it."""
    from reconciler import saved  # noqa: PLC0415 - polars loads slowly
    from reconciler.views.schools import line_of, plan_for_comment, school_json  # noqa: PLC0415

    plan = planned.plan
    if plan and order.out:
        saved.save_plan(plan, order.out / f"{planned.school}.plan", order.encrypt_to)
    seen = order.appearance.seen(plan) if plan else None
    document = school_json(planned, seen) if order.documents else ""
    comment = ""
    if seen:
        for view, folder in order.folders.items():
            write_view(folder / f"{planned.school}.{view}", order.appearance.render(seen, view), view)
        if order.comments:
            show_names = order.appearance.show_names
            comment = plan_for_comment(seen, show_names=show_names, limit=order.share)
    return SchoolPlan(line_of(planned), comment, document)
