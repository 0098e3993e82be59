"""A plan -> its outcomes, once it may be applied."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.errors import HeldError
from reconciler.pipeline.places import day_of, state_of, target_of
from reconciler.pipeline.process import is_there, this_process

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from reconciler.apply.record import Applier
    from reconciler.model import Directory, LiftedGuard, Outcomes, Plan, School, Verdict


def refuse(plan: Plan, school: School, *, allowed: Collection[str] = ()) -> None:
    """See that the plan may be applied to the school's directory, now; `allowed` names lifted guards.

    Raises:
        HeldError: with every reason why it may not.
    """
    from reconciler.apply.check import refusal  # noqa: PLC0415

    now = datetime.now(UTC)
    info, current = target_of(school).snapshot()
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
    _, current = target_of(school).snapshot()
    return _judge_again(plan, school, current, day_of(datetime.now(UTC)))


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

    refuse(plan, school, allowed=[guard.guard for guard in lifted])
    store = open_store(state_of(school))
    now = datetime.now(UTC)
    purge(store, school.id, before=now - timedelta(days=school.retention_days), now=now)
    scope = Scope(school.id, plan.header.directory_id)
    with recorded(store, scope, plan, applier(), lambda: datetime.now(UTC), lifted) as record:
        outcomes = run(plan, target_of(school), progress, journal=record)
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


def applier() -> Applier:
    """Whoever runs this process, for what is remembered of it."""
    from reconciler.apply.record import Applier  # noqa: PLC0415

    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        who = f"user {os.getuid()}"
    return Applier(who, socket.gethostname(), this_process(), is_there)


def _judge_again(plan: Plan, school: School, current: Directory, today: str) -> tuple[Verdict, ...]:
    """What the guards say of a plan today: of all of its changes, on what there was, plus others' changes."""
    from reconciler.changes import judge, move_populations  # noqa: PLC0415

    moved = move_populations(plan.changes, plan.header.figures, current)
    figures = replace(plan.header.figures, populations=moved)
    return judge(plan.changes, figures, school.guards, school.calendar, today)
