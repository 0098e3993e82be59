"""A cluster of Dask workers: they see the same files, and have secrets in their own environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

BATCH = 10
"""Schools a task: a task costs the scheduler some 2 ms, and a lost worker costs the batch it was at."""
_RETRIES = 3
"""How often a batch is done again whose worker was lost."""


@dataclass(frozen=True, slots=True)
class DaskEngine:
    """The workers of a scheduler, such as `tcp://10.0.0.5:8786`."""

    scheduler: str
    patience: float = 20.0
    """Seconds in which the scheduler has to answer."""

    def run(
        self, work: Callable[[str], T], names: Sequence[str], failed: Callable[[str, str], T]
    ) -> Iterator[T]:
        """As of Engine. What a lost worker was at is done again by another.

        Raises:
            ReconcileError: dask is not installed, or there is no such scheduler.
        """
        try:
            from distributed import Client, KilledWorker, as_completed  # noqa: PLC0415 - an extra, and slow
        except ImportError:
            raise ReconcileError(
                "--engine dask needs an extra: pip install 'vidigami-reconciler[fleet]'"
            ) from None
        try:
            client = Client(self.scheduler, timeout=self.patience)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError):
            raise ReconcileError(f"{self.scheduler}: there is no scheduler; see --scheduler") from None
        with client:
            batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
            futures = {
                client.submit(_each, work, batch, pure=False, retries=_RETRIES): batch for batch in batches
            }
            for future in as_completed(futures):  # type: ignore[no-untyped-call]
                batch = futures.pop(future)
                try:
                    yield from future.result()
                except KilledWorker:
                    yield from (failed(name, "its worker was lost, again and again") for name in batch)
                future.release()


def _each(work: Callable[[str], T], names: Sequence[str]) -> list[T]:
    return [work(name) for name in names]
