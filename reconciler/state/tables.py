"""The tables of a store, as this version reads and writes them. How they came about: `migrations.py`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Dialect, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator


def to_text(moment: datetime) -> str:
    """A moment as it is stored and hashed: UTC, of one length, so that texts sort as moments do.

    Raises:
        ValueError: it has no time zone, so nobody can know which moment it is.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_json(value: object) -> str:
    """Plain data as canonical JSON: one text for one value. Pure ASCII, which every database holds."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)


class Moment(TypeDecorator[datetime]):
    """A moment with time zone, as text: SQLite has no type for it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Into the database."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Out of the database."""
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Plain data as JSON text. None is SQL's NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Into the database."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - JSON
        """Out of the database."""
        return None if value is None else json.loads(value)


_METADATA = MetaData()


def _table(name: str, keys: tuple[str, ...], *columns: Column[Any]) -> Table:
    """A table of what belongs to a directory: `keys` follow the two that name it."""
    scope = (Column("school_id", Text, primary_key=True), Column("directory_id", Text, primary_key=True))
    numbers = (Column(key, Integer, primary_key=True, autoincrement=False) for key in keys)
    return Table(name, _METADATA, *scope, *numbers, *columns)


directories = _table(
    "directories",
    (),
    Column("last_run", Integer),
    Column("audit_seq", Integer),
    Column("audit_hash", Text),
)
runs = _table(
    "runs",
    ("number",),
    Column("kind", Text),
    Column("plan_digest", Text),
    Column("who", Text),
    Column("host", Text),
    Column("started", Moment),
    Column("ended", Moment),
    Column("outcome", Text),
    Column("counts", Json),
    Column("settings", Json),
    Column("header", Json),
    Column("lifted", Json),
    Column("purged", Moment),
    Column("audit_seq", Integer),
    Column("audit_hash", Text),
)
batches = _table(
    "batches",
    ("run", "batch"),
    Column("kind", Text),
    Column("size", Integer),
    Column("opened", Moment),
    Column("closed", Moment),
    Column("counts", Json),
    Column("changes", LargeBinary),
    Column("outcomes", LargeBinary),
)
leases = _table(
    "leases",
    (),
    Column("token", Text),
    Column("owner", Text),
    Column("host", Text),
    Column("since", Moment),
    Column("seen", Moment),
    Column("expires", Moment),
)
baselines = _table("baselines", (), Column("run", Integer), Column("at", Moment), Column("tables", Json))
audit = _table(
    "audit",
    ("seq",),
    Column("at", Text),  # as it was hashed: one that somebody altered may be no moment at all
    Column("who", Text),
    Column("event", Text),
    Column("digest", Text),
    Column("salt", Text),
    Column("salt_digest", Text),
    Column("previous", Text),
    Column("hash", Text),
)
memories = Table(
    "memories",
    _METADATA,
    Column("school_id", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("directory_id", Text),
    Column("school_year", Text),
    Column("notes", Json),
    Column("users", LargeBinary),
    Column("groups", LargeBinary),
    Column("memberships", LargeBinary),
    Column("relationships", LargeBinary),
)
schema_version = Table("schema_version", _METADATA, Column("version", Integer))

ALL = tuple(_METADATA.sorted_tables)
