from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from reconciler.state import audit, tables
from reconciler.state.audit import Chain, Head, append_entry, list_entries, verify_chain
from reconciler.state.scope import Scope
from tests.support.remembered import DAY, NOW, finish, start

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.state.store import Store

ENTRY = tables.audit
LENGTH = 5
DETAILS = {"run": 1, "plan": "aa", "lifted": [{"guard": "deactivate", "reason": "a class left"}]}
directories = count(1)


def new_scope() -> Scope:
    return Scope("chains", str(next(directories)))


def append(tx: Connection, scope: Scope, entries: int = LENGTH) -> list[Head]:
    return [
        append_entry(tx, scope, event=f"event {day}", who="ana", details=DETAILS, now=NOW + day * DAY)
        for day in range(entries)
    ]


def alter(tx: Connection, scope: Scope, seq: int, /, **values: Any) -> None:
    tx.execute(update(ENTRY).where(scope.of(ENTRY), ENTRY.c.seq == seq).values(values))


def seal_again(tx: Connection, scope: Scope, first: int) -> None:
    """What somebody would do who knows how the chain is made: all entries from one on get new hashes."""
    query = select(ENTRY).where(scope.of(ENTRY)).order_by(ENTRY.c.seq)
    previous = ""
    for row in tx.execute(query).mappings().all():
        entry = dict(row)
        if entry["seq"] >= first:
            entry["previous"] = previous
            entry["hash"] = audit._seal(entry)
            alter(tx, scope, entry["seq"], previous=previous, hash=entry["hash"])
        previous = entry["hash"]


# A chain that holds


def test_a_chain_that_nobody_touched_holds(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        assert verify_chain(tx, scope) == Chain(Head(0, ""))
        heads = append(tx, scope)
        assert [head.seq for head in heads] == [1, 2, 3, 4, 5]
        assert verify_chain(tx, scope, known=heads) == Chain(heads[-1])


def test_each_directory_has_a_chain_of_its_own(store: Store) -> None:
    with store.write() as tx:
        one, other = new_scope(), new_scope()
        assert append(tx, one, 2)[-1].seq == append(tx, other, 2)[-1].seq == 2
        alter(tx, one, 1, who="ben")
        assert verify_chain(tx, one).broken
        assert not verify_chain(tx, other).broken


def test_an_entry_says_what_it_is_about_to_those_who_know(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        append(tx, scope, 1)
        (entry,) = list_entries(tx, scope)
    assert (entry.seq, entry.at, entry.who, entry.event) == (
        1,
        "2025-09-01T08:00:00.000000+00:00",
        "ana",
        "event 0",
    )
    assert entry.is_about(DETAILS)
    assert not entry.is_about(DETAILS | {"run": 2})
    assert not replace(entry, salt="").is_about(DETAILS)


def test_details_are_not_kept_and_two_digests_of_them_differ(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        append(tx, scope, 2)
        rows = tx.execute(select(ENTRY)).mappings().all()
    assert "class" not in str(rows)
    assert len({row["digest"] for row in rows}) == 2


# Links that do not hold

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=70)


@given(
    seq=st.integers(1, LENGTH),
    name=st.sampled_from(["at", "who", "event", "digest", "salt", "salt_digest", "previous", "hash"]),
    text=TEXTS,
)
def test_any_change_of_any_part_of_any_entry_is_found(
    shared_store: Store, seq: int, name: str, text: str
) -> None:
    scope = new_scope()
    with shared_store.write() as tx:
        append(tx, scope)
        before = tx.execute(select(ENTRY.c[name]).where(scope.of(ENTRY), ENTRY.c.seq == seq)).scalar()
        if text in (before, "" if name == "salt" else before):
            return  # nothing was changed, or it looks like a purge
        alter(tx, scope, seq, **{name: text})
        chain = verify_chain(tx, scope)
    assert (chain.broken_at, chain.broken) == (seq, f"entry {seq} was altered")


@given(gone=st.sets(st.integers(1, LENGTH), min_size=1))
def test_any_entries_that_are_missing_are_found(shared_store: Store, gone: set[int]) -> None:
    scope = new_scope()
    with shared_store.write() as tx:
        append(tx, scope)
        tx.execute(delete(ENTRY).where(scope.of(ENTRY), ENTRY.c.seq.in_(gone)))
        chain = verify_chain(tx, scope)
    assert chain.broken_at == min(gone)
    assert "missing" in chain.broken


@given(order=st.permutations(range(1, LENGTH + 1)))
def test_any_other_order_is_found(shared_store: Store, order: list[int]) -> None:
    scope = new_scope()
    with shared_store.write() as tx:
        append(tx, scope)
        for seq, place in enumerate(order, start=1):
            alter(tx, scope, seq, seq=place + 100)
        tx.execute(update(ENTRY).where(scope.of(ENTRY)).values(seq=ENTRY.c.seq - 100))
        chain = verify_chain(tx, scope)
    moved = [place for seq, place in enumerate(order, start=1) if seq != place]
    assert chain.broken_at == min(moved, default=0)


def test_an_entry_put_in_between_is_found(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        append(tx, scope)
        tx.execute(update(ENTRY).where(ENTRY.c.seq > 3).values(seq=ENTRY.c.seq + 100))
        tx.execute(update(ENTRY).where(ENTRY.c.seq > 100).values(seq=ENTRY.c.seq - 99))
        row = dict(tx.execute(select(ENTRY).where(ENTRY.c.seq == 3)).mappings().one())
        forged = row | {"seq": 4, "previous": row["hash"], "event": "forged"}
        tx.execute(insert(ENTRY).values(forged | {"hash": audit._seal(forged)}))
        assert verify_chain(tx, scope).broken_at == 5  # the forged one may be true; what follows it is not


def test_an_entry_that_went_to_another_directory_is_found_in_both(store: Store) -> None:
    one, other = new_scope(), new_scope()
    with store.write() as tx:
        append(tx, one, 3)
        append(tx, other, 2)
        tx.execute(
            update(ENTRY).where(one.of(ENTRY), ENTRY.c.seq == 3).values(directory_id=other.directory_id)
        )
        assert verify_chain(tx, one).broken == (
            "entry 3 is missing at the end: entry 3 is the last one that was noted"
        )
        assert verify_chain(tx, other).broken == "entry 3 was altered"


def test_an_altered_entry_with_a_hash_of_its_own_breaks_the_next_link(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        append(tx, scope)
        alter(tx, scope, 2, who="ben")
        entry = dict(tx.execute(select(ENTRY).where(ENTRY.c.seq == 2)).mappings().one())
        alter(tx, scope, 2, hash=audit._seal(entry))
        assert verify_chain(tx, scope).broken == (
            "entry 3 does not follow the entry before it, which was altered"
        )


def test_the_end_of_a_run_fixes_what_was_before(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        append(tx, scope, 2)
        finish(tx, scope, start(tx, scope))
        append(tx, scope, 1)
        alter(tx, scope, 2, who="ben")
        seal_again(tx, scope, 2)
        chain = verify_chain(tx, scope)
    assert (chain.broken_at, chain.broken) == (
        2,
        "entry 2 differs from one that was noted at the end of run 1",
    )


def test_a_chain_made_anew_is_found_by_a_head_that_was_kept(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        kept = append(tx, scope)[-1]
        alter(tx, scope, 4, who="ben")
        seal_again(tx, scope, 1)
        last = tx.execute(select(ENTRY.c.hash).where(ENTRY.c.seq == LENGTH)).scalar()
        tx.execute(update(tables.directories).values(audit_hash=last))
        assert not verify_chain(tx, scope).broken  # as the module's documentation says
        assert verify_chain(tx, scope, known=[kept]).broken == (
            "entry 5 differs from one that was noted elsewhere"
        )


@pytest.mark.parametrize(
    ("kept", "message"),
    [(4, "entry 5 is missing"), (3, "entries 4 to 5 are missing"), (0, "entries 1 to 5 are missing")],
)
def test_an_end_that_was_cut_off(store: Store, scope: Scope, kept: int, message: str) -> None:
    with store.write() as tx:
        append(tx, scope)
        tx.execute(delete(ENTRY).where(ENTRY.c.seq > kept))
        assert verify_chain(tx, scope).broken == (
            f"{message} at the end: entry 5 is the last one that was noted"
        )
