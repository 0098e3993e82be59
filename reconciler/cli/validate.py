"""`reconcile validate`: every mistake of every school file, at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import MistakesFormat, MistakesView
from reconciler.cli.screen import is_quiet, remark, write
from reconciler.errors import InputError

if TYPE_CHECKING:
    from reconciler.errors import Mistake

EXAMPLES = """\b
Examples:
  reconcile validate
  reconcile validate maple-grove rules/
  reconcile validate schools/maple-grove.yaml --format json
  reconcile validate --format sarif > reconcile.sarif
"""

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="SCHOOL...",
        help="Schools by their ids; or school files and rule sets, or folders of them.",
        show_default="schools/",
    ),
]


def validate(paths: Paths = None, view: MistakesView = MistakesFormat.TEXT) -> None:
    """Check school files, and show every mistake at once.

    Each has its file, line and column, the offending line, and what to write instead. Nothing else is
    read: neither exports nor the directory. Exit code 1 if there is a mistake.
    """
    from reconciler.mistakes import MISTAKES_VIEWS

    files, mistakes = _check(paths or [])
    if mistakes or not is_quiet() or view is not MistakesFormat.TEXT:
        write(MISTAKES_VIEWS[view](mistakes, len(files)))
    if mistakes:
        if view is MistakesFormat.TEXT:
            remark("1 mistake." if len(mistakes) == 1 else f"{len(mistakes)} mistakes.")
        raise typer.Exit(1)


def _check(paths: list[Path]) -> tuple[list[Path], list[Mistake]]:
    from reconciler.config import school_files, strays
    from reconciler.config import validate as find_mistakes

    files: list[Path] = []
    mistakes: list[Mistake] = []
    for asked in [[path] for path in paths] or [[]]:  # one that is not there hides no mistake of another
        try:
            files += [file for file in school_files(asked, Path()) if file not in files]
        except InputError as error:
            mistakes += error.mistakes
    mistakes += strays(paths, Path())
    return files, sorted({*mistakes, *find_mistakes(files, os.environ)})
