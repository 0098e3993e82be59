"""Applies a plan file and kills itself on the way, as a power cut would: no clean-up, no exception.

Arguments: the plan file, the directory's file, what to count (`statements` of the schema, `batches` that
were committed, `rows` that were written) and after how many of them to die.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.apply import planfile, runner
from reconciler.model import TargetSettings
from reconciler.targets import EmbeddedDirectory
from reconciler.targets.embedded import connection as connections
from reconciler.targets.embedded.schema import SCHEMA

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator


class Fuse:
    """Kills this process once it has been touched `length` times."""

    def __init__(self, length: int) -> None:
        self._left = length

    def touch(self) -> None:
        """Burn down by one."""
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def after(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """`act`, which burns the fuse down before it is done."""

        def burning(*arguments: Any) -> Any:
            self.touch()
            return act(*arguments)

        return burning

    def between(self, items: Iterable[str]) -> Iterator[str]:
        """`items`, each of which burns the fuse down."""
        for item in items:
            self.touch()
            yield item


def main(plan: str, directory: str, what: str, length: str) -> None:
    """Apply until death."""
    fuse = Fuse(int(length))
    target = EmbeddedDirectory(TargetSettings("embedded", directory))
    if what == "statements":
        setattr(connections, "SCHEMA", fuse.between(SCHEMA))  # noqa: B010 - it is a tuple by its type
    elif what == "batches":
        target.apply = fuse.after(target.apply)  # type: ignore[method-assign]
    connections._connect = _write_early(connections._connect, fuse if what == "rows" else None)
    runner.run(planfile.read_plan(Path(plan)), target, batch_size=30)


def _write_early(connect: Callable[..., sqlite3.Connection], rows: Fuse | None) -> Callable[..., Any]:
    """Connections without a cache: what is not committed yet is in the file already.

    Each row that is written burns down a fuse for `rows`.
    """

    def connected(path: Path, timeout: float) -> sqlite3.Connection:
        connection = connect(path, timeout)
        connection.execute("PRAGMA cache_size = 1")
        if rows:
            _burn_with_each_row(connection, rows)
        return connection

    return connected


def _burn_with_each_row(connection: sqlite3.Connection, fuse: Fuse) -> None:
    connection.create_function("touch", 0, fuse.touch)
    for table in ("groups", "users", "relationships", "memberships"):
        for event in ("INSERT", "UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} BEGIN SELECT touch(); END"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
