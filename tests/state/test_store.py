from __future__ import annotations

import sqlite3
import stat
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from reconciler.errors import ReconcileError
from reconciler.state.runs import list_runs
from reconciler.state.store import Store, find_store, open_store
from tests.support.remembered import start

if TYPE_CHECKING:
    from reconciler.state.scope import Scope
    from tests.support.postgres import Cluster


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_file(store: Store) -> bool:
    return not str(store).startswith("postgresql")


def on_connect(store: Store, pragma: str) -> None:
    """Let each connection to come begin with a pragma: a disk that is full, a file that is read-only."""
    event.listen(
        store._database.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}")
    )


# Opening


def test_a_store_keeps_what_was_written(where: str, scope: Scope) -> None:
    with open_store(where).write() as tx:
        number = start(tx, scope)
    with open_store(where).read() as tx:
        assert [run.number for run in list_runs(tx, scope)] == [number]


def test_looking_for_a_store_makes_none(where: str) -> None:
    assert find_store(where) is None
    assert find_store(where) is None
    assert "://" in where or not Path(where).parent.exists()
    open_store(where)
    assert find_store(where) is not None


def test_what_is_raised_leaves_nothing(store: Store, scope: Scope) -> None:
    def fail() -> None:
        with store.write() as tx:
            start(tx, scope)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.read() as tx:
        assert list_runs(tx, scope) == []


def test_reading_writes_nothing(store: Store, scope: Scope) -> None:
    def write() -> None:
        with store.read() as tx:
            start(tx, scope)

    if is_file(store):
        on_connect(store, "query_only = ON")  # SQLite itself would not mind
    with pytest.raises(ReconcileError):
        write()


def test_many_threads_share_a_store(store: Store, scope: Scope) -> None:
    def write() -> None:
        with store.write() as tx:
            start(tx, scope)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert [run.number for run in list_runs(tx, scope)] == [8, 7, 6, 5, 4, 3, 2, 1]


# The file


def test_only_the_owner_can_read_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "school" / ".reconcile" / "state.db"
    open_store(path)
    assert (mode(path.parent), mode(path)) == (0o700, 0o600)
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert mode(path.parent.parent) == mode(tmp_path) | 0o055


def test_a_folder_that_was_there_stays_as_it_was(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    open_store(tmp_path / "state.db")
    assert mode(tmp_path) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


def test_a_name_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#100% é.db"
    open_store(path)
    assert path.stat().st_size > 0


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()  # what is left of a process that was killed too early
    assert find_store(path) is None
    open_store(path)
    assert find_store(path) is not None


def test_a_connection_is_set_for_safety(tmp_path: Path) -> None:
    with open_store(tmp_path / "state.db").read() as tx:
        pragmas = ("foreign_keys", "synchronous", "secure_delete", "temp_store", "journal_mode")
        assert [tx.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas] == [1, 2, 1, 2, "delete"]


# Troubles


def test_another_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, bread, and much more than that" * 9)
    with pytest.raises(ReconcileError) as refused:
        open_store(path)
    assert str(refused.value) == (
        f"{path}: this is no state store; name the file of one, or one that does not exist yet"
    )


def test_a_database_of_another_program_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE schema_version (version)")
    with pytest.raises(ReconcileError) as refused:
        find_store(path)
    assert str(refused.value) == (
        f"{path}: this belongs to another program and is no state store; name another place for it"
    )


def test_a_schema_of_another_program_is_no_store(postgres: Cluster) -> None:
    url = postgres.create_database()
    with postgres.connect(url.partition("/")[2].partition("@/")[2].partition("?")[0]) as connection:
        connection.execute("CREATE SCHEMA reconcile")
        connection.execute("CREATE TABLE reconcile.invoices (id int)")
    with pytest.raises(ReconcileError, match="this belongs to another program and is no state store"):
        open_store(url)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(ReconcileError) as refused:
        open_store(tmp_path / "state" / "state.db")
    assert str(refused.value) == (
        f"{tmp_path}/state/state.db: Not a directory; name a file for the state store in a folder that you"
        " can write to"
    )


def test_a_locked_store(where: str, scope: Scope) -> None:
    open_store(where)
    first, second = open_store(where), open_store(where, patience=0.1)
    with first.write() as tx:
        start(tx, scope)
        with pytest.raises(ReconcileError) as refused, second.write() as other:
            start(other, scope)
    assert str(refused.value) == (
        f"{second}: another program holds the state store locked; wait until that is done, then run this"
        " again"
    )


def test_a_full_disk(tmp_path: Path, scope: Scope) -> None:
    store = open_store(tmp_path / "state.db")
    on_connect(store, "max_page_count = 30")
    with pytest.raises(ReconcileError) as refused, store.write() as tx:
        start(tx, scope, header={"figures": "x" * 200_000})
    assert str(refused.value) == (
        f"{store}: there is no room left for the state store; make some, then run this again"
    )
    with store.read() as tx:
        assert list_runs(tx, scope) == []


def test_a_file_that_cannot_be_written_can_be_read(tmp_path: Path, scope: Scope) -> None:
    store = open_store(tmp_path / "state.db")
    on_connect(store, "query_only = ON")
    with store.read() as tx:
        assert list_runs(tx, scope) == []
    with pytest.raises(ReconcileError) as refused, store.write() as tx:
        start(tx, scope)
    assert str(refused.value) == (
        f"{store}: the state store cannot be written; see that you may write the file and its folder"
    )


def test_a_file_that_went_away(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state.db")
    (tmp_path / "state.db").unlink()
    with pytest.raises(ReconcileError, match="the state store cannot be opened"), store.read():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(ReconcileError) as refused:
        open_store("postgresql://css:hunter2@127.0.0.1:1/state?connect_timeout=1")
    message = str(refused.value)
    assert message.startswith(
        "postgresql+psycopg://css:***@127.0.0.1:1/state: the server of the state store does not answer;"
        " see that it runs and can be reached ("
    )
    assert "hunter2" not in message
    assert "\n" not in message


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ReconcileError) as refused:
        open_store("postgresql://css:hunter2@127.0.0.1:1/state")
    assert str(refused.value) == (
        "postgresql+psycopg://css:***@127.0.0.1:1/state: PostgreSQL needs psycopg;"
        " pip install 'vidigami-reconciler[postgres]'"
    )


def test_errors_of_others_inside_a_transaction_stay_theirs(store: Store) -> None:
    with pytest.raises(FileNotFoundError, match="of the target"), store.write():
        raise FileNotFoundError("of the target")


def test_a_database_that_is_not_there(postgres: Cluster) -> None:
    url = postgres.create_database().replace("/state_", "/no_state_")
    with pytest.raises(ReconcileError, match="lets nobody in so; correct user, password and database"):
        open_store(url)


def test_a_server_that_went_away_is_noticed_while_a_lease_lives(postgres: Cluster) -> None:
    names = ("connect_timeout", "keepalives_idle", "keepalives_interval", "tcp_user_timeout")
    for more, timeout in (("", "10"), ("&connect_timeout=3", "3")):
        with open_store(postgres.create_database() + more).read() as tx:
            connected: Any = tx.connection.driver_connection
            given = connected.info.get_parameters()
        assert [given[name] for name in names] == [timeout, "20", "10", "40000"]


def test_a_server_that_takes_no_writes(postgres: Cluster) -> None:
    url = postgres.create_database() + "&options=-c%20default_transaction_read_only%3Don"
    with pytest.raises(ReconcileError, match="is read-only; name the one that takes writes"):
        open_store(url)


def test_a_server_that_ends_the_connection(postgres: Cluster, scope: Scope) -> None:
    store = open_store(postgres.create_database())

    def write() -> None:
        with store.write() as tx:
            start(tx, scope)
            pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with postgres.connect() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])
            start(tx, scope)

    with pytest.raises(ReconcileError, match="shut down or ended the connection"):
        write()
    with store.read() as tx:  # the next transaction has a connection of its own
        assert list_runs(tx, scope) == []


def test_a_user_without_rights(postgres: Cluster) -> None:
    url = postgres.create_database()
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(ReconcileError, match="lacks a privilege; grant it CREATE on the database and schema"):
        open_store(url.replace("postgres@", "guest@"))


def test_errors_quote_no_values(store: Store, scope: Scope) -> None:
    with pytest.raises(ReconcileError) as refused, store.write() as tx:
        start(tx, scope, kind="Ana Sample", who="ana@example.org")
    assert str(refused.value).startswith(f"{store}: the state store cannot be used (SQL")
    assert not any(value in str(refused.value) for value in ("Ana", "example.org"))
