"""A cluster of Dask workers: they see the same files, and have secrets in their own environment."""

from __future__ import annotations

import logging
import pickle
import secrets
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler import __version__
from reconciler.errors import ReconcileError
from reconciler.fleet.dask_likeness import mark_store
from reconciler.fleet.dask_worker import Batch
from reconciler.fleet.defects import defect
from reconciler.fleet.engine import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

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
        if not names:
            return
        look = self._looking()
        # Whatever leaves this block lets go of the futures, and so cancels what waits on the cluster.
        with self._connected() as client:
            threads = self._see_the_workers(client, look)
            futures = self._submit(client, _do(look), work, names, threads)
            for future in self._as_they_come(client, futures):
                yield from _results(future, futures.pop(future), failed)
            for left in futures.values():
                yield from (failed(name, "the cluster has no worker any more") for name in left)

    def _connected(self) -> Client:
        try:
            from distributed import Client  # noqa: PLC0415 - an extra, and slow
            from distributed.comm.addressing import get_address_host_port  # noqa: PLC0415
        except ImportError:
            raise ReconcileError(
                "--engine dask needs an extra: pip install 'vidigami-reconciler[fleet]'"
            ) from None
        # What it has to say of a lost connection is a traceback; what became of each school is told anyway.
        _silence("distributed")
        try:
            # Looked at before: a client that cannot read its address is left half open.
            get_address_host_port(self.scheduler)
            return Client(self.scheduler, timeout=self.patience)  # type: ignore[no-untyped-call]
        except (ValueError, TypeError) as error:
            raise ReconcileError(
                f"{self.scheduler}: there can be no scheduler ({error}); --scheduler takes an address such as"
                " tcp://10.0.0.5:8786"
            ) from None
        except (OSError, TimeoutError):
            raise ReconcileError(f"{self.scheduler}: there is no scheduler; see --scheduler") from None

    def _looking(self) -> Callable[[], str]:
        folder, salt = str(Path.cwd()), secrets.token_hex(16)
        return _look(__version__, folder, salt, mark_store(folder, salt))

    def _see_the_workers(self, client: Client, look: Callable[[], str]) -> int:
        """The threads of all workers, once there is one and all of them can do what is asked."""
        try:
            client.wait_for_workers(1, timeout=self.patience)
        except TimeoutError:
            raise ReconcileError(
                f"{self.scheduler}: it has no workers; start some: dask worker {self.scheduler}"
            ) from None
        # One that goes away meanwhile has nothing to say; and each looks once more at what it is handed.
        found = client.run(look, on_error="ignore")
        if amiss := [f"{address} {why}" for address, why in found.items() if why]:
            raise ReconcileError("workers that cannot be used; nothing was begun:\n" + "\n".join(amiss))
        return max(1, sum(client.nthreads().values()))  # type: ignore[no-untyped-call]

    def _submit(
        self,
        client: Client,
        do: Callable[[bytes], Any],
        work: Callable[[str], T],
        names: Sequence[str],
        threads: int,
    ) -> dict[Future[Any], Sequence[str]]:
        size = max(1, min(BATCH, len(names) // (threads * _SHARES)))
        batches = [names[start : start + size] for start in range(0, len(names), size)]
        folder, pickled = str(Path.cwd()), pickle.dumps(work)
        futures = client.map(
            do,
            [pickle.dumps(Batch(folder, pickled, batch, self.timeout)) for batch in batches],
            key="schools",
            pure=False,
            retries=_RETRIES,
        )
        return dict(zip(futures, batches, strict=True))

    def _as_they_come(self, client: Client, futures: Collection[Future[Any]]) -> Iterator[Future[Any]]:
        """The futures as they are done; the rest never, once there has been no worker for so long."""
        done: Queue[Future[Any]] = Queue()
        for future in futures:
            future.add_done_callback(done.put)  # type: ignore[no-untyped-call]
        left = len(futures)
        while left:
            try:
                yield done.get(timeout=self.patience)
                left -= 1
            except Empty:
                if not self._has_workers(client):
                    return

    def _has_workers(self, client: Client) -> bool:
        try:
            client.wait_for_workers(1, timeout=self.patience)
        except TimeoutError:
            return False
        except OSError:  # the scheduler itself is lost, and of that each future tells
            return True
        return True


def _silence(library: str) -> None:
    """Let a library say nothing, nor those of its loggers that have a level of their own."""
    for name in [library, *logging.root.manager.loggerDict]:
        if name.partition(".")[0] == library:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


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
    except Exception as error:  # noqa: BLE001 - a defect in one batch is not to hide the others
        yield from (failed(name, defect(error)) for name in names)
    else:
        for done in batch:
            yield failed(done.name, done.why) if done.why else pickle.loads(done.result)  # noqa: S301
    future.release()  # type: ignore[no-untyped-call]


# What the scheduler and the workers are sent are functions made here, which are pickled whole, with arguments
# of Python's own types: a scheduler unpickles all that it is given, and need not have this package; a worker
# that has none, or another version, can say so. All that they need they import.


def _look(version: str, folder: str, salt: str, store: str) -> Callable[[], str]:
    def look() -> str:
        """What keeps a worker from working for a command that is like this; else ''."""
        try:
            from reconciler import __version__ as there  # noqa: PLC0415
        except ImportError:
            return "does not have reconcile: install the same version there"
        if there != version:
            return f"has reconcile {there}, and this is {version}: install the same version there"
        from reconciler.fleet.dask_likeness import unlike  # noqa: PLC0415

        return unlike(folder, salt, store)

    return look


def _do(look: Callable[[], str]) -> Callable[[bytes], Any]:
    def do(batch: bytes) -> bytes:
        if why := look():  # a worker that came later than those which were looked at
            raise ImportError(why)
        from reconciler.fleet.dask_worker import do_batch  # noqa: PLC0415

        return do_batch(batch)

    return do
