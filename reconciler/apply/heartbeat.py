"""A sign of life while an apply goes on, however long its target takes for a batch.

It comes from a thread of its own. To give it at each batch is not enough, however small batches are: where
each change is a request, thousands of them are one batch, and even one that hangs may outlast a lease.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError
from reconciler.state.leases import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY = 60.0
"""Seconds between two signs of life; a lease that lives five minutes outlasts three that fail."""
GRACE = 15.0
"""Seconds that the end waits for a sign that is being given: a connection that hangs must not hold it up."""


@contextmanager
def kept_alive(keep: Callable[[], object], every: float = EVERY, grace: float = GRACE) -> Iterator[None]:
    """Call `keep` every so many seconds, until the block is left: by its end, an error, or Ctrl-C.

    A store that fails once ends no apply: the next sign may get through. Once the lease is lost, there is
    nothing left to keep, and no more signs are given. In either case it is the next batch that decides: it
    cannot be opened without the lease.
    """
    over = Event()
    thread = Thread(target=_beat, args=(keep, every, over), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(grace)  # one that is left behind does no harm: it cannot keep a lease that was given back


def _beat(keep: Callable[[], object], every: float, over: Event) -> None:
    while not over.wait(every):
        try:
            keep()
        except LeaseLostError:
            return
        except ReconcileError:
            continue
