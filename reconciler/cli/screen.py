"""Where a command's words go: documents to standard output, remarks to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TypedDict

from reconciler.errors import ReconcileError


class Look(TypedDict):
    """How a text view is to look."""

    width: int | None
    colour: bool


def write(text: str) -> None:
    """Write a document on standard output, to its last byte, so that a closed pipe shows here.

    Raises:
        ReconcileError: it cannot be written whole, as on a full disk.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would fail a second time when Python closes it.
        sys.stdout = _nowhere()
        raise ReconcileError(
            f"standard output cannot be written: {error.strerror}; make room, or write elsewhere"
        ) from error


class _Talk:
    """How much a command says beside what was asked for."""

    quiet = False
    verbose = False


def settle(*, quiet: bool, verbose: bool) -> None:
    """Say how much is to be said, for the whole command."""
    _Talk.quiet, _Talk.verbose = quiet, verbose


def is_quiet() -> bool:
    """Whether only what has to be known is to be said."""
    return _Talk.quiet


def is_verbose() -> bool:
    """Whether each step is to be told."""
    return _Talk.verbose


def remark(text: str) -> None:
    """Say something beside the document, on standard error, unless all is to be quiet."""
    if not _Talk.quiet:
        complain(text)


def complain(text: str) -> None:
    """Say something that has to be known, on standard error."""
    with suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command line speaks here


def look() -> Look:
    """Colour and the terminal's width, where standard output is a terminal."""
    terminal = sys.stdout.isatty()
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Look(
        width=shutil.get_terminal_size().columns if terminal else None,
        colour=terminal and not plain,
    )


def prepare() -> None:
    """See that no name stops a command: UTF-8 into files and pipes, `?` where a terminal lacks a letter."""
    # A scheduler may start us with a stream closed, which Python calls None.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _nowhere() -> TextIOWrapper:
    return Path(os.devnull).open("w", encoding="utf-8")
