"""Where a command's words go: documents to standard output, remarks to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TypedDict


class Look(TypedDict):
    """How a text view is to look."""

    width: int | None
    colour: bool


def write(text: str) -> None:
    """Write a document on standard output, to its last byte, so that a closed pipe shows here."""
    sys.stdout.write(text)
    sys.stdout.flush()


def remark(text: str) -> None:
    """Say something beside the document, on standard error."""
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
