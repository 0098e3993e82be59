"""What a SCHOOL, a PLANFILE or a CODE on the command line stands for."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.progress import make_plan
from reconciler.errors import ReconcileError
from reconciler.model import FINDING_CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import FindingCode, Plan


def each_once(schools: Sequence[str]) -> list[str]:
    """Schools, ids or files, each once, however it is named.

    Raises:
        BadParameter: two files have one id, under which all that is said of a school is kept.
    """
    from reconciler.config import school_id

    named: dict[str, tuple[str, str]] = {}
    for name in schools:
        file = os.path.normpath(name if name.endswith(".yaml") else f"schools/{name}.yaml")
        first, known = named.setdefault(school_id(name), (name, file))
        if file != known:
            hint = f"{first} and {name} have the same id; name one of them, or rename its file"
            raise typer.BadParameter(hint, param_hint="SCHOOL")
    return [name for name, _ in named.values()]


def means_plan(name: str) -> bool:
    """Whether a name on the command line stands for a saved plan, be it missing or damaged."""
    from reconciler import saved

    return name.endswith(".plan") or saved.is_plan_file(name)


def plan_of(name: str) -> Plan:
    """The saved plan of that name, or a plan made now for the school of that name."""
    from reconciler import pipeline, saved

    if means_plan(name):
        return saved.open_plan(name)
    return make_plan(pipeline.load(name))


def finding_code(name: str) -> FindingCode:
    """The finding code of that name.

    Raises:
        ReconcileError: there is none.
    """
    from reconciler.config import did_you_mean

    if name in FINDING_CODES:
        return FINDING_CODES[name]
    hint = did_you_mean(name, FINDING_CODES) or "'reconcile explain' lists them all"
    raise ReconcileError(f"no finding code '{name}'; {hint}")
