"""One of several processes that use a state store at once; prints what came of it as JSON.

Arguments: where the store is, what to do (`append` to the audit, `acquire` leases), how often, and a name.
Says `ready`, then waits for a line on standard input, so that all begin together.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

from reconciler.state.audit import append_entry
from reconciler.state.leases import LeaseHeldError, acquire_lease
from reconciler.state.runs import start_run
from reconciler.state.scope import Scope
from reconciler.state.store import Store, open_store

NOW = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)


def append(store: Store, name: str, round_: int) -> int:
    """A run and an entry; gives the run's number."""
    scope = Scope("races", "one")
    with store.write() as tx:
        append_entry(tx, scope, event=f"{name} {round_}", who=name, details={}, now=NOW)
        return start_run(
            tx, scope, kind="apply", plan_digest="", who=name, host="", now=NOW, header={}, settings={}
        )


def acquire(store: Store, name: str, round_: int) -> str:
    """Who has the lease: this process, or whom it is told of."""
    scope = Scope("races", str(round_))
    try:
        with store.write() as tx:
            acquire_lease(tx, scope, owner=name, host="", now=NOW, ttl=timedelta(minutes=1))
    except LeaseHeldError as held:
        return f"held by {held.lease.owner}"
    return name


def main(where: str, what: str, rounds: str, name: str) -> None:
    """Take part."""
    store = open_store(where)
    print("ready", flush=True)  # noqa: T201 - to the test
    sys.stdin.readline()
    act = {"append": append, "acquire": acquire}[what]
    print(json.dumps([act(store, name, round_) for round_ in range(int(rounds))]))  # noqa: T201 - to the test


if __name__ == "__main__":
    main(*sys.argv[1:])
