"""A plan, shown on standard output in one format and written to files in others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from reconciler.cli.options import PlanFormat
from reconciler.cli.screen import is_quiet, look, remark, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model import Plan


@dataclass(frozen=True, slots=True)
class Shown:
    """How plans are to be shown, as the command line says it."""

    view: PlanFormat
    files: Mapping[PlanFormat, Path] = field(default_factory=dict)
    full: bool = False
    show_names: bool = False
    pseudonyms: bool = False

    def __post_init__(self) -> None:
        if self.pseudonyms and self.show_names:
            raise typer.BadParameter("not together with --show-names", param_hint="--pseudonyms")

    def show(self, plan: Plan) -> None:
        """Write the plan's files, then show it."""
        seen = disguised(plan) if self.pseudonyms else plan
        for view, path in self.files.items():
            write_file(path, self.rendered(seen, view), view)
        if is_quiet() and plan.verdict == "none":
            return
        write(self.rendered(seen, self.view, screen=True))

    def rendered(self, plan: Plan, view: PlanFormat, *, screen: bool = False) -> str:
        """The plan in one format, for a terminal or for a file."""
        from reconciler.views import PLAN_VIEWS

        appearance = look() if screen else {"width": None, "colour": False}
        brief = screen and is_quiet()
        return PLAN_VIEWS[view](plan, full=self.full, show_names=self.show_names, brief=brief, **appearance)


def files_of(**paths: Path | None) -> dict[PlanFormat, Path]:
    """Format -> file, of the options that were given."""
    return {PlanFormat(name): path for name, path in paths.items() if path}


def disguised(plan: Plan) -> Plan:
    """The plan, its people under pseudonyms."""
    from reconciler.environment import pseudonym_key
    from reconciler.pseudonyms import pseudonymise

    return pseudonymise(plan, pseudonym_key())


def write_file(path: Path, text: str, view: str) -> None:
    """Write a view to a file that its owner alone can read."""
    from reconciler.private_file import private_file

    with private_file(path, f"the {view}") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    remark(f"Wrote {path}.")
