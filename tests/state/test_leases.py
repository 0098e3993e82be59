from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state.leases import (
    Lease,
    LeaseHeldError,
    LeaseLostError,
    acquire_lease,
    break_lease,
    keep_lease,
    read_lease,
    release_lease,
)
from reconciler.state.scope import Scope
from tests.support.remembered import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.state.store import Store

TTL = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


def acquire(tx: Connection, scope: Scope, owner: str = "ana", now: datetime = NOW) -> Lease:
    return acquire_lease(tx, scope, owner=owner, host=f"{owner}-desk", now=now, ttl=TTL)


def test_a_lease_is_held_by_whoever_was_first(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        lease = acquire(tx, scope)
        keep_lease(tx, lease, now=NOW + SECOND, ttl=TTL)
        with pytest.raises(LeaseHeldError) as held:
            acquire(tx, scope, "ben", NOW + SECOND)
    assert (held.value.lease.owner, held.value.lease.host, held.value.lease.since) == ("ana", "ana-desk", NOW)
    assert held.value.exit_code == 1
    assert str(held.value) == (
        "maple-grove: an apply is under way, by ana on ana-desk since 2025-09-01 08:00:00 UTC, last seen"
        " 2025-09-01 08:00:01 UTC; wait until it is done. Without another sign of life it holds the school"
        " until 2025-09-01 08:02:01 UTC. If you know that it was stopped, `reconcile unlock maple-grove`"
    )


def test_the_same_person_cannot_have_it_twice(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        acquire(tx, scope)
        with pytest.raises(LeaseHeldError):
            acquire(tx, scope)


def test_each_directory_has_a_lease_of_its_own(store: Store) -> None:
    with store.write() as tx:
        scopes = [Scope("maple", "d1"), Scope("maple", "d2"), Scope("oak", "d1")]
        leases = [acquire(tx, scope) for scope in scopes]
        assert [read_lease(tx, scope) for scope in scopes] == leases


def test_a_lease_that_was_given_back_can_be_taken(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        assert release_lease(tx, acquire(tx, scope)) is True
        assert read_lease(tx, scope) is None
        assert acquire(tx, scope, "ben").owner == "ben"


@pytest.mark.parametrize(("passed", "taken"), [(TTL - SECOND / 1000, False), (TTL, True)])
def test_a_lease_expires_at_its_very_moment(
    store: Store, scope: Scope, passed: timedelta, taken: bool
) -> None:
    with store.write() as tx:
        acquire(tx, scope)
        if taken:
            assert acquire(tx, scope, "ben", NOW + passed).owner == "ben"
        else:
            with pytest.raises(LeaseHeldError):
                acquire(tx, scope, "ben", NOW + passed)


def test_a_heartbeat_keeps_it(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        kept = keep_lease(tx, acquire(tx, scope), now=NOW + TTL - SECOND, ttl=TTL)
        assert kept == read_lease(tx, scope)
        assert (kept.since, kept.seen, kept.expires) == (NOW, NOW + TTL - SECOND, NOW + 2 * TTL - SECOND)
        with pytest.raises(LeaseHeldError):
            acquire(tx, scope, "ben", NOW + TTL)


def test_an_expired_lease_that_nobody_took_can_be_kept(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        keep_lease(tx, acquire(tx, scope), now=NOW + 5 * TTL, ttl=TTL)
        with pytest.raises(LeaseHeldError):
            acquire(tx, scope, "ben", NOW + 5 * TTL)


def test_the_old_owner_learns_that_it_was_taken(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        old = acquire(tx, scope)
        new = acquire(tx, scope, "ben", NOW + TTL)
        with pytest.raises(LeaseLostError) as lost:
            keep_lease(tx, old, now=NOW + TTL, ttl=TTL)
        assert lost.value.lease == new
        assert str(lost.value) == (
            "maple-grove: this apply has lost its lease: ben on ben-desk since 2025-09-01 08:02:00 UTC has"
            " taken over; plan again once nobody else applies"
        )
        assert release_lease(tx, old) is False
        assert read_lease(tx, scope) == new


def test_breaking_a_lease_says_whose_it_was(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        lease = acquire(tx, scope)
        assert break_lease(tx, scope) == lease
        assert break_lease(tx, scope) is None
        with pytest.raises(LeaseLostError, match="it was unlocked"):
            keep_lease(tx, lease, now=NOW, ttl=TTL)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["acquire", "keep", "release", "break"]),
        st.sampled_from(["ana", "ben", "cat"]),
        st.integers(0, 200),
    ),
    max_size=25,
)
histories = count(1)


@given(moves=MOVES)
def test_nobody_believes_to_hold_what_another_holds(
    shared_store: Store, moves: list[tuple[str, str, int]]
) -> None:
    scope = Scope("lease-histories", str(next(histories)))
    now, holder, expires = NOW, "", NOW
    mine: dict[str, Lease] = {}
    with shared_store.write() as tx:
        for move, who, seconds in moves:
            now += seconds * SECOND
            free = not holder or now >= expires
            if move == "break":
                break_lease(tx, scope)
                holder = ""
            elif move == "acquire" and free:
                mine[who] = acquire(tx, scope, who, now)
                holder, expires = mine[who].token, now + TTL
            elif move == "acquire":
                with pytest.raises(LeaseHeldError):
                    acquire(tx, scope, who, now)
            elif who in mine and mine[who].token == holder:
                if move == "keep":
                    keep_lease(tx, mine[who], now=now, ttl=TTL)
                    expires = now + TTL
                else:
                    assert release_lease(tx, mine[who])
                    holder = ""
            elif who in mine and move == "keep":
                with pytest.raises(LeaseLostError):
                    keep_lease(tx, mine[who], now=now, ttl=TTL)
            elif who in mine:
                assert not release_lease(tx, mine[who])
            left = read_lease(tx, scope)
            assert (left.token if left else "") == holder
