"""A school -> its plan: both sides read, worked through, and put under a header. Writes nothing."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.errors import ReconcileError
from reconciler.pipeline.places import day_of, state_of, target_of
from reconciler.pipeline.stages import work_through
from reconciler.threads import in_this_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from reconciler.model import (
        Capabilities,
        Directory,
        DirectoryInfo,
        Figures,
        Plan,
        PlanHeader,
        Remembered,
        School,
        Tables,
    )
    from reconciler.pipeline.stages import Worked


def plan_school(
    school: School, *, additions_only: bool = False, tell: Callable[[str], None] = lambda _step: None
) -> Plan:
    """Read both sides, and work out what would have to change. Writes nothing.

    `tell` is told each step that may take time, as it begins.

    Raises:
        ReconcileError: a source or the directory cannot be read whole, or the settings do not fit them.
    """
    return in_this_thread(partial(_plan, school, additions_only=additions_only, tell=tell))


def _plan(school: School, *, additions_only: bool, tell: Callable[[str], None]) -> Plan:
    from reconciler.sources import open_source  # noqa: PLC0415 - polars loads slowly
    from reconciler.state.glance import glance  # noqa: PLC0415

    source = open_source(_of_a_part(school) if additions_only else school)
    target = target_of(school)
    tell("Reading the directory")
    info, current = target.snapshot()
    told = target.findings()
    tell("Reading the exports and working out the plan")
    now = datetime.now(UTC)
    return work_out(
        school,
        source.read(),  # held by nobody else: a large school's tables are let go of on the way
        info,
        current,
        target.capabilities,
        now=now,
        new_id=uuid.uuid4().hex,
        additions_only=additions_only,
        remembered=glance(state_of(school), school.id, info.directory_id),
        told=told,
    )


def work_out(  # noqa: PLR0913 - everything that a plan depends on
    school: School,
    tables: Tables,
    info: DirectoryInfo,
    current: Directory,
    can: Capabilities,
    *,
    now: datetime,
    new_id: str,
    additions_only: bool = False,
    remembered: Remembered | None = None,
    told: pl.DataFrame | None = None,
) -> Plan:
    """The plan for what was read. `new_id` names the directory if there is none yet.

    `additions_only` says that the exports are of a part of the school; on days when the calendar lets
    nobody leave, they are whole all the same. `remembered` is what is known of the runs before, `told` are
    FINDINGS of the target's own.

    Raises:
        InputError: the settings do not fit the tables.
    """
    from reconciler.changes import people_named, ready_to_invite  # noqa: PLC0415
    from reconciler.frames import FINDINGS, stack  # noqa: PLC0415
    from reconciler.model import Plan, Remembered  # noqa: PLC0415
    from reconciler.preflight import hold_against, measure, prefixes_changed  # noqa: PLC0415

    known = remembered or Remembered()
    read = measure(tables)
    unlike = hold_against(tables, read, known.baseline, school, partial=additions_only)
    others = [prefixes_changed(known.settings, school)] + ([] if told is None else [told])
    unlike = stack([unlike, *others], FINDINGS)
    worked = work_through(
        school, tables, info, current, can, unlike, today=day_of(now), additions_only=additions_only
    )
    figures = _figures(worked, current, known)
    header = plan_header(
        school, tables, info, figures, now=now, new_id=new_id, additions_only=worked.keeps_all
    )
    # What a part of the school is like says nothing of the whole.
    header = replace(header, tables={} if additions_only else read)
    return Plan(
        header=_judged(header, worked, school, known, day_of(now)),
        changes=worked.changes,
        findings=worked.findings,
        people=people_named(
            worked.changes,
            worked.findings,
            worked.roster.people,
            worked.resolution.before.users,
            gone=worked.roster.gone,
        ),
        ready=ready_to_invite(worked.changes),
    )


def _figures(worked: Worked, current: Directory, known: Remembered) -> Figures:
    from reconciler.changes import count_figures  # noqa: PLC0415 - polars loads slowly

    return count_figures(
        worked.roster,
        worked.resolution,
        current,
        worked.changes,
        worked.findings,
        unfinished_import=known.unfinished_import,
    )


def _judged(header: PlanHeader, worked: Worked, school: School, known: Remembered, today: str) -> PlanHeader:
    """The header with what the guards say, and how the settings differ from those of the last apply."""
    from reconciler.changes import judge  # noqa: PLC0415 - polars loads slowly

    return replace(
        header,
        baseline=str(known.baseline or ""),
        settings_changes=_settings_changes(known, school),
        verdicts=judge(worked.changes, header.figures, school.guards, school.calendar, today),
    )


def part_of(plan: Plan, school: School, names: Sequence[str]) -> Plan:
    """The part of a plan that people (Host IDs) and groups (keys, or `category/name`) need.

    Raises:
        ReconcileError: the plan does not change somebody or a group of that name.
    """
    from reconciler.changes import judge, names_in, ready_to_invite, take_part  # noqa: PLC0415
    from reconciler.config.suggest import did_you_mean  # noqa: PLC0415

    known = names_in(plan.changes)
    for name in names:
        if not (known == name).any():
            hint = (
                did_you_mean(name, known.to_list()) or "'reconcile plan SCHOOL --full' lists what it changes"
            )
            raise ReconcileError(f"the plan changes nobody and no group called '{name}'; {hint}")
    changes = take_part(plan.changes, names)
    verdicts = judge(changes, plan.header.figures, school.guards, school.calendar, day_of(datetime.now(UTC)))
    return replace(
        plan,
        header=replace(
            plan.header,
            part=tuple(names),
            whole=len(plan.changes),
            tables={},  # what was read is not what was applied
            verdicts=verdicts,
        ),
        changes=changes,
        ready=ready_to_invite(changes),
    )


def plan_header(  # noqa: PLR0913 - one argument for each thing that a plan remembers
    school: School,
    tables: Tables,
    info: DirectoryInfo,
    figures: Figures,
    *,
    now: datetime,
    new_id: str,
    additions_only: bool,
) -> PlanHeader:
    """What a plan says of its school and directory; what comes of the plan itself is left out."""
    from reconciler.model import Digests, PlanHeader  # noqa: PLC0415

    return PlanHeader(
        school=school.id,
        school_file=school.file,
        school_name=school.name,
        sis=school.sis,
        sync=school.sync,
        school_year=str(school.school_year),
        # A directory that is still to be made gets its id here, so that apply can be repeated.
        directory_id=info.directory_id or new_id,
        new_directory=not info.directory_id,
        directory_year=info.school_year,
        tool_version=__version__,
        created=now.isoformat(timespec="seconds"),
        max_age_days=school.plan.max_age_days,
        additions_only=additions_only,
        digests=Digests(
            settings=school.settings_digest,
            rule_sets=dict(school.rule_set_digests),
            sources={name: table.digest for name, table in tables.info.items()},
        ),
        figures=figures,
        user_types=dict(school.user_types),
        settings=dict(school.effective),
    )


def _of_a_part(school: School) -> School:
    """The school, with any of its exports allowed to be empty: a new family brings no staff along."""
    files = {name: replace(file, allow_empty=True) for name, file in school.source.files.items()}
    return replace(school, source=replace(school.source, files=files))


def _settings_changes(known: Remembered, school: School) -> str:
    from reconciler.apply.settings import describe_differences  # noqa: PLC0415

    return "" if known.settings is None else describe_differences(known.settings, school.effective)
