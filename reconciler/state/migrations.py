"""How a store's tables came about, version by version. A step that was released is never edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection, text

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.state.address import Address

Migration: TypeAlias = Callable[[Connection], None]

SCHEMA = "reconcile"
"""The PostgreSQL schema that holds a store: a database may serve others too."""
APPLICATION_ID = 0x52435354
"""Marks a SQLite file as a store of ours: `RCST`."""
_LOCK = APPLICATION_ID
"""The PostgreSQL advisory lock of whoever changes the tables."""

_SCOPE = "school_id TEXT NOT NULL, directory_id TEXT NOT NULL"
_OF_DIRECTORY = "FOREIGN KEY (school_id, directory_id) REFERENCES directories (school_id, directory_id)"
_OF_RUN = "FOREIGN KEY (school_id, directory_id, run) REFERENCES runs (school_id, directory_id, number)"
_VERSION_1 = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL){strict}",
    # One row a directory: what is counted for it, and the row to lock. The last audit entry stands here
    # so that one that is cut off is missed.
    f"""
    CREATE TABLE directories (
        {_SCOPE},
        last_run INTEGER NOT NULL,
        audit_seq INTEGER NOT NULL,
        audit_hash TEXT NOT NULL,
        PRIMARY KEY (school_id, directory_id)
    ){{strict}}
    """,
    f"""
    CREATE TABLE runs (
        {_SCOPE},
        number INTEGER NOT NULL CHECK (number > 0),
        kind TEXT NOT NULL CHECK (kind IN ('apply', 'undo')),
        plan_digest TEXT NOT NULL,
        who TEXT NOT NULL,
        host TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        outcome TEXT NOT NULL
            CHECK (outcome IN ('running', 'done', 'incomplete', 'interrupted', 'failed')),
        counts TEXT NOT NULL,
        settings TEXT NOT NULL,
        header TEXT,
        lifted TEXT NOT NULL,
        purged TEXT,
        audit_seq INTEGER NOT NULL,
        audit_hash TEXT NOT NULL,
        PRIMARY KEY (school_id, directory_id, number),
        CHECK ((outcome = 'running') = (ended IS NULL)),
        {_OF_DIRECTORY}
    ){{strict}}
    """,
    f"""
    CREATE TABLE batches (
        {_SCOPE},
        run INTEGER NOT NULL,
        batch INTEGER NOT NULL CHECK (batch > 0),
        kind TEXT NOT NULL CHECK (kind IN ('users', 'groups', 'memberships', 'relationships')),
        size INTEGER NOT NULL,
        opened TEXT NOT NULL,
        closed TEXT,
        counts TEXT NOT NULL,
        changes {{blob}},
        outcomes {{blob}},
        PRIMARY KEY (school_id, directory_id, run, batch),
        {_OF_RUN}
    ){{strict}}
    """,
    f"""
    CREATE TABLE leases (
        {_SCOPE},
        token TEXT NOT NULL,
        owner TEXT NOT NULL,
        host TEXT NOT NULL,
        since TEXT NOT NULL,
        seen TEXT NOT NULL,
        expires TEXT NOT NULL,
        PRIMARY KEY (school_id, directory_id),
        {_OF_DIRECTORY}
    ){{strict}}
    """,
    f"""
    CREATE TABLE baselines (
        {_SCOPE},
        run INTEGER NOT NULL,
        at TEXT NOT NULL,
        tables TEXT NOT NULL,
        PRIMARY KEY (school_id, directory_id),
        {_OF_RUN}
    ){{strict}}
    """,
    f"""
    CREATE TABLE audit (
        {_SCOPE},
        seq INTEGER NOT NULL CHECK (seq > 0),
        at TEXT NOT NULL,
        who TEXT NOT NULL,
        event TEXT NOT NULL,
        digest TEXT NOT NULL,
        salt TEXT NOT NULL,
        salt_digest TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (school_id, directory_id, seq),
        {_OF_DIRECTORY}
    ){{strict}}
    """,
)


def create_version_1(tx: Connection) -> None:
    """The tables of the first release."""
    for statement in _VERSION_1:
        tx.execute(text(statement.format(**_words(tx))))
    if tx.dialect.name != "sqlite":  # both are compressed already
        tx.execute(
            text(
                "ALTER TABLE batches ALTER COLUMN changes SET STORAGE EXTERNAL,"
                " ALTER COLUMN outcomes SET STORAGE EXTERNAL"
            )
        )


_VERSION_2 = """
    CREATE TABLE memories (
        school_id TEXT NOT NULL,
        place TEXT NOT NULL,
        directory_id TEXT NOT NULL,
        school_year TEXT NOT NULL,
        notes TEXT NOT NULL,
        users {blob} NOT NULL,
        groups {blob} NOT NULL,
        memberships {blob} NOT NULL,
        relationships {blob} NOT NULL,
        PRIMARY KEY (school_id, place)
    ){strict}
    """


def create_memories(tx: Connection) -> None:
    """What targets remember of directories that cannot be asked for everything."""
    tx.execute(text(_VERSION_2.format(**_words(tx))))


def _words(tx: Connection) -> dict[str, str]:
    """What SQLite and PostgreSQL call differently."""
    sqlite = tx.dialect.name == "sqlite"
    return {"strict": " STRICT", "blob": "BLOB"} if sqlite else {"strict": "", "blob": "BYTEA"}


MIGRATIONS: Sequence[Migration] = (create_version_1, create_memories)
"""MIGRATIONS[0] leads to version 1, and so on. Each runs inside the one transaction of all."""


def read_version(tx: Connection, address: Address) -> int:
    """The version of the store's tables; 0 where there are none yet.

    Raises:
        ReconcileError: there is something, and it is no store of ours.
    """
    if tx.dialect.name == "sqlite":
        found = set(tx.execute(text("SELECT name FROM sqlite_schema")).scalars())
        ours = tx.execute(text("PRAGMA application_id")).scalar_one() == APPLICATION_ID
    else:
        query = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
        found = set(tx.execute(query, {"schema": SCHEMA}).scalars())
        ours = True
    if not found:
        return 0
    if not ours or "schema_version" not in found:
        raise ReconcileError(
            f"{address}: this belongs to another program and is no state store; name another place for it"
        )
    return int(tx.execute(text("SELECT version FROM schema_version")).scalar_one())


def refuse_newer(version: int, known: int, address: Address) -> None:
    """See that this version of the tool knows the store's tables.

    Raises:
        ReconcileError: a later one wrote them.
    """
    if version > known:
        raise ReconcileError(
            f"{address}: the state store has version {version}, and this reconcile knows {known};"
            " install the latest reconcile"
        )


def migrate(tx: Connection, address: Address, migrations: Sequence[Migration]) -> None:
    """Bring the tables up to the last version, inside the transaction at hand: all of it or nothing.

    Raises:
        ReconcileError: this is no store, or one of a later version.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    version = read_version(tx, address)  # again: whoever held the lock may have done it all
    refuse_newer(version, len(migrations), address)
    if version == 0:
        _mark(tx)
    for step in migrations[version:]:
        step(tx)
    tx.execute(text("DELETE FROM schema_version"))
    tx.execute(text("INSERT INTO schema_version (version) VALUES (:version)"), {"version": len(migrations)})


def _mark(tx: Connection) -> None:
    """Make the place ours."""
    if tx.dialect.name == "sqlite":
        tx.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
    elif tx.execute(text("SELECT to_regnamespace(:schema)"), {"schema": SCHEMA}).scalar() is None:
        # Asked first: IF NOT EXISTS would need the privilege even where an administrator has made it.
        tx.execute(text(f"CREATE SCHEMA {SCHEMA}"))
