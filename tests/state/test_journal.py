from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from sqlalchemy import update

from reconciler.errors import ReconcileError
from reconciler.frames import GROUP_CHANGES, USER_CHANGES, empty
from reconciler.state import tables
from reconciler.state.journal import close_batch, count_journal, open_batch, read_journal
from reconciler.state.packing import pack, unpack
from tests.support import plans
from tests.support.remembered import DAY, NOW, finish, journal, memberships, outcomes, start, users

if TYPE_CHECKING:
    from reconciler.state.scope import Scope
    from reconciler.state.store import Store

CHANGES = users(
    plans.user(4, "deactivate", "S4"), plans.user(2, "create", "S2"), plans.user(3, "create", "P3")
)
ADDED = memberships(plans.membership(1, "add", "S2"))


def test_a_batch_is_read_as_it_was_carried_out(store: Store, scope: Scope) -> None:
    missed = {"_3": ("failed", "its e-mail is held by account P9")}
    run = journal(store, scope, ("users", CHANGES), ("memberships", ADDED), missed=missed)
    with store.read() as tx:
        first, second = read_journal(tx, scope, run)
    assert (first.batch, first.kind, first.opened, first.closed) == (1, "users", NOW, NOW)
    assert first.changes.drop("outcome", "detail", "made_id").equals(CHANGES)
    assert first.changes.select("id", "outcome", "detail").rows() == [
        (4, "applied", ""),
        (2, "applied", ""),
        (3, "failed", "its e-mail is held by account P9"),
    ]
    assert (second.batch, second.kind) == (2, "memberships")
    assert second.changes.drop("outcome", "detail", "made_id").equals(ADDED)


def test_outcomes_may_come_in_any_order(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        mixed = outcomes("users", CHANGES, _2=("stale", "")).sort("id")
        close_batch(tx, scope, run, batch, mixed, now=NOW)
        (read,) = read_journal(tx, scope, run)
    assert read.changes.select("id", "outcome").rows() == [(4, "applied"), (2, "stale"), (3, "applied")]


def test_the_ids_of_created_accounts_are_kept(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        told = outcomes("users", CHANGES).with_columns(made_id=pl.Series(["", "17", "18"]))
        close_batch(tx, scope, run, batch, told, now=NOW)
        (read,) = read_journal(tx, scope, run)
    assert read.changes.select("id", "made_id").rows() == [(4, ""), (2, "17"), (3, "18")]


def test_a_journal_of_before_tells_no_ids_of_created_accounts(store: Store, scope: Scope) -> None:
    run = journal(store, scope, ("users", CHANGES))
    with store.write() as tx:
        old = outcomes("users", CHANGES).select("id", "outcome", "detail")
        tx.execute(update(tables.batches).values(outcomes=pack(old)))
        (read,) = read_journal(tx, scope, run)
    assert read.changes.select("id", "outcome", "made_id").rows() == [
        (4, "applied", ""),
        (2, "applied", ""),
        (3, "applied", ""),
    ]


def test_outcomes_of_an_open_batch_are_not_known(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        (batch,) = read_journal(tx, scope, run)
        assert batch.closed is None
        assert batch.changes["outcome"].to_list() == ["", "", ""]
        assert count_journal(tx, scope, run) == {"users": {"create": {"": 2}, "deactivate": {"": 1}}}


def test_counts_are_summed_over_batches(store: Store, scope: Scope) -> None:
    parts = [("users", CHANGES.slice(start_, 1)) for start_ in range(3)]
    run = journal(store, scope, ("memberships", ADDED), *parts, missed={"_3": ("stale", "")})
    with store.read() as tx:
        counts = count_journal(tx, scope, run)
    assert list(counts) == ["users", "memberships"]
    assert counts == {
        "users": {"create": {"applied": 1, "stale": 1}, "deactivate": {"applied": 1}},
        "memberships": {"add": {"applied": 1}},
    }


def test_a_batch_without_changes(store: Store, scope: Scope) -> None:
    run = journal(store, scope, ("users", empty(USER_CHANGES)))
    with store.read() as tx:
        (batch,) = read_journal(tx, scope, run)
        assert batch.changes.is_empty()
        assert count_journal(tx, scope, run) == {}


def test_a_run_that_is_over_writes_no_more(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        finish(tx, scope, run, "interrupted")
        with pytest.raises(ReconcileError, match="run 1 is not running any more"):
            open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        with pytest.raises(ReconcileError, match="run 1 is not running any more"):
            close_batch(tx, scope, run, batch, outcomes("users", CHANGES), now=NOW)


def test_a_batch_is_closed_once(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        close_batch(tx, scope, run, batch, outcomes("users", CHANGES), now=NOW)
        with pytest.raises(ReconcileError) as refused:
            close_batch(tx, scope, run, batch, outcomes("users", CHANGES), now=NOW)
    assert str(refused.value) == "maple-grove: batch 1 of run 1 is not open in the journal"


@pytest.mark.parametrize(
    "wrong",
    [
        outcomes("users", CHANGES.head(2)),
        outcomes("users", CHANGES.with_columns(id=pl.col("id") + 1)),
        outcomes("users", pl.concat([CHANGES, CHANGES.head(1)])),
        outcomes("groups", CHANGES),
    ],
    ids=["one too few", "of other changes", "one twice", "of another kind"],
)
def test_outcomes_have_to_be_those_of_the_batch(store: Store, scope: Scope, wrong: pl.DataFrame) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", CHANGES, now=NOW)
        with pytest.raises(ValueError, match="the outcomes are not those of batch 1 of run 1"):
            close_batch(tx, scope, run, batch, wrong, now=NOW)


def test_changes_have_to_be_of_their_kind(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        with pytest.raises(TypeError, match="frame differs from its schema"):
            open_batch(tx, scope, run, "groups", CHANGES, now=NOW)


def test_a_journal_that_is_not_there(store: Store, scope: Scope) -> None:
    with store.read() as tx, pytest.raises(ReconcileError, match="there is no run 1"):
        next(read_journal(tx, scope, 1))


@pytest.mark.parametrize("damaged", [b"", b"PAR1", pack(CHANGES)[:-9]], ids=["nothing", "a start", "no end"])
def test_a_damaged_journal(store: Store, scope: Scope, damaged: bytes) -> None:
    run = journal(store, scope, ("users", CHANGES))
    with store.write() as tx:
        tx.execute(update(tables.batches).values(changes=damaged))
    with store.read() as tx, pytest.raises(ReconcileError) as refused:
        list(read_journal(tx, scope, run))
    assert str(refused.value) == (
        "maple-grove: batch 1 of run 1 is damaged in the journal; restore the state store from a backup"
    )


def test_a_batch_from_before_a_column_was_added_is_read_with_blanks() -> None:
    old = pack(CHANGES.drop("later_email", "before_active").with_columns(gone=pl.lit("x")))
    blank = CHANGES.with_columns(later_email=pl.lit(""), before_active=pl.lit(value=False))
    assert unpack(old, USER_CHANGES).equals(blank)


def test_every_schema_survives_packing() -> None:
    groups = plans.frame(GROUP_CHANGES, [plans.group(1, "create", "Grade É \U0001f600")])
    assert unpack(pack(groups), GROUP_CHANGES).equals(groups)


def test_moments_of_a_batch_are_kept(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", CHANGES, now=NOW + DAY)
        close_batch(tx, scope, run, batch, outcomes("users", CHANGES), now=NOW + 2 * DAY)
        (read,) = read_journal(tx, scope, run)
    assert (read.opened, read.closed) == (NOW + DAY, NOW + 2 * DAY)
