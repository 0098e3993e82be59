"""What is remembered of a school's runs: looked at, unlocked, forgotten, verified. Beside the pipeline."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from reconciler.errors import ReconcileError
from reconciler.pipeline import applier, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model import School
    from reconciler.state.audit import Chain
    from reconciler.state.erasure import Forgotten
    from reconciler.state.leases import Lease
    from reconciler.state.runs import Run
    from reconciler.state.store import Store

T = TypeVar("T")


def list_history(school: School) -> dict[str, list[Run]]:
    """Directory id -> its runs, the newest first; nothing where nothing was ever applied.

    A run that was killed is `interrupted`, though nobody has written that down yet.

    Raises:
        ReconcileError: the store cannot be used.
    """
    from reconciler.state.standing import list_standing  # noqa: PLC0415 - sqlalchemy loads slowly

    ask = partial(list_standing, now=datetime.now(UTC), is_there=applier().sees)
    return _of_each_directory(school, ask)


def unlock(school: School) -> list[Lease]:
    """Break the leases of a school's applies; gives what was broken. Noted in the audit trail.

    Raises:
        ReconcileError: the store cannot be used.
    """
    from reconciler.state.audit import append_entry  # noqa: PLC0415
    from reconciler.state.leases import break_lease  # noqa: PLC0415
    from reconciler.state.scope import find_scopes  # noqa: PLC0415

    store = _find(school)
    if store is None:
        return []
    broken = []
    now, who = datetime.now(UTC), applier().who
    with store.write() as tx:
        for scope in find_scopes(tx, school.id):
            if lease := break_lease(tx, scope):
                broken.append(lease)
                details = {"owner": lease.owner, "host": lease.host, "since": lease.since.isoformat()}
                append_entry(tx, scope, event="unlocked", who=who, details=details, now=now)
    return broken


def forget(school: School, host_id: str) -> Forgotten:
    """Erase one person's values from all that is remembered of a school. Noted in the audit trail.

    Raises:
        ReconcileError: the store cannot be used, or there is none; or all was erased, but traces may be left,
            as the store could not be rewritten. Say it again then.
    """
    from reconciler.state.audit import append_entry  # noqa: PLC0415
    from reconciler.state.erasure import forget as erase  # noqa: PLC0415
    from reconciler.state.erasure import leave_no_trace  # noqa: PLC0415
    from reconciler.state.scope import find_scopes  # noqa: PLC0415

    store = _find(school)
    if store is None:
        raise ReconcileError(f"{school.id}: nothing is remembered yet, so there is nobody to forget")
    forgotten = erase(store, school.id, host_id)
    now, who = datetime.now(UTC), applier()
    with store.write() as tx:
        for scope in find_scopes(tx, school.id):
            # Not of whom: that would remember them.
            append_entry(tx, scope, event="forgot somebody", who=who.who, details={}, now=now)
    # Where nobody was found, too: an earlier attempt may have stopped before.
    leave_no_trace(store, now=now, is_there=who.sees)
    return forgotten


def verify_audit(school: School) -> dict[str, Chain]:
    """Directory id -> what became of the check of its audit trail.

    Raises:
        ReconcileError: the store cannot be used.
    """
    from reconciler.state.audit import verify_chain  # noqa: PLC0415

    return _of_each_directory(school, verify_chain)


def _of_each_directory(school: School, ask: Callable[..., T]) -> dict[str, T]:
    """Directory id -> what its part of the store answers, all as of one moment."""
    from reconciler.state.scope import find_scopes  # noqa: PLC0415

    store = _find(school)
    if store is None:
        return {}
    with store.read() as tx:
        return {scope.directory_id: ask(tx, scope) for scope in find_scopes(tx, school.id)}


def _find(school: School) -> Store | None:
    from reconciler.state.store import find_store  # noqa: PLC0415

    return find_store(state_of(school))
