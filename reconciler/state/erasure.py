"""Values of people are erased: all of a time, or all of one person. Counts and audit stay.

SQLite overwrites what is erased with zeros at once (secure_delete). PostgreSQL uses the space again in time,
and until then holds traces, as its write-ahead log does. To rewrite the tables leaves none, but everybody has
to wait for it, as all schools share them: so an apply that purges never does that, and `forget` does, which
is asked for by somebody, seldom, and while nobody applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select, update

from reconciler.errors import ReconcileError
from reconciler.model.remembered import FORGOTTEN
from reconciler.state import tables
from reconciler.state.journal import BATCH_OUTCOMES, CHANGES
from reconciler.state.leases import list_held
from reconciler.state.memory import schemas
from reconciler.state.packing import pack, unpack
from reconciler.state.scope import find_scopes, lock_scope
from reconciler.state.tables import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.state.leases import Lease
    from reconciler.state.store import Store

_HOST_IDS = ("host_id", "before_host_id", "after_host_id", "student_host_id", "parent_host_id")
_VALUES = re.compile("before_.*|after_.*|later_email|later_host_id|target_id")
"""Columns that hold what is known of a person, or lead to their account."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased of one person."""

    changes: int
    runs: int
    other_host_ids: tuple[str, ...]
    """Other Host IDs that the same account had, by a rekey: they may be the same person's, and are kept."""
    memories: int = 0
    """How many directories' memories held them."""


def purge(store: Store, school_id: str, *, before: datetime, now: datetime) -> int:
    """Erase the values of people from a school's runs that began earlier; gives the number of runs.

    Journal, plan header and the reasons of lifted guards go, and the salts of audit entries of that time.
    Counts, settings and the audit's digests stay, and the chain still verifies.

    Nothing is rewritten: every apply does this, and 600 schools have something due every night.

    Raises:
        ReconcileError: the store cannot be used.
    """
    run, batch, entry = tables.runs, tables.batches, tables.audit
    with store.write() as tx:
        _lock_school(tx, school_id)
        old = (run.c.school_id == school_id, run.c.started < before, run.c.outcome != "running")
        due = select(run.c.directory_id, run.c.number, run.c.lifted).where(*old, run.c.purged.is_(None))
        purged = tx.execute(due).all()
        for directory_id, number, lifted in purged:
            of_school = (run.c.school_id == school_id, run.c.directory_id == directory_id)
            guards = [{"guard": guard["guard"], "reason": ""} for guard in lifted]
            tx.execute(
                update(run)
                .where(*of_school, run.c.number == number)
                .values(header=None, lifted=guards, purged=now)
            )
            tx.execute(
                update(batch)
                .where(batch.c.school_id == school_id, batch.c.directory_id == directory_id)
                .where(batch.c.run == number)
                .values(changes=None, outcomes=None)
            )
        salted = (entry.c.school_id == school_id, entry.c.at < to_text(before), entry.c.salt != "")
        tx.execute(update(entry).where(*salted).values(salt=""))
    return len(purged)


def forget(store: Store, school_id: str, host_id: str) -> Forgotten:
    """Erase one person's values from the journal, the runs and the memories of all directories of a school.

    Of changes about them nothing stays but number, action and outcome; where the reason of somebody else's
    change, or a plan's header, names their Host ID, that is taken out. The audit chain still verifies.

    A Host ID that is a bare number is not looked for in headers and settings: these name nobody unless a
    school file does, and are full of other numbers. `leave_no_trace` belongs after it.

    Raises:
        ReconcileError: the Host ID is blank, or the store cannot be used.
    """
    if not host_id.strip():
        raise ReconcileError(f"{school_id}: a blank Host ID is nobody's; name the one to forget")
    person = _Person(host_id)
    with store.write() as tx:
        _lock_school(tx, school_id)
        _forget_in_journal(tx, school_id, person)
        _forget_in_runs(tx, school_id, person)
        _forget_in_memories(tx, school_id, person)
    others = person.others - {host_id, FORGOTTEN, ""}
    return Forgotten(person.changes, len(person.runs), tuple(sorted(others)), person.memories)


def leave_no_trace(
    store: Store, *, now: datetime, is_there: Callable[[Lease], bool | None] = lambda _lease: None
) -> None:
    """Rewrite the store, so that nothing of what was erased of any school is left in unused space.

    Not while anybody applies: they would have to wait for it, and could fail once their target is written.
    Who begins to apply meanwhile waits, and fails at worst before anything is written. `is_there` says
    whether the holder of a lease is, or None where that cannot be known.

    Raises:
        ReconcileError: somebody applies, or the store is in use or has no room for its copy. What was erased
            stays so.
    """
    try:
        _see_that_nobody_applies(store, now, is_there)
        store.compact()
    except ReconcileError as error:
        raise ReconcileError(
            f"{error}. The values are erased, but traces may be left in unused space"
        ) from error


def _see_that_nobody_applies(store: Store, now: datetime, is_there: Callable[[Lease], bool | None]) -> None:
    with store.read() as tx:
        held = list_held(tx, now, is_there)
    if held:
        raise ReconcileError(
            f"{held[0].scope.school_id}: an apply is under way, by {held[0]}, and would have to wait while"
            " the state store is rewritten; run this again once nobody applies"
        )


def _lock_school(tx: Connection, school_id: str) -> None:
    for scope in find_scopes(tx, school_id):
        lock_scope(tx, scope)


@dataclass(slots=True)
class _Person:
    """Somebody to forget, and what was found of them."""

    host_id: str
    changes: int = 0
    runs: set[tuple[str, int]] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    memories: int = 0

    @property
    def ids(self) -> list[str]:
        """Their Host ID, and the one under which an account is parked for them."""
        return [self.host_id, f"parked:{self.host_id}"]

    def taken_out(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """Plain data in which no text names them."""
        if isinstance(value, str):
            if self.host_id not in value:
                return value
            return re.sub(rf"(?<!\w){re.escape(self.host_id)}(?!\w)", FORGOTTEN, value)
        if isinstance(value, dict):
            return {self.taken_out(name): self.taken_out(part) for name, part in value.items()}
        return [self.taken_out(part) for part in value] if isinstance(value, list) else value

    def taken_out_of(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """A frame in which no text of a column names them."""
        texts = frame[column].filter(frame[column].str.contains(self.host_id, literal=True)).unique()
        changed = {text: self.taken_out(text) for text in texts}
        return frame.with_columns(pl.col(column).replace(changed)) if changed else frame


def _forget_in_journal(tx: Connection, school_id: str, person: _Person) -> None:
    row = tables.batches.c
    keys = (row.directory_id, row.run, row.batch)
    query = select(*keys).where(row.school_id == school_id, row.changes.is_not(None)).order_by(*keys)
    for directory_id, run, batch in tx.execute(query).all():
        one = (
            row.school_id == school_id,
            row.directory_id == directory_id,
            row.run == run,
            row.batch == batch,
        )
        packed = tx.execute(select(row.kind, row.changes, row.outcomes).where(*one)).one()
        if values := _forget_in_batch(packed.kind, packed.changes, packed.outcomes, person):
            tx.execute(update(tables.batches).where(*one).values(values))
            person.runs.add((directory_id, run))


def _forget_in_batch(
    kind: str, packed_changes: bytes, packed_outcomes: bytes | None, person: _Person
) -> Mapping[str, bytes]:
    """What has to be written of a batch, if anything."""
    values = {}
    changes = unpack(packed_changes, CHANGES[kind])
    theirs_in = (pl.col(name).is_in(person.ids) for name in _HOST_IDS if name in changes)
    about = pl.any_horizontal(pl.lit(value=False), *theirs_in)  # a group is nobody
    forgotten = person.taken_out_of(_forget_in_changes(changes, about, kind, person), "reason")
    if not forgotten.equals(changes):
        theirs = changes.filter(about)
        person.changes += theirs.height
        if kind == "users":
            person.others.update(*(theirs[name] for name in _HOST_IDS if name in theirs))
        values["changes"] = pack(forgotten)
    if packed_outcomes:
        outcomes = unpack(packed_outcomes, BATCH_OUTCOMES)
        ids = changes.filter(about)["id"]
        # It leads to their account.
        blank = pl.when(pl.col("id").is_in(ids.implode())).then(pl.lit("")).otherwise("made_id")
        forgotten = person.taken_out_of(outcomes.with_columns(made_id=blank), "detail")
        if not forgotten.equals(outcomes):
            values["outcomes"] = pack(forgotten)
    return values


def _forget_in_changes(changes: pl.DataFrame, about: pl.Expr, kind: str, person: _Person) -> pl.DataFrame:
    """Changes without the values of those that `about` picks.

    A change of a user is about one account, so any Host ID in it is theirs; a link has another end.
    """
    host_ids = [name for name in _HOST_IDS if name in changes]
    texts = [name for name, dtype in changes.schema.items() if _VALUES.fullmatch(name) and dtype == pl.String]
    blank = [
        pl.when(about).then(pl.lit("")).otherwise(name).alias(name) for name in texts if name not in host_ids
    ]
    hidden = [
        pl.when(about & (pl.col(name) != "") if kind == "users" else pl.col(name).is_in(person.ids))
        .then(pl.lit(FORGOTTEN))
        .otherwise(name)
        .alias(name)
        for name in host_ids
    ]
    return changes.with_columns(*blank, *hidden)


def _forget_in_runs(tx: Connection, school_id: str, person: _Person) -> None:
    row = tables.runs.c
    query = select(row.directory_id, row.number, row.header, row.settings, row.lifted)
    for directory_id, number, *values in tx.execute(query.where(row.school_id == school_id)).all():
        *plain, lifted = values  # header and settings, and what somebody wrote
        forgotten = [
            *(plain if person.host_id.isdigit() else person.taken_out(plain)),
            person.taken_out(lifted),
        ]
        if forgotten == values:
            continue
        one = (row.school_id == school_id, row.directory_id == directory_id, row.number == number)
        named = dict(zip(("header", "settings", "lifted"), forgotten, strict=True))
        tx.execute(update(tables.runs).where(*one).values(named))
        person.runs.add((directory_id, number))


def _forget_in_memories(tx: Connection, school_id: str, person: _Person) -> None:
    """Take out whatever a target remembers of them; what is really there, its next reading tells."""
    row = tables.memories.c
    for found in tx.execute(select(tables.memories).where(row.school_id == school_id)).all():
        values = {}
        for kind, schema in schemas().items():
            frame = unpack(getattr(found, kind), schema)
            theirs = [pl.col(name).is_in(person.ids) for name in _HOST_IDS if name in frame]
            others = frame.filter(~pl.any_horizontal(pl.lit(value=False), *theirs))
            if others.height < frame.height:
                values[kind] = pack(others)
        if values:
            person.memories += 1
            of_place = (row.school_id == school_id, row.place == found.place)
            tx.execute(update(tables.memories).where(*of_place).values(values))
