"""A journal for targets that hand everything over at the end: until then, no change is made."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.apply.record import Journal

HANDED_OVER = "handed-over"
_NOT = "nothing was handed over"


@contextmanager
def told_at_the_end(journal: Journal) -> Iterator[Journal]:
    """`journal`, told of each batch beforehand, but what became of them only once the block is done.

    After an error nothing was handed over, so that what was to be is `failed`. After Ctrl-C nobody can say:
    the batches stay open.
    """
    held = _Held(journal)
    try:
        yield held
    except Exception:
        # What went wrong is what has to be said; that the store could not be told of it changes nothing.
        with suppress(ReconcileError):
            held.tell(handed_over=False)
        raise
    held.tell(handed_over=True)


class _Held:
    """Batches in their order, and what is to become of each."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._outcomes: dict[int, pl.DataFrame] = {}

    def open(self, kind: str, changes: pl.DataFrame) -> int:
        """Write the changes down, as ones of which it is not known."""
        batch = self._journal.open(kind, changes)
        self._outcomes[batch] = changes.select(
            "id", kind=pl.lit(kind), outcome=pl.lit(HANDED_OVER), detail=pl.lit(""), made_id=pl.lit("")
        )
        return batch

    def close(self, batch: int, outcomes: pl.DataFrame) -> None:
        """What is to become of them."""
        self._outcomes[batch] = outcomes

    def tell(self, *, handed_over: bool) -> None:
        """What became of every batch."""
        missed = (pl.col("outcome") == HANDED_OVER) & pl.lit(not handed_over)
        for batch, outcomes in self._outcomes.items():
            told = outcomes.with_columns(
                outcome=pl.when(missed).then(pl.lit("failed")).otherwise("outcome"),
                detail=pl.when(missed).then(pl.lit(_NOT)).otherwise("detail"),
            )
            self._journal.close(batch, told)
