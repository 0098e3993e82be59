"""A cluster of Dask workers: they see the same files, and have secrets in their own environment."""

from __future__ import annotations

import logging
import os
import pickle
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler import __version__
from reconciler.environment import STATE
from reconciler.errors import ReconcileError
from reconciler.fleet.dask_worker import Batch
from reconciler.fleet.engine import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client, Future

    from reconciler.fleet.dask_worker import Done

T = TypeVar("T")

BATCH = 5
"""Schools a task: a task costs the cluster some milliseconds, and a lost worker costs the batch it was at."""
_SHARES = 4
"""Batches for each thread, at least: with few schools, none is to wait for another's batch."""
_RETRIES = 3
"""How often a batch is done again that failed; the scheduler does one again whose worker was lost."""


@dataclass(frozen=True, slots=True)
class DaskEngine:
    """The workers of a scheduler, such as `tcp://10.0.0.5:8786`."""

    scheduler: str
    timeout: float = TIMEOUT
    """Seconds that a school may take."""
    patience: float = 20.0
    """Seconds in which the scheduler has to answer, and to have a worker."""

    def run(
        self, work: Callable[[str], T], names: Sequence[str], failed: Callable[[str, str], T]
    ) -> Iterator[T]:
        """As of Engine. What a lost worker was at is done again by another.

        Raises:
            ReconcileError: dask is not installed, there is no such scheduler, or its workers are unlike this
                machine.
        """
        from distributed import as_completed  # noqa: PLC0415 - an extra, and slow

        if not names:
            return
        # Whatever leaves this block lets go of the futures, and so cancels what waits on the cluster.
        with self._connected() as client:
            threads = self._see_the_workers(client)
            futures = self._submit(client, work, names, threads)
            for future in as_completed(futures):  # type: ignore[no-untyped-call]
                yield from _results(future, futures.pop(future), failed)

    def _connected(self) -> Client:
        try:
            from distributed import Client  # noqa: PLC0415 - an extra, and slow
        except ImportError:
            raise ReconcileError(
                "--engine dask needs an extra: pip install 'vidigami-reconciler[fleet]'"
            ) from None
        # What it has to say of a lost connection is a traceback; what became of each school is told anyway.
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
        try:
            return Client(self.scheduler, timeout=self.patience)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError):
            raise ReconcileError(f"{self.scheduler}: there is no scheduler; see --scheduler") from None

    def _see_the_workers(self, client: Client) -> int:
        """The threads of all workers, once there is one and all of them can do what is asked."""
        try:
            client.wait_for_workers(1, timeout=self.patience)
        except TimeoutError:
            raise ReconcileError(
                f"{self.scheduler}: it has no workers; start some: dask worker {self.scheduler}"
            ) from None
        folder, state = str(Path.cwd()), STATE if os.environ.get(STATE) else ""
        found = client.run(_look(), __version__, folder, state)
        if amiss := [f"{address} {why}" for address, why in found.items() if why]:
            raise ReconcileError("workers that cannot be used; nothing was begun:\n" + "\n".join(amiss))
        return sum(client.nthreads().values())  # type: ignore[no-untyped-call]

    def _submit(
        self, client: Client, work: Callable[[str], T], names: Sequence[str], threads: int
    ) -> dict[Future[Any], Sequence[str]]:
        size = max(1, min(BATCH, len(names) // (threads * _SHARES)))
        batches = [names[start : start + size] for start in range(0, len(names), size)]
        folder, pickled = str(Path.cwd()), pickle.dumps(work)
        futures = client.map(
            _do(),
            [pickle.dumps(Batch(folder, pickled, batch, self.timeout)) for batch in batches],
            [__version__] * len(batches),
            key="schools",
            pure=False,
            retries=_RETRIES,
        )
        return dict(zip(futures, batches, strict=True))


def _results(future: Future[Any], names: Sequence[str], failed: Callable[[str, str], T]) -> Iterator[T]:
    """What came of a batch; the future is let go of, so that the cluster forgets it."""
    from distributed import KilledWorker  # noqa: PLC0415 - an extra, and slow

    try:
        batch: list[Done] = pickle.loads(future.result())  # noqa: S301 - from a worker that we asked
    except KilledWorker:
        yield from (failed(name, "its worker was lost, again and again") for name in names)
    except CancelledError:
        yield from (failed(name, "the scheduler was lost, and with it what became of this") for name in names)
    except ImportError as error:  # a worker that came later than those which were looked at
        yield from (failed(name, f"its worker {error}") for name in names)
    else:
        for done in batch:
            yield failed(done.name, done.why) if done.why else pickle.loads(done.result)  # noqa: S301
    future.release()  # type: ignore[no-untyped-call]


# What the scheduler and the workers are sent are functions made here, which are pickled whole, with arguments
# of Python's own types: a scheduler unpickles all that it is given, and need not have this package; a worker
# that has none, or another version, can say so. All that they need they import.


def _look() -> Callable[[str, str, str], str]:
    def look(version: str, folder: str, state: str) -> str:
        """What keeps a worker from working for a command of this version, in this folder; else ''."""
        import os  # noqa: PLC0415

        try:
            from reconciler import __version__ as there  # noqa: PLC0415
        except ImportError:
            return "does not have reconcile: install the same version there"
        if there != version:
            return f"has reconcile {there}, and this is {version}: install the same version there"
        if not os.path.isdir(folder):  # noqa: PTH112
            return f"does not see {folder}: workers need the same files, in the same place"
        if state and not os.environ.get(state):
            return f"has no {state} in its environment, and this command has: set it there, too"
        return ""

    return look


def _do() -> Callable[[bytes, str], Any]:
    def do(batch: bytes, version: str) -> bytes:
        try:
            from reconciler import __version__ as there  # noqa: PLC0415
            from reconciler.fleet.dask_worker import do_batch  # noqa: PLC0415
        except ImportError:
            raise ImportError("does not have reconcile: install the same version there") from None
        if there != version:
            raise ImportError(f"has reconcile {there}, and this is {version}: install the same version there")
        return do_batch(batch)

    return do
