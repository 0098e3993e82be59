"""Leases: one apply at a time for each directory, whoever starts it and wherever.

A lease lapses unless its holder keeps it, so that one who was killed does not lock everybody out. Moments
come from the holders' own clocks: clocks that differ by less than the time to live do no harm.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from reconciler.errors import ReconcileError
from reconciler.state import tables
from reconciler.state.scope import Scope, lock_scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Row


_AT = "%Y-%m-%d %H:%M:%S %Z"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to apply to a directory."""

    scope: Scope
    token: str
    """Tells this lease from any other, of the same owner too."""
    owner: str
    host: str
    since: datetime
    seen: datetime
    """When the holder last kept it."""
    expires: datetime
    """From this moment on, somebody else may take it."""

    def __str__(self) -> str:
        owner = re.sub(r"(process \d+):\S*(?=,$)", r"\1", self.owner)  # what else tells it from others
        return f"{owner} on {self.host} since {self.since:{_AT}}"


SILENT = timedelta(hours=12)
"""For how long a holder whose process is there is believed to be at work, though it gives no sign of life.

A machine may have slept overnight, and goes on where it was. But a process may also have outlived its apply,
and another one may have got its number: a lease that nobody holds any more must not stop every night's apply.
"""


class LeaseHeldError(ReconcileError):
    """Somebody else applies to the directory; `lease` says who, where and since when.

    `silent` is one whose lease has expired, and whose process is there all the same.
    """

    def __init__(self, lease: Lease, *, silent: bool = False) -> None:
        self.lease = lease
        school = lease.scope.school_id
        told = f"{school}: an apply is under way, by {lease}, last seen {lease.seen:{_AT}}"
        advice = (
            "wait until it is done. Without another sign of life it holds the school until"
            f" {lease.expires:{_AT}}. If you know that it was stopped,"
        )
        if silent:
            told += ", and its process is still there"
            advice = (
                "wait until it is done, or end that process. As long as that is there, it holds the school"
                f" until {lease.seen + SILENT:{_AT}}. If you know that it applies no more,"
            )
        super().__init__(f"{told}; {advice} `reconcile unlock {school}`")


class LeaseLostError(ReconcileError):
    """The lease was taken over or broken; `lease` is the one in its place, if any."""

    def __init__(self, scope: Scope, lease: Lease | None) -> None:
        self.lease = lease
        now = f"{lease} has taken over" if lease else "it was unlocked"
        super().__init__(
            f"{scope.school_id}: this apply has lost its lease: {now}; plan again once nobody else applies"
        )


_row = tables.leases.c


def acquire_lease(  # noqa: PLR0913 - who, where, when, how long
    tx: Connection, scope: Scope, *, owner: str, host: str, now: datetime, ttl: timedelta
) -> Lease:
    """Take the lease, if it is free or has expired. Of several who try at once, one gets it.

    Raises:
        LeaseHeldError: somebody holds it.
    """
    lock_scope(tx, scope)
    held = read_lease(tx, scope)
    if held and now < held.expires:
        raise LeaseHeldError(held)
    lease = Lease(scope, secrets.token_hex(16), owner, host, since=now, seen=now, expires=now + ttl)
    _remove(tx, scope)
    values = {name: getattr(lease, name) for name in ("token", "owner", "host", "since", "seen", "expires")}
    tx.execute(insert(tables.leases).values(**scope.columns, **values))
    return lease


def take_lease(  # noqa: PLR0913 - as of acquire_lease, and who is known to be there
    tx: Connection,
    scope: Scope,
    *,
    owner: str,
    host: str,
    now: datetime,
    ttl: timedelta,
    is_there: Callable[[Lease], bool | None],
) -> Lease:
    """Take the lease; `is_there` says whether its holder is, or None where that cannot be known.

    From one who is known to be gone, as after a kill, it is taken at once: nobody has to wait then. From one
    who is known to be there it is not taken for hours, though it has expired: who has lost touch with the
    store, or has slept, is still about to write.

    Raises:
        LeaseHeldError: somebody holds it, who may still be at work.
    """
    lock_scope(tx, scope)
    if held := find_holder(tx, scope, now=now, is_there=is_there):
        raise LeaseHeldError(held, silent=held.expires <= now)
    _remove(tx, scope)
    return acquire_lease(tx, scope, owner=owner, host=host, now=now, ttl=ttl)


def find_holder(
    tx: Connection, scope: Scope, *, now: datetime, is_there: Callable[[Lease], bool | None]
) -> Lease | None:
    """The lease of whoever may be at work; None where nobody can be. `is_there` is as for `take_lease`."""
    held = read_lease(tx, scope)
    if held is None or (there := is_there(held)) is False:
        return None
    return held if now < held.expires or (there and now < held.seen + SILENT) else None


def keep_lease(tx: Connection, lease: Lease, *, now: datetime, ttl: timedelta) -> Lease:
    """The heartbeat: hold the lease for another `ttl`.

    In the transaction that opens a batch, it proves that nobody else has begun since. One that has expired
    is kept too, as long as nobody has taken it.

    Raises:
        LeaseLostError: somebody has, or it was broken.
    """
    lock_scope(tx, lease.scope)
    kept = replace(lease, seen=now, expires=now + ttl)
    values = {"seen": kept.seen, "expires": kept.expires}
    if not tx.execute(update(tables.leases).where(*_the_same(lease)).values(values)).rowcount:
        raise LeaseLostError(lease.scope, read_lease(tx, lease.scope))
    return kept


def release_lease(tx: Connection, lease: Lease) -> bool:
    """Give the lease back; whether it was still there to give."""
    lock_scope(tx, lease.scope)
    return bool(tx.execute(delete(tables.leases).where(*_the_same(lease))).rowcount)


def break_lease(tx: Connection, scope: Scope) -> Lease | None:
    """Take the lease from whoever holds it; gives what was broken, None where there was nothing."""
    lock_scope(tx, scope)
    held = read_lease(tx, scope)
    _remove(tx, scope)
    return held


def read_lease(tx: Connection, scope: Scope) -> Lease | None:
    """The lease as it stands; it may have expired."""
    found = tx.execute(select(tables.leases).where(scope.of(tables.leases))).one_or_none()
    return None if found is None else _lease(found)


def list_held(tx: Connection, now: datetime, is_there: Callable[[Lease], bool | None]) -> list[Lease]:
    """The leases of all schools that have not expired, but for those of whoever is known to be gone.

    `is_there` is as for `take_lease`.
    """
    found = tx.execute(select(tables.leases).order_by(_row.school_id, _row.directory_id)).all()
    return [lease for lease in map(_lease, found) if now < lease.expires and is_there(lease) is not False]


def _lease(found: Row[Any]) -> Lease:
    scope = Scope(found.school_id, found.directory_id)
    return Lease(scope, found.token, found.owner, found.host, found.since, found.seen, found.expires)


def _the_same(lease: Lease) -> tuple[Any, ...]:
    return lease.scope.of(tables.leases), _row.token == lease.token


def _remove(tx: Connection, scope: Scope) -> None:
    tx.execute(delete(tables.leases).where(scope.of(tables.leases)))
