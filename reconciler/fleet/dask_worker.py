"""What a Dask worker does with a batch of schools: as one machine does, in warm processes of its own.

So a school that hangs or takes its process along costs itself here, too, and the worker goes on.
"""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import current_process
from multiprocessing.util import Finalize
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.allocator import reuse_memory
from reconciler.fleet.pool import WarmPool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_BEGINNING = Lock()


@dataclass(frozen=True, slots=True)
class Batch:
    """What a worker is asked for. It holds no secrets: those are in the worker's own environment."""

    folder: str
    """Where the command was started; names and folders are relative to it."""
    work: bytes
    """The pickled work, which no process on the way has to understand."""
    names: Sequence[str]
    timeout: float


class Done(NamedTuple):
    """What became of a school: what the work gave, pickled, or why there is nothing."""

    name: str
    result: bytes
    why: str = ""


def do_batch(pickled: bytes) -> bytes:
    """Do a pickled Batch; gives a pickled list of Done."""
    batch: Batch = pickle.loads(pickled)  # noqa: S301 - from the command that this cluster works for
    work = partial(_do_one, batch.folder, batch.work)
    with _BEGINNING:
        pool = _pool()
    return pickle.dumps(list(pool.run(work, batch.names, _failed, batch.timeout)))


@lru_cache(maxsize=1)
def _pool() -> WarmPool:
    """The processes of this worker, kept for as long as it lives: as many as it has threads."""
    from distributed import get_worker  # noqa: PLC0415 - an extra

    reuse_memory()
    # Python lets no process have processes that its nanny started as a daemon, lest they outlive it. Ours end
    # with it by themselves, so a worker need not be started in a way of its own.
    current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # noqa: SLF001
    pool = WarmPool(get_worker().state.nthreads)
    Finalize(None, pool.stop, exitpriority=1)  # else a worker that is told to end waits for them
    return pool


def _do_one(folder: str, work: bytes, name: str) -> Done:
    try:
        os.chdir(folder)
    except OSError:  # it saw it as it was handed the batch
        return _failed(name, f"its worker does not see {folder}")
    return Done(name, pickle.dumps(_unpickled(work)(name)))


@lru_cache(maxsize=1)
def _unpickled(work: bytes) -> Callable[[str], Any]:
    unpickled: Callable[[str], Any] = pickle.loads(work)  # noqa: S301 - as above
    return unpickled


def _failed(name: str, why: str) -> Done:
    return Done(name, b"", why)
