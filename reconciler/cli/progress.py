"""How far long work has come: on standard error, and only where that is a terminal."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.cli.screen import is_quiet, is_verbose, remark

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
    """A bar for changes done of all changes, with their rate and the time that is left."""
    if is_quiet() or not sys.stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005 - nobody is watching
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Applying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Applying", total=None, rate="")

        def tell(done: int, total: int) -> None:
            speed = progress.tasks[0].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            progress.update(task, completed=done, total=total, rate=rate)

        yield tell


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
    """A line that says what is being done, gone afterwards; with --verbose they stay, with their times."""
    if is_verbose():
        yield from _told_steps()
    elif is_quiet() or not sys.stderr.isatty():
        yield lambda step: None  # noqa: ARG005
    else:
        from rich.console import Console

        with Console(stderr=True).status("Starting") as status:
            yield lambda step: status.update(f"{step} ...")


def _told_steps() -> Iterator[Callable[[str], None]]:
    began, doing = time.monotonic(), "Starting"

    def tell(step: str) -> None:
        nonlocal began, doing
        now = time.monotonic()
        remark(f"{now - began:7.2f} s  {doing}")
        began, doing = now, step

    yield tell
    tell("")
