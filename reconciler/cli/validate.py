"""`reconcile validate`: every mistake of every school file, at once."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import Format, TextOrJson
from reconciler.cli.screen import remark, write
from reconciler.errors import InputError

if TYPE_CHECKING:
    from reconciler.errors import Mistake

EXAMPLES = """\b
Examples:
  reconcile validate
  reconcile validate schools/maple-grove.yaml --format json
"""

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH...", help="School files and rule sets, or folders of them.", show_default="schools/"
    ),
]


def validate(paths: Paths = None, view: Format = TextOrJson.TEXT) -> None:
    """Check school files, and show every mistake at once.

    Each has its file, line and column, the offending line, and what to write instead. Nothing else is
    read: neither exports nor the directory. Exit code 1 if there is a mistake.
    """
    files, mistakes = _check(paths or [])
    if view is TextOrJson.JSON:
        found = [asdict(mistake) for mistake in mistakes]
        document = {"format": 1, "valid": not mistakes, "files": len(files), "mistakes": found}
        write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    elif not mistakes:
        write("1 file is valid.\n" if len(files) == 1 else f"{len(files)} files are valid.\n")
    if not mistakes:
        return
    if view is TextOrJson.TEXT:
        write("".join(f"{mistake}\n" for mistake in mistakes))
        remark("1 mistake." if len(mistakes) == 1 else f"{len(mistakes)} mistakes.")
    raise typer.Exit(1)


def _check(paths: list[Path]) -> tuple[list[Path], list[Mistake]]:
    from reconciler.config import school_files
    from reconciler.config import validate as find_mistakes

    try:
        files = school_files(paths, Path())
    except InputError as error:
        return [], error.mistakes
    return files, find_mistakes(files, os.environ)
