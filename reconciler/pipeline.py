"""The whole flow of one school, top to bottom. Only here do stages meet, and is the clock asked."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.config import find_school, load_school
from reconciler.environment import STATE
from reconciler.errors import HeldError, ReconcileError
from reconciler.threads import in_this_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import polars as pl

    from reconciler.apply.record import Applier
    from reconciler.model import (
        Capabilities,
        Changes,
        Desired,
        Directory,
        DirectoryInfo,
        Explanation,
        Family,
        Figures,
        LiftedGuard,
        Outcomes,
        Plan,
        PlanHeader,
        Remembered,
        Resolution,
        Roster,
        School,
        Tables,
        Verdict,
    )

GROUP_TABLES = ("sections", "enrolments", "membership_list")
"""The tables, besides the students, from which groups are made beyond what the roster tells."""
SMALL = 16 * 2**20
"""Bytes of files, of some 60,000 people, up to which Polars's threads cost more than they help."""


def load(name: str) -> School:
    """The school of an id in `schools/`, or of a path that ends in `.yaml`.

    Raises:
        InputError: there is no such school, or its file has mistakes.
    """
    return load_school(find_school(name, Path()), os.environ)


def plan_school(
    school: School, *, additions_only: bool = False, tell: Callable[[str], None] = lambda _step: None
) -> Plan:
    """Read both sides, and work out what would have to change. Writes nothing.

    `tell` is told each step that may take time, as it begins.

    Raises:
        ReconcileError: a source or the directory cannot be read whole, or the settings do not fit them.
    """
    plan = partial(_plan, school, additions_only=additions_only, tell=tell)
    return in_this_thread(plan) if _size(school) < SMALL else plan()


def _plan(school: School, *, additions_only: bool, tell: Callable[[str], None]) -> Plan:
    from reconciler.sources import open_source  # noqa: PLC0415 - polars loads slowly
    from reconciler.state.glance import glance  # noqa: PLC0415
    from reconciler.targets import open_target  # noqa: PLC0415

    source = open_source(_of_a_part(school) if additions_only else school)
    target = open_target(school.target)
    tell("Reading the directory")
    info, current = target.snapshot()
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
) -> Plan:
    """The plan for what was read. `new_id` names the directory if there is none yet.

    `additions_only` says that the exports are of a part of the school; on days when the calendar lets
    nobody leave, they are whole all the same. `remembered` is what is known of the runs before.

    Raises:
        InputError: the settings do not fit the tables.
    """
    from reconciler.changes import count_figures, judge, people_named, ready_to_invite  # noqa: PLC0415
    from reconciler.frames import FINDINGS, stack  # noqa: PLC0415
    from reconciler.model import Plan, Remembered  # noqa: PLC0415
    from reconciler.preflight import hold_against, measure, prefixes_changed  # noqa: PLC0415

    known = remembered or Remembered()
    read = measure(tables)
    unlike = hold_against(tables, read, known.baseline, school, partial=additions_only)
    unlike = stack([unlike, prefixes_changed(known.settings, school)], FINDINGS)
    worked = _work_through(
        school, tables, info, current, can, unlike, today=day_of(now), additions_only=additions_only
    )
    changes, findings = worked.changes, worked.findings
    figures = count_figures(
        worked.roster,
        worked.resolution,
        current,
        changes,
        findings,
        unfinished_import=known.unfinished_import,
    )
    header = partial(plan_header, now=now, new_id=new_id, additions_only=worked.keeps_all)
    return Plan(
        header=replace(
            header(school, tables, info, figures),
            # What a part of the school is like says nothing of the whole.
            tables={} if additions_only else read,
            baseline=str(known.baseline or ""),
            settings_changes=_settings_changes(known, school),
            verdicts=judge(changes, figures, school.guards, school.calendar, day_of(now)),
        ),
        changes=changes,
        findings=findings,
        people=people_named(
            changes,
            findings,
            worked.roster.people,
            worked.resolution.before.users,
            gone=worked.roster.gone,
        ),
        ready=ready_to_invite(changes),
    )


@dataclass(frozen=True, slots=True)
class Worked:
    """What the stages have made of a school, one after the other."""

    roster: Roster
    desired: Desired
    resolution: Resolution
    changes: Changes
    findings: pl.DataFrame
    keeps_all: bool
    """Whether nobody leaves, and nothing is removed."""


def _work_through(  # noqa: PLR0913 - both sides, and what binds them
    school: School,
    tables: Tables,
    info: DirectoryInfo,
    current: Directory,
    can: Capabilities,
    unlike: pl.DataFrame,
    *,
    today: str,
    additions_only: bool,
) -> Worked:
    """Every stage in its turn. `unlike` are the findings of the preflight."""
    from reconciler.changes import diff  # noqa: PLC0415
    from reconciler.desired import build_desired  # noqa: PLC0415
    from reconciler.frames import sort_findings  # noqa: PLC0415
    from reconciler.model import window_of  # noqa: PLC0415
    from reconciler.resolve import resolve  # noqa: PLC0415
    from reconciler.roster import build_roster  # noqa: PLC0415

    roster = build_roster(tables, school)
    tables = tables.only(school.members["student"].table, *GROUP_TABLES)
    desired = build_desired(roster, tables, school)
    keeps_all = additions_only or window_of(school.calendar.additions_only, today) is not None
    resolution = resolve(roster, desired, current, info, school, can, additions_only=keeps_all)
    changes = diff(resolution.after, resolution.before)
    listed = [roster.findings, desired.findings]
    if additions_only:
        listed = [_not_lost_in_a_part(found, current) for found in listed]
    findings = sort_findings([unlike, *listed, resolution.findings, _ignored(tables)])
    return Worked(roster, desired, resolution, changes, findings, keeps_all)


def explain(school: School, name: str) -> Explanation:
    """Why somebody (a Host ID, or an id of the SIS) or a group (its key, or `category/name`) is as it is.

    Raises:
        ReconcileError: the sources or the directory cannot be read whole, or nobody knows that name.
    """
    from reconciler.explain import (  # noqa: PLC0415 - polars loads slowly
        Evidence,
        explain_group,
        explain_person,
        find_group,
        host_ids_of,
    )
    from reconciler.frames import FINDINGS, empty  # noqa: PLC0415
    from reconciler.roster import tell_rows  # noqa: PLC0415
    from reconciler.sources import open_source  # noqa: PLC0415
    from reconciler.targets import open_target  # noqa: PLC0415
    from reconciler.views.names import NOBODY, without_addresses  # noqa: PLC0415

    target = open_target(school.target)
    info, current = target.snapshot()
    tables = open_source(school).read()
    meant = host_ids_of(school, name)
    rows, links = tell_rows(tables, school, meant)
    worked = _work_through(
        school,
        tables,
        info,
        current,
        target.capabilities,
        empty(FINDINGS),
        today=day_of(datetime.now(UTC)),
        additions_only=False,
    )
    evidence = Evidence(
        school,
        worked.roster,
        worked.desired,
        current,
        worked.resolution,
        worked.changes,
        worked.findings,
        rows,
        links,
    )
    if key := find_group(evidence, name):
        return explain_group(evidence, key)
    known = {*rows["host_id"], *links["parent_host_id"], *worked.roster.crosswalk["old_host_id"]}
    known |= set(current.users["host_id"].filter(current.users["host_id"].is_in(meant)))
    found = [one for one in meant if one in known]
    if len(found) == 1 or name in found:
        return explain_person(evidence, name if name in found else found[0])
    if found:
        raise ReconcileError(f"{school.id}: {name} may be {' or '.join(found)}; say which")
    looked_for = f"{name!r} (looked for {', '.join(meant)})"
    raise ReconcileError(
        f"{school.id}: no row of an export, no account and no group is called"
        f" {without_addresses(looked_for, NOBODY)}"
    )


def families_of(school: School) -> tuple[Family, ...]:
    """The families that share an e-mail address, with the parents' children.

    Raises:
        ReconcileError: the sources or the directory cannot be read whole.
    """
    from reconciler.frames import FINDINGS, empty  # noqa: PLC0415 - polars loads slowly
    from reconciler.letters import families  # noqa: PLC0415
    from reconciler.sources import open_source  # noqa: PLC0415
    from reconciler.targets import open_target  # noqa: PLC0415

    target = open_target(school.target)
    info, current = target.snapshot()
    worked = _work_through(
        school,
        open_source(school).read(),
        info,
        current,
        target.capabilities,
        empty(FINDINGS),
        today=day_of(datetime.now(UTC)),
        additions_only=False,
    )
    return families(worked.findings, worked.roster.people, worked.roster.relationships)


def accounts_of(school: School) -> set[str]:
    """The Host IDs of all accounts of a school's directory.

    Raises:
        ReconcileError: the directory cannot be read whole.
    """
    from reconciler.targets import open_target  # noqa: PLC0415 - polars loads slowly

    _, current = open_target(school.target).snapshot()
    return set(current.users["host_id"]) - {""}


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


def refuse(plan: Plan, school: School, *, allowed: Collection[str] = ()) -> None:
    """See that the plan may be applied to the school's directory, now; `allowed` names lifted guards.

    Raises:
        HeldError: with every reason why it may not.
    """
    from reconciler.apply.check import refusal  # noqa: PLC0415
    from reconciler.targets import open_target  # noqa: PLC0415

    now = datetime.now(UTC)
    info, current = open_target(school.target).snapshot()
    reasons = refusal(
        plan,
        info=info,
        settings_digest=school.settings_digest,
        settings=school.effective,
        rule_set_digests=school.rule_set_digests,
        sync=school.sync,
        now=now,
        verdicts=_judge_again(plan, school, current, day_of(now)),
        allowed=allowed,
    )
    if reasons:
        raise HeldError("\n".join(reasons))


def judge_now(plan: Plan, school: School) -> tuple[Verdict, ...]:
    """What the guards say of a saved plan now.

    Raises:
        ReconcileError: the directory cannot be read whole.
    """
    from reconciler.targets import open_target  # noqa: PLC0415

    _, current = open_target(school.target).snapshot()
    return _judge_again(plan, school, current, day_of(datetime.now(UTC)))


def _judge_again(plan: Plan, school: School, current: Directory, today: str) -> tuple[Verdict, ...]:
    """What the guards say of a plan today: of all of its changes, on what there was, plus others' changes."""
    from reconciler.changes import judge, move_populations  # noqa: PLC0415

    moved = move_populations(plan.changes, plan.header.figures, current)
    figures = replace(plan.header.figures, populations=moved)
    return judge(plan.changes, figures, school.guards, school.calendar, today)


def day_of(now: datetime) -> str:
    """The day by the machine's clock, as the calendar of a school names it."""
    return now.astimezone().date().isoformat()


def apply_plan(
    plan: Plan,
    school: School,
    *,
    progress: Callable[[int, int], None],
    lifted: Sequence[LiftedGuard] = (),
) -> Outcomes:
    """Carry the plan out; `progress` is told the changes done and all of them.

    `lifted` are the tripped guards that were lifted for this plan alone, as is remembered of the run.

    Raises:
        HeldError: the plan may not be applied; nothing was written.
        ReconcileError: the directory failed; what was done so far stays done, and the same plan goes on.
    """
    from reconciler.apply.record import recorded  # noqa: PLC0415
    from reconciler.apply.runner import run  # noqa: PLC0415
    from reconciler.state.erasure import purge  # noqa: PLC0415
    from reconciler.state.scope import Scope  # noqa: PLC0415
    from reconciler.state.store import open_store  # noqa: PLC0415
    from reconciler.targets import open_target  # noqa: PLC0415

    refuse(plan, school, allowed=[guard.guard for guard in lifted])
    store = open_store(state_of(school))
    now = datetime.now(UTC)
    purge(store, school.id, before=now - timedelta(days=school.retention_days), now=now)
    scope = Scope(school.id, plan.header.directory_id)
    with recorded(store, scope, plan, applier(), lambda: datetime.now(UTC), lifted) as record:
        outcomes = run(plan, open_target(school.target), progress, journal=record)
        record.end("incomplete" if outcomes.incomplete else "done")
    return outcomes


def notices(plan: Plan, school: School) -> list[str]:
    """What whoever applies a saved plan should know: which sources have changed since."""
    from reconciler.apply.check import changed_sources  # noqa: PLC0415
    from reconciler.sources import open_source  # noqa: PLC0415

    changed = changed_sources(plan, open_source(school).digests())
    if not changed:
        return []
    return [
        f"Exports have changed since the plan was made: {', '.join(changed)}. The plan does what it says."
    ]


def state_of(school: School) -> str | Path:
    """Where what is remembered of a school's runs is kept: `RECONCILE_STATE`, else beside its directory."""
    return os.environ.get(STATE) or Path(school.target.path).parent / ".reconcile" / "state.db"


def applier() -> Applier:
    """Whoever runs this process, for what is remembered of it."""
    from reconciler.apply.record import Applier  # noqa: PLC0415

    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        who = f"user {os.getuid()}"
    return Applier(who, socket.gethostname(), str(os.getpid()), _is_alive)


def _is_alive(process: str) -> bool:
    """Whether a process of this machine is there; in doubt it is."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):
        return True
    return True


def _size(school: School) -> int:
    """Bytes of the exports and the directory."""
    paths = [Path(file.path) for file in school.source.files.values()] + [Path(school.target.path)]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _of_a_part(school: School) -> School:
    """The school, with any of its exports allowed to be empty: a new family brings no staff along."""
    files = {name: replace(file, allow_empty=True) for name, file in school.source.files.items()}
    return replace(school, source=replace(school.source, files=files))


def _not_lost_in_a_part(findings: pl.DataFrame, current: Directory) -> pl.DataFrame:
    """FINDINGS without those of list members who are not in this export, but in the directory."""
    there = findings["host_id"].is_in(current.users["host_id"].implode())
    return findings.filter(~(there & (findings["code"] == "unknown-member")))


def _settings_changes(known: Remembered, school: School) -> str:
    from reconciler.apply.settings import describe_differences  # noqa: PLC0415

    return "" if known.settings is None else describe_differences(known.settings, school.effective)


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


def _ignored(tables: Tables) -> pl.DataFrame:
    """`ignored-column` for each header that looks like an id and was not taken for one."""
    from reconciler.frames import FINDINGS, one_finding, stack  # noqa: PLC0415

    return stack(
        [
            one_finding("ignored-column", f"{header} was not read", file=info.file)
            for info in {info.file: info for info in tables.info.values()}.values()
            for header in info.ignored
        ],
        FINDINGS,
    )
