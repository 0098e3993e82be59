"""A plan, shown on standard output in one format and written to files in others."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from reconciler.cli.options import PlanFormat
from reconciler.cli.screen import is_quiet, look, remark, write
from reconciler.shown import Appearance, write_view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model import Plan


@dataclass(frozen=True, slots=True)
class Shown:
    """How plans are to be shown, as the command line says it."""

    view: PlanFormat
    files: Mapping[PlanFormat, Path] = field(default_factory=dict)
    appearance: Appearance = field(default_factory=Appearance)

    def __post_init__(self) -> None:
        if self.appearance.pseudonyms and self.appearance.show_names:
            raise typer.BadParameter("not together with --show-names", param_hint="--pseudonyms")

    def show(self, plan: Plan) -> None:
        """Write the plan's files, then show it."""
        seen = self.appearance.seen(plan)
        for view, path in self.files.items():
            write_file(path, self.appearance.render(seen, view), view)
        if is_quiet() and plan.verdict == "none":
            return
        write(self.appearance.render(seen, self.view, brief=is_quiet(), **look()))


def files_of(out: Path | None = None, **paths: Path | None) -> dict[PlanFormat, Path]:
    """Format -> file, of the options that were given; `out` is where the plan itself is saved.

    Raises:
        BadParameter: two of them are one file, of which only the last would be left.
    """
    files = {PlanFormat(name): path for name, path in paths.items() if path}
    named = {os.path.abspath(out): "--out"} if out else {}  # noqa: PTH100 - with `..` and links as they are
    for view, path in files.items():
        option = f"--out-{view}"
        if (other := named.setdefault(os.path.abspath(path), option)) != option:  # noqa: PTH100 - likewise
            raise typer.BadParameter(f"{path} is named by {other}, too", param_hint=option)
    return files


def write_file(path: Path, text: str, view: str) -> None:
    """Write a view to a file that its owner alone can read."""
    write_view(path, text, view)
    remark(f"Wrote {path}.")
