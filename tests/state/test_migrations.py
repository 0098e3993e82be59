from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from reconciler.errors import ReconcileError
from reconciler.state import tables
from reconciler.state.migrations import MIGRATIONS, SCHEMA
from reconciler.state.runs import list_runs
from reconciler.state.store import find_store, open_store
from tests.support.remembered import start

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.state.scope import Scope
    from reconciler.state.store import Store

ROOT = Path(__file__).parents[2]


def add_notes(tx: Connection) -> None:
    """A version 2 that there may be one day."""
    tx.execute(text("ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''"))
    tx.execute(text("UPDATE runs SET note = who"))


def stop_half_way(tx: Connection) -> None:
    add_notes(tx)
    raise KeyboardInterrupt


def die_half_way(tx: Connection) -> None:
    add_notes(tx)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def version_1(where: str, scope: Scope) -> str:
    """A store of version 1 with a run in it."""
    store = open_store(where, migrations=MIGRATIONS[:1])
    with store.write() as tx:
        start(tx, scope)
    return where


def version(store: Store) -> int:
    with store.read() as tx:
        return int(tx.execute(text("SELECT version FROM schema_version")).scalar_one())


def columns(store: Store) -> dict[str, set[str]]:
    schema = SCHEMA if str(store).startswith("postgresql") else None
    with store.read() as tx:
        found = inspect(tx)
        names = found.get_table_names(schema=schema)
        return {name: {column["name"] for column in found.get_columns(name, schema=schema)} for name in names}


def test_migrations_lead_to_the_tables_of_this_version(store: Store) -> None:
    assert columns(store) == {table.name: set(table.columns.keys()) for table in tables.ALL}
    assert version(store) == len(MIGRATIONS)


def test_a_store_of_version_1_is_brought_up_to_date(version_1: str, scope: Scope) -> None:
    store = open_store(version_1)
    assert version(store) == len(MIGRATIONS)
    with store.read() as tx:
        assert [run.who for run in list_runs(tx, scope)] == ["ana"]


def test_an_older_store_is_upgraded_with_what_is_in_it(version_1: str) -> None:
    store = open_store(version_1, migrations=[*MIGRATIONS[:1], add_notes])
    assert version(store) == 2
    with store.read() as tx:
        assert tx.execute(text("SELECT note FROM runs")).scalars().all() == ["ana"]


def test_an_upgrade_that_stops_leaves_the_older_version_whole(version_1: str, scope: Scope) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_store(version_1, migrations=[*MIGRATIONS[:1], stop_half_way])
    store = open_store(version_1, migrations=MIGRATIONS[:1])
    assert version(store) == 1
    assert "note" not in columns(store)["runs"]
    with store.read() as tx:
        assert len(list_runs(tx, scope)) == 1
    assert version(open_store(version_1, migrations=[*MIGRATIONS[:1], add_notes])) == 2


def test_an_upgrade_that_is_killed_leaves_the_older_version_whole(version_1: str) -> None:
    script = (
        "import sys; from tests.state.test_migrations import *;"
        "open_store(sys.argv[1], migrations=[*MIGRATIONS[:1], die_half_way])"
    )
    killed = subprocess.run([sys.executable, "-c", script, version_1], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    store = open_store(version_1, migrations=MIGRATIONS[:1])
    assert (version(store), "note" in columns(store)["runs"]) == (1, False)
    assert version(open_store(version_1, migrations=[*MIGRATIONS[:1], add_notes])) == 2


def test_a_first_opening_that_stops_leaves_no_store(where: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_store(where, migrations=[*MIGRATIONS[:1], stop_half_way])
    assert find_store(where) is None
    assert version(open_store(where)) == len(MIGRATIONS)


def test_a_newer_store_is_refused(version_1: str) -> None:
    store = open_store(version_1, migrations=[*MIGRATIONS[:1], *[lambda _: None] * 98])
    for look in (find_store, open_store):
        with pytest.raises(ReconcileError) as refused:
            look(version_1)
        assert str(refused.value) == (
            f"{store}: the state store has version 99, and this reconcile knows {len(MIGRATIONS)};"
            " install the latest reconcile"
        )


def test_of_many_who_open_at_once_one_upgrades(version_1: str) -> None:
    upgrades = []

    def upgrade(tx: Connection) -> None:
        upgrades.append(threading.current_thread().name)
        add_notes(tx)

    def open_it() -> None:
        open_store(version_1, migrations=[*MIGRATIONS[:1], upgrade])

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(upgrades) == 1
    assert version(open_store(version_1, migrations=[*MIGRATIONS[:1], add_notes])) == 2


def test_of_many_who_make_a_store_at_once_one_does(where: str, scope: Scope) -> None:
    troubles: list[BaseException] = []

    def make() -> None:
        try:
            with open_store(where).write() as tx:
                start(tx, scope)
        except BaseException as trouble:  # noqa: BLE001 - a thread would keep it to itself
            troubles.append(trouble)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    with open_store(where).read() as tx:
        assert len(list_runs(tx, scope)) == 6
