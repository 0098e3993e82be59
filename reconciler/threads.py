"""Which threads work on frames: the one that asks, and Polars's own only where they help."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

T = TypeVar("T")


def in_this_thread(work: Callable[[], T]) -> T:
    """What `work` gives, with all that it does to frames done by the thread that calls.

    Polars hands each operation to threads of its own, and waits. On small frames that takes twice as long
    as the operation itself, and a plan has hundreds of them. Operations that are worth several threads still
    have them: a plan of a million people is as fast, with a tenth less work.
    """
    import polars as pl  # noqa: PLC0415 - polars loads slowly

    future: Future[T] = Future()

    def do(frame: pl.DataFrame) -> pl.DataFrame:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, as it was
            future.set_exception(error)
        return frame

    # What is done inside a query is not handed on again: so a query is made that holds all of the work.
    pl.LazyFrame({"": [0]}).map_batches(do).collect()
    return future.result()
