"""Undo: a plan of the inverse of what a run really did. It is reviewed and applied as any other."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError
from reconciler.pipeline import applier, day_of, plan_header, state_of, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from reconciler.model import Changes, DirectoryInfo, Plan, School


_TOLD = ("outcome", "detail", "made_id")
"""What the journal tells of each change."""


def plan_undo(school: School, number: int) -> Plan:
    """The plan that undoes a run of the school's directory, minus what has been changed since.

    Writes nothing.

    Raises:
        ReconcileError: there is no such run of this directory, its values were purged, it goes on, or it did
            nothing.
    """
    from reconciler.changes import count_undone, diff, judge, people_named  # noqa: PLC0415 - polars loads slowly
    from reconciler.frames import sort_findings  # noqa: PLC0415
    from reconciler.model import Plan, Tables  # noqa: PLC0415
    from reconciler.undo import invert  # noqa: PLC0415

    target = target_of(school)
    info, current = target.snapshot()
    journal, later, then = _journal(school, info, number, immediate=target.capabilities.immediate)
    inversion = invert(journal, current, later)
    changes = _because(diff(inversion.after, inversion.before), f"undoes run {number}")
    findings = sort_findings([inversion.findings])
    held = then.get("figures", {}).get("held", {})
    figures = count_undone(changes, current, {})
    populations = {
        kind: population + figures.held.get(kind, 0) - held.get(kind, 0) if kind in held else population
        for kind, population in then.get("figures", {}).get("populations", {}).items()
    }
    figures = replace(figures, populations=populations)
    now = datetime.now(UTC)
    header = plan_header(
        school, Tables({}, {}), info, figures, now=now, new_id=uuid.uuid4().hex, additions_only=False
    )
    return Plan(
        header=replace(
            header,
            undoes=number,
            school_year=_year_before(then, info),
            verdicts=judge(changes, figures, school.guards, school.calendar, day_of(now)),
        ),
        changes=changes,
        findings=findings,
        people=people_named(changes, findings, current.users),
        ready=changes.users.clear().select("host_id"),
    )


def _year_before(then: Mapping[str, Any], info: DirectoryInfo) -> str:
    """The directory's school year before the run, if it still has the one to which the run brought it."""
    before = str(then.get("directory_year") or "")
    return before if before and then.get("school_year") == info.school_year else info.school_year


def _journal(
    school: School, info: DirectoryInfo, number: int, *, immediate: bool
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Mapping[str, Any]]:
    """Kind -> all changes of a run with their outcomes, those of users since; and the header of its plan.

    Changes of which it is not known what became of them may have been made, where the target is `immediate`.
    """
    from reconciler.state.journal import read_journal  # noqa: PLC0415 - sqlalchemy loads slowly
    from reconciler.state.leases import find_holder  # noqa: PLC0415
    from reconciler.state.runs import list_runs, read_plan_header, read_run  # noqa: PLC0415
    from reconciler.state.scope import Scope  # noqa: PLC0415
    from reconciler.state.store import find_store  # noqa: PLC0415

    store = find_store(state_of(school))
    if store is None or not info.directory_id:
        raise ReconcileError(f"{school.id}: nothing was applied yet, so there is nothing to undo")
    scope = Scope(school.id, info.directory_id)
    with store.read() as tx:
        run = read_run(tx, scope, number)
        now = datetime.now(UTC)
        if run.outcome == "running" and (held := find_holder(tx, scope, now=now, is_there=applier().sees)):
            raise ReconcileError(
                f"{school.id}: run {number} still goes on, by {held}; wait for it, or stop it first. If you"
                f" know that it was stopped, `reconcile unlock {school.id}`"
            )
        batches = list(read_journal(tx, scope, number))
        newer = sorted(one.number for one in list_runs(tx, scope) if one.number > number)
        since = [batch for one in newer for batch in read_journal(tx, scope, one) if batch.kind == "users"]
        header = read_plan_header(tx, scope, number) or {}
    from reconciler.undo import MADE  # noqa: PLC0415

    journal = _by_kind([(batch.kind, batch.changes) for batch in batches])
    if not immediate:
        journal = _as_handed_over(journal)
    if not any(frame["outcome"].is_in(MADE).any() for frame in journal.values()):
        raise ReconcileError(f"{school.id}: run {number} changed nothing, so there is nothing to undo")
    later = _by_kind([(batch.kind, batch.changes) for batch in since])["users"]
    return journal, later, header


def _by_kind(batches: list[tuple[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    import polars as pl  # noqa: PLC0415

    from reconciler.model.plan import KINDS  # noqa: PLC0415
    from reconciler.state.journal import CHANGES  # noqa: PLC0415

    empty = {
        kind: pl.DataFrame(schema={**CHANGES[kind], **dict.fromkeys(_TOLD, pl.String)}) for kind in KINDS
    }
    return {
        kind: pl.concat(
            [empty[kind], *(changes.select(empty[kind].columns) for name, changes in batches if name == kind)]
        )
        for kind in KINDS
    }


def _as_handed_over(journal: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """What a run has handed over, all of it or nothing: changes of which it is not known share one lot."""
    import polars as pl  # noqa: PLC0415

    if any((frame["outcome"] == "handed-over").any() for frame in journal.values()):
        return journal
    return {
        kind: frame.with_columns(outcome=pl.col("outcome").replace("", "failed"))
        for kind, frame in journal.items()
    }


def _because(changes: Changes, reason: str) -> Changes:
    import polars as pl  # noqa: PLC0415

    return replace(
        changes,
        **{kind: frame.with_columns(reason=pl.lit(reason)) for kind, frame in changes.frames().items()},
    )
