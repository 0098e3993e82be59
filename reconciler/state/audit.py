"""The audit trail: a chain of entries, each of which holds the hash of the one before.

An entry says when, who and which event, in the clear. What it was about is kept as a salted digest only, so
that no value of a person ever has to be erased from the chain. Who has the details at hand, such as the plan
file, can prove that they are what the entry is about.

What can be found: any change of any part of an entry, one that is missing, put in between or moved, and an
end that was cut off, since the last entry is also noted beside the chain and in each run that ended.

What cannot: the chain has no secret, so whoever can write to the store can make the whole of it anew, with
the notes. Only a head that is kept elsewhere (in CI's log, in a mail) shows that: give it to `verify_chain`.
Nor can it be known of a salt that is gone whether purging took it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from reconciler.state import tables
from reconciler.state.scope import lock_scope
from reconciler.state.tables import to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from reconciler.state.scope import Scope


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: with its hash, all before it is fixed. `Head(0, "")` is an empty chain."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    seq: int
    """Counts from 1."""
    at: str
    """UTC, ISO 8601."""
    who: str
    event: str
    digest: str
    """HMAC-SHA-256 of the details' canonical JSON under the salt."""
    salt: str
    """'' once it was purged: from then on nobody can try out what the details were."""

    def is_about(self, details: Mapping[str, object]) -> bool:
        """Whether these are the details, in every letter; False if the salt was purged."""
        return bool(self.salt) and hmac.compare_digest(self.digest, _digest(self.salt, details))


@dataclass(frozen=True, slots=True)
class Chain:
    """What became of the check."""

    head: Head
    """The last entry that is there; its number is that of all entries, if nothing is broken."""
    broken: str = ""
    """The first thing that is wrong, in words; '' if nothing is."""
    broken_at: int = 0
    """The entry that it is about."""


_row = tables.audit.c


def append_entry(  # noqa: PLR0913 - when, who, what
    tx: Connection, scope: Scope, *, event: str, who: str, details: Mapping[str, object], now: datetime
) -> Head:
    """Add an event to the chain; gives the new head.

    `details` are plain data and are not kept. `event` and `who` are, for good: no values of people.
    """
    last = lock_scope(tx, scope)  # whoever else appends waits here, so that the chain never forks
    salt = secrets.token_hex(32)
    entry: dict[str, Any] = {
        **scope.columns,
        "seq": last.audit_seq + 1,
        "at": to_text(now),
        "who": who,
        "event": event,
        "digest": _digest(salt, details),
        "salt_digest": _sha256(salt),
        "previous": last.audit_hash,
    }
    head = Head(entry["seq"], _seal(entry))
    tx.execute(insert(tables.audit).values(**entry, salt=salt, hash=head.hash))
    noted = {"audit_seq": head.seq, "audit_hash": head.hash}
    tx.execute(update(tables.directories).where(scope.of(tables.directories)).values(noted))
    return head


def list_entries(tx: Connection, scope: Scope) -> list[Entry]:
    """All entries, the oldest first. Whether they can be trusted, `verify_chain` says."""
    columns = (_row.seq, _row.at, _row.who, _row.event, _row.digest, _row.salt)
    found = tx.execute(select(*columns).where(scope.of(tables.audit)).order_by(_row.seq))
    return [Entry(*row) for row in found]


def verify_chain(tx: Connection, scope: Scope, known: Iterable[Head] = ()) -> Chain:
    """Compute the chain anew, and name the first link that does not hold.

    `known` are heads that were kept elsewhere: the chain must have been so once.
    """
    entries = (
        tx.execute(select(tables.audit).where(scope.of(tables.audit)).order_by(_row.seq)).mappings().all()
    )
    notes = [*_notes(tx, scope), *(("one that was noted elsewhere", head) for head in known)]
    broken = [*_broken_links(entries), *_broken_notes(entries, notes)]
    seq, what = min(broken, key=lambda link: link[0], default=(0, ""))
    return Chain(Head(entries[-1]["seq"], entries[-1]["hash"]) if entries else Head(0, ""), what, seq)


def _broken_links(entries: Sequence[RowMapping]) -> Iterator[tuple[int, str]]:
    """Each entry against itself and the one before, up to a gap."""
    previous = ""
    for seq, entry in enumerate(entries, start=1):
        if entry["seq"] != seq:
            yield seq, _missing(seq, entry["seq"] - 1)
            return
        salt = entry["salt"]
        if entry["hash"] != _seal(entry) or (salt and entry["salt_digest"] != _sha256(salt)):
            yield seq, f"entry {seq} was altered"
        elif entry["previous"] != previous:
            yield seq, f"entry {seq} does not follow the entry before it, which was altered"
        previous = entry["hash"]


def _notes(tx: Connection, scope: Scope) -> Iterator[tuple[str, Head]]:
    """What is noted of the chain beside it."""
    run, last = tables.runs, tables.directories
    ended = select(run.c.number, run.c.audit_seq, run.c.audit_hash).where(
        scope.of(run), run.c.ended.is_not(None)
    )
    for number, seq, hash_ in tx.execute(ended.order_by(run.c.number)):
        yield f"one that was noted at the end of run {number}", Head(seq, hash_)
    for seq, hash_ in tx.execute(select(last.c.audit_seq, last.c.audit_hash).where(scope.of(last))):
        yield "the last one that was noted", Head(seq, hash_)


def _broken_notes(
    entries: Sequence[RowMapping], notes: Iterable[tuple[str, Head]]
) -> Iterator[tuple[int, str]]:
    hashes = {0: "", **{entry["seq"]: entry["hash"] for entry in entries}}
    last = max(hashes)
    for note, head in notes:
        if head.seq > last:
            yield last + 1, f"{_missing(last + 1, head.seq)} at the end: entry {head.seq} is {note}"
        elif hashes.get(head.seq) != head.hash:
            yield head.seq, f"entry {head.seq} differs from {note}"


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first >= last else f"entries {first} to {last} are missing"


def _digest(salt: str, details: Mapping[str, object]) -> str:
    return hmac.new(salt.encode(), to_json(details).encode(), "sha256").hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _seal(entry: Mapping[str, Any] | RowMapping) -> str:
    """The hash of an entry: all of it but the salt, which may go; what it was stays fixed by its digest."""
    names = ("school_id", "directory_id", "seq", "at", "who", "event", "digest", "salt_digest", "previous")
    return _sha256(to_json([entry[name] for name in names]))
