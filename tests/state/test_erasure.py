from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from sqlalchemy import text

from reconciler.errors import ReconcileError
from reconciler.frames import USER_CHANGES
from reconciler.model import LiftedGuard
from reconciler.state.audit import append_entry, list_entries, verify_chain
from reconciler.state.erasure import Forgotten, forget, leave_no_trace, purge
from reconciler.state.journal import close_batch, count_journal, open_batch, read_journal
from reconciler.state.leases import acquire_lease
from reconciler.state.runs import last_settings, list_runs, read_plan_header, read_run
from reconciler.state.scope import Scope
from reconciler.state.store import Store, open_store
from tests.support import plans
from tests.support.remembered import (
    DAY,
    NOW,
    groups,
    journal,
    memberships,
    outcomes,
    relationships,
    start,
    users,
)

if TYPE_CHECKING:
    from tests.support.postgres import Cluster

NAME = "Zq8vK1xW5tB7mH3rJ9cN2dP6fL4gS0yA-uEoIiQwTzXkVbMhRjCnDpFlGsYa"
"""A name that compressing leaves as it is, so that it can be found in the files."""
OTHER = Scope("maple-grove", "dir-2")
CHANGES = users(
    plans.user(1, "update", "S1", target_id="7", later_email="x@example.org"), plans.user(2, "create", "S12")
)


@pytest.fixture
def stored(request: pytest.FixtureRequest, where: str) -> Files:
    server = request.getfixturevalue("postgres") if "://" in where else None
    return Files(where, server)


class Files:
    """The files of a store."""

    def __init__(self, where: str, server: Cluster | None) -> None:
        self.store = open_store(where)
        self._where = where
        self._server = server

    def hold(self, *values: bytes) -> list[bool]:
        """Whether each value stands somewhere in them."""
        content = b"".join(path.read_bytes() for path in self._folder().iterdir() if path.is_file())
        return [value in content for value in values]

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite's."""
        return self._server is None

    @property
    def rewritten(self) -> set[int]:
        """Numbers that are all others once the store was rewritten."""
        query = (
            "SELECT pg_relation_filenode(oid) FROM pg_class"
            " WHERE relname IN ('batches', 'runs', 'audit', 'memories')"
        )
        with self.store.read() as tx:
            return set(tx.execute(text("PRAGMA schema_version" if self.is_file else query)).scalars())

    def _folder(self) -> Path:
        if self._server is None:
            return Path(self._where).parent
        with self.store.read() as tx:
            oid = tx.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar()
        with self._server.connect() as connection:
            connection.execute("CHECKPOINT")
        return self._server.data / "base" / str(oid)


def read(store: Store, scope: Scope, run: int) -> list[pl.DataFrame]:
    with store.read() as tx:
        return [batch.changes for batch in read_journal(tx, scope, run)]


# Purge


def test_purged_values_are_gone_from_a_file_at_once_and_from_tables_once_rewritten(
    stored: Files, scope: Scope
) -> None:
    rename = users(plans.user(1, "update", "S1", before_last_name=NAME))
    missed = {"_1": ("failed", NAME[::-1])}
    guards = [LiftedGuard("rename", "Ben Sample")]
    journal(stored.store, scope, ("users", rename), header={"x": "Ana Sample"}, lifted=guards, missed=missed)
    values = [NAME.encode(), NAME[::-1].encode(), b"Ana Sample", b"Ben Sample"]
    assert stored.hold(*values) == [True] * 4
    before = stored.rewritten
    assert purge(stored.store, "maple-grove", before=NOW + DAY, now=NOW + DAY) == 1
    assert stored.rewritten == before
    assert stored.is_file <= (stored.hold(*values) == [False] * 4)
    leave_no_trace(stored.store, now=NOW + DAY)
    assert not stored.rewritten & before
    assert stored.hold(*values) == [False] * 4


@pytest.mark.parametrize("where", [pytest.param("sqlite", id="sqlite")], indirect=True)
def test_nothing_purged_is_left_in_a_file_in_which_rows_have_moved(stored: Files) -> None:
    """Rows of several schools that come in between split pages, and leave space of many sizes."""
    marks = dict[str, list[bytes]](ash=[], elm=[], oak=[])
    for number in range(120):
        school = ("ash", "elm", "oak")[number * number % 7 % 3]
        mark = f"<{number:04}>"
        header = {"x": mark * (1, 7, 60, 240, 900)[number % 5]}
        journal(stored.store, Scope(school, f"dir-{number % 4}"), header=header)
        marks[school].append(mark.encode())
    for school, theirs in marks.items():
        assert theirs
        assert all(stored.hold(*theirs))
        purge(stored.store, school, before=NOW + DAY, now=NOW + DAY)
        assert not any(stored.hold(*theirs))


def test_a_purge_does_not_wait_for_other_schools_that_are_at_work(postgres: Cluster, scope: Scope) -> None:
    url = postgres.create_database()
    neighbour = Scope("oak", "dir-1")
    store, impatient = open_store(url), open_store(url, patience=0.1)
    journal(store, scope, ("users", CHANGES))
    with store.write() as tx:
        open_batch(tx, neighbour, start(tx, neighbour), "users", CHANGES, now=NOW)
        assert purge(impatient, "maple-grove", before=NOW + DAY, now=NOW + DAY) == 1


def test_counts_settings_and_audit_outlive_a_purge(store: Store, scope: Scope) -> None:
    run = journal(store, scope, ("users", CHANGES), lifted=[LiftedGuard("rename", "so it is")])
    with store.write() as tx:
        append_entry(tx, scope, event="apply", who="ana", details={"run": run}, now=NOW)
        counts = count_journal(tx, scope, run)
    purge(store, "maple-grove", before=NOW + DAY, now=NOW + 2 * DAY)
    with store.read() as tx:
        left = read_run(tx, scope, run)
        assert (left.counts, left.purged, left.lifted) == (
            counts,
            NOW + 2 * DAY,
            (LiftedGuard("rename", ""),),
        )
        assert count_journal(tx, scope, run) == counts
        assert last_settings(tx, scope) == {"groups": {"names": "keep"}}
        assert read_plan_header(tx, scope, run) is None
        assert not verify_chain(tx, scope).broken
        assert [entry.salt for entry in list_entries(tx, scope)] == [""]
        with pytest.raises(ReconcileError) as refused:
            list(read_journal(tx, scope, run))
    assert str(refused.value) == (
        "maple-grove: the changes of run 1 were purged on 2025-09-03; only their counts are left"
    )


def test_a_purge_takes_older_runs_of_one_school_alone(store: Store, scope: Scope) -> None:
    neighbour = Scope("oak", "dir-1")
    for one in (scope, OTHER, neighbour):
        for day in range(3):
            journal(store, one, ("users", CHANGES), now=NOW + day * DAY)
    with store.write() as tx:
        running = start(tx, scope, now=NOW)
        open_batch(tx, scope, running, "users", CHANGES, now=NOW)
        for day in range(3):
            append_entry(tx, scope, event="apply", who="ana", details={}, now=NOW + day * DAY)
    assert purge(store, "maple-grove", before=NOW + DAY, now=NOW + DAY) == 2
    assert purge(store, "maple-grove", before=NOW + DAY, now=NOW + DAY) == 0
    with store.read() as tx:
        purged = {one: [run.number for run in list_runs(tx, one) if run.purged] for one in (scope, OTHER)}
        assert purged == {scope: [1], OTHER: [1]}
        assert [bool(entry.salt) for entry in list_entries(tx, scope)] == [False, True, True]
        assert not any(run.purged for run in list_runs(tx, neighbour))
    assert read(store, scope, 2)[0].height == 2
    assert read(store, scope, running)[0].height == 2


# Forget


def test_forgotten_values_are_gone_from_the_files(stored: Files, scope: Scope) -> None:
    rename = users(plans.user(1, "update", "S1977", before_last_name=NAME), plans.user(2, "create", "S2"))
    journal(stored.store, scope, ("users", rename), header={"looks-like": "S1977"})
    assert stored.hold(NAME.encode(), b"S1977") == [True, True]
    forget(stored.store, "maple-grove", "S1977")
    leave_no_trace(stored.store, now=NOW)
    assert stored.hold(NAME.encode(), b"S1977") == [False, False]


def test_of_a_forgotten_account_only_what_was_done_is_left(store: Store, scope: Scope) -> None:
    run = journal(store, scope, ("users", CHANGES), missed={"_1": ("failed", "S1 is held by S12")})
    assert forget(store, "maple-grove", "S1") == Forgotten(changes=1, runs=1, other_host_ids=())
    (changes,) = read(store, scope, run)
    forgotten, other = changes.rows(named=True)
    kept = {"id": 1, "action": "update", "step": 1, "fields": "email", "outcome": "failed"}
    kept |= {"detail": "(forgotten) is held by S12", "before_active": True, "after_active": True}
    ids = dict.fromkeys(["host_id", "before_host_id", "after_host_id"], "(forgotten)")
    assert forgotten == dict.fromkeys(changes.columns, "") | kept | ids
    assert other == CHANGES.row(1, named=True) | {"outcome": "applied", "detail": "", "made_id": ""}


def test_the_id_of_a_created_account_is_forgotten(store: Store, scope: Scope) -> None:
    created = users(plans.user(1, "create", "S1"), plans.user(2, "create", "S2"))
    with store.write() as tx:
        run = start(tx, scope)
        batch = open_batch(tx, scope, run, "users", created, now=NOW)
        told = outcomes("users", created).with_columns(made_id=pl.Series(["17", "18"]))
        close_batch(tx, scope, run, batch, told, now=NOW)
    forget(store, "maple-grove", "S1")
    assert read(store, scope, run)[0]["made_id"].to_list() == ["", "18"]


def test_of_a_link_the_other_end_is_left(store: Store, scope: Scope) -> None:
    links = relationships(
        plans.relationship(1, "add", "S1", "P5", target_id="7:9"),
        plans.relationship(2, "add", "S2", "P1", target_id="8:9"),
    )
    joined = memberships(
        plans.membership(1, "add", "S1", target_id="3:7"),
        plans.membership(2, "add", "P5", target_id="3:9", reason="parent of S1"),
        plans.membership(3, "add", "P6", target_id="3:8", reason="parent of S11"),
    )
    run = journal(store, scope, ("relationships", links), ("memberships", joined))
    assert forget(store, "maple-grove", "S1").changes == 2
    links, joined = read(store, scope, run)
    assert links.select("student_host_id", "parent_host_id", "target_id").rows() == [
        ("(forgotten)", "P5", ""),
        ("S2", "P1", "8:9"),
    ]
    assert joined.select("host_id", "group", "target_id", "reason").rows() == [
        ("(forgotten)", "Academics/Grade 1", "", ""),
        ("P5", "Academics/Grade 1", "3:9", "parent of (forgotten)"),
        ("P6", "Academics/Grade 1", "3:8", "parent of S11"),
    ]


def test_a_rekey_is_forgotten_from_either_side_and_the_other_side_is_named(
    store: Store, scope: Scope
) -> None:
    rekeys = users(
        plans.user(1, "rekey", "P1", before_host_id="P1", after_host_id="T1"),
        plans.user(2, "rekey", "S2", before_host_id="old", after_host_id="parked:S1"),
    )
    run = journal(store, scope, ("users", rekeys))
    assert forget(store, "maple-grove", "T1") == Forgotten(1, 1, ("P1",))
    assert forget(store, "maple-grove", "S1") == Forgotten(1, 1, ("S2", "old", "parked:S1"))
    (changes,) = read(store, scope, run)
    assert set(changes["after_host_id"]) == {"(forgotten)"}
    assert set(changes["after_email"]) == {""}


def test_an_id_is_taken_out_of_headers_whole(store: Store, scope: Scope) -> None:
    header = {"protected": ["S1", "S11"], "S1": {"why": "S1, and S1's parent"}}
    run = journal(store, scope, header=header, settings=header, lifted=[LiftedGuard("rename", "S1 married")])
    assert forget(store, "maple-grove", "S1") == Forgotten(changes=0, runs=1, other_host_ids=())
    mark = "(forgotten)"
    with store.read() as tx:
        assert read_plan_header(tx, scope, run) == {
            "protected": [mark, "S11"],
            mark: {"why": f"{mark}, and {mark}'s parent"},
        }
        assert last_settings(tx, scope) == read_plan_header(tx, scope, run)
        assert read_run(tx, scope, run).lifted == (LiftedGuard("rename", f"{mark} married"),)


def test_a_bare_number_is_left_in_headers_where_it_may_mean_anything(store: Store, scope: Scope) -> None:
    header = {"created": "2025-12-01T08:00:00Z", "grades": ["12"]}
    added = memberships(
        plans.membership(1, "add", "12"), plans.membership(2, "add", "13", reason="parent of 12")
    )
    guards = [LiftedGuard("rename", "12 married")]
    run = journal(store, scope, ("memberships", added), header=header, settings=header, lifted=guards)
    assert forget(store, "maple-grove", "12") == Forgotten(changes=1, runs=1, other_host_ids=())
    (changes,) = read(store, scope, run)
    assert changes["reason"].to_list() == ["", "parent of (forgotten)"]
    with store.read() as tx:
        assert read_plan_header(tx, scope, run) == last_settings(tx, scope) == header
        assert read_run(tx, scope, run).lifted == (LiftedGuard("rename", "(forgotten) married"),)


@pytest.mark.parametrize("blank", ["", " "])
def test_nobody_has_a_blank_id(store: Store, scope: Scope, blank: str) -> None:
    run = journal(store, scope, ("users", CHANGES))
    with pytest.raises(ReconcileError, match="a blank Host ID is nobody's; name the one to forget"):
        forget(store, "maple-grove", blank)
    assert read(store, scope, run)[0]["host_id"].to_list() == ["S1", "S12"]


def test_an_id_may_be_any_text(store: Store, scope: Scope) -> None:
    odd = "a.b+(c)$1@example.org"
    added = memberships(
        plans.membership(1, "add", odd), plans.membership(2, "add", "P1", reason=f"parent of {odd}")
    )
    run = journal(store, scope, ("memberships", added))
    assert forget(store, "maple-grove", odd).changes == 1
    (changes,) = read(store, scope, run)
    assert changes["host_id"].to_list() == ["(forgotten)", "P1"]
    assert changes["reason"].to_list() == ["", "parent of (forgotten)"]


def test_all_directories_of_the_school_forget_and_no_other_school(store: Store, scope: Scope) -> None:
    neighbour = Scope("oak", "dir-1")
    for one in (scope, scope, OTHER, neighbour):
        journal(store, one, ("users", CHANGES))
    with store.write() as tx:
        append_entry(tx, scope, event="apply", who="ana", details={}, now=NOW)
        open_batch(tx, scope, start(tx, scope), "users", CHANGES, now=NOW)
    assert forget(store, "maple-grove", "S1") == Forgotten(changes=4, runs=4, other_host_ids=())
    assert forget(store, "maple-grove", "S1") == Forgotten(changes=0, runs=0, other_host_ids=())
    assert [read(store, scope, run)[0]["host_id"][0] for run in (1, 2, 3)] == ["(forgotten)"] * 3
    assert read(store, neighbour, 1)[0]["host_id"].to_list() == ["S1", "S12"]
    with store.read() as tx:
        assert not verify_chain(tx, scope).broken


def test_forgetting_comes_after_purging(store: Store, scope: Scope) -> None:
    journal(store, scope, ("users", CHANGES))
    purge(store, "maple-grove", before=NOW + DAY, now=NOW + DAY)
    assert forget(store, "maple-grove", "S1") == Forgotten(changes=0, runs=0, other_host_ids=())


def test_every_text_column_of_a_user_is_erased_or_known_to_hold_no_value() -> None:
    from reconciler.state.erasure import _HOST_IDS, _VALUES  # noqa: PLC0415 - this test alone

    left = {name for name in USER_CHANGES if not _VALUES.fullmatch(name) and name not in _HOST_IDS}
    assert left == {"id", "action", "step", "reason", "fields"}


TRACES = ". The values are erased, but traces may be left in unused space"


def test_a_reader_keeps_a_store_from_being_rewritten(where: str, scope: Scope) -> None:
    run = journal(open_store(where), scope, ("users", CHANGES))
    impatient = open_store(where, patience=0.1)
    forget(impatient, "maple-grove", "S1")
    with open_store(where).read() as tx:
        list_runs(tx, scope)
        with pytest.raises(ReconcileError) as refused:
            leave_no_trace(impatient, now=NOW)
    assert str(refused.value) == (
        f"{impatient}: another program holds the state store locked; wait until that is done, then run this"
        f" again{TRACES}"
    )
    assert read(impatient, scope, run)[0]["host_id"][0] == "(forgotten)"
    leave_no_trace(impatient, now=NOW)


def test_whoever_was_killed_while_applying_does_not_hold_up_the_rewriting(stored: Files) -> None:
    before = stored.rewritten
    with stored.store.write() as tx:
        acquire_lease(tx, Scope("oak", "dir-1"), owner="ana", host="desk", now=NOW, ttl=DAY)
    leave_no_trace(stored.store, now=NOW, is_there=lambda _lease: False)
    assert not stored.rewritten & before


def test_nothing_is_rewritten_while_any_school_is_applied(stored: Files) -> None:
    store, before = stored.store, stored.rewritten
    minute = timedelta(minutes=1)
    with store.write() as tx:
        acquire_lease(tx, Scope("oak", "dir-1"), owner="ana", host="desk", now=NOW, ttl=minute)
    with pytest.raises(ReconcileError) as refused:
        leave_no_trace(store, now=NOW + minute / 2)
    assert str(refused.value) == (
        "oak: an apply is under way, by ana on desk since 2025-09-01 08:00:00 UTC, and would have to wait"
        f" while the state store is rewritten; run this again once nobody applies{TRACES}"
    )
    assert stored.rewritten == before
    leave_no_trace(store, now=NOW + minute)
    assert not stored.rewritten & before


def test_nobody_is_forgotten_in_groups(where: str) -> None:
    store = open_store(where)
    scope = Scope("maple-grove", "dir-1")
    number = journal(
        store, scope, ("groups", groups(plans.group(1, "create", "Grade 5"))), ("users", CHANGES)
    )
    assert forget(store, "maple-grove", "S1") == Forgotten(changes=1, runs=1, other_host_ids=())
    with store.read() as tx:
        kept, _ = read_journal(tx, scope, number)
    assert kept.changes["after_name"].to_list() == ["Grade 5"]
