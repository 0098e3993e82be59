"""How far long work has come: on standard error, and only where that is a terminal."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.cli.screen import remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model import Plan, School


def make_plan(school: School, *, additions_only: bool = False) -> Plan:
    """The plan for a school as it is now, with a word on each step that takes time."""
    from reconciler import pipeline

    with steps() as tell:
        return pipeline.plan_school(school, additions_only=additions_only, tell=tell)


@contextmanager
def bar() -> Iterator[Callable[[int, int], None]]:
    """A bar for changes done of all changes."""
    if not sys.stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005 - nobody is watching
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Applying", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def stopping_between_batches(progress: Callable[[int, int], None]) -> Iterator[Callable[[int, int], None]]:
    """`progress` that ends the work between two batches once Ctrl-C was pressed; pressed twice, at once."""
    pressed = False

    def press(_signal: int, _frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        remark("Stopping after the batch in flight; press Ctrl-C again to stop at once.")

    def tell(done: int, total: int) -> None:
        progress(done, total)
        if pressed and done < total:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield tell
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """A line that says what is being done, and is gone afterwards."""
    if not sys.stderr.isatty():
        yield lambda step: None  # noqa: ARG005
        return
    from rich.console import Console

    with Console(stderr=True).status("Starting") as status:
        yield lambda step: status.update(f"{step} ...")
