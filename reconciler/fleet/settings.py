"""What a change to school files and rule sets does to the effective settings of each school."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from reconciler.apply.settings import list_differences
from reconciler.config import find_school, load_school, rule_set_folder
from reconciler.errors import ReconcileError
from reconciler.fleet.git import extract, fork_point, top_of
from reconciler.model.fleet import SettingsChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model import School


def compare_settings(ref: str, names: Sequence[str], folder: Path = Path()) -> Iterator[SettingsChange]:
    """Each school's effective settings, where this branch left `ref`, and as they are now.

    Variables have the values of today on both sides. Rule sets that are named come from the checkout if the
    package does, and are otherwise the same on both sides.

    Raises:
        ReconcileError: git knows no such commit, or there is no such school.
    """
    top = top_of(folder)
    schools = [find_school(name, folder) for name in names]
    with TemporaryDirectory() as scratch:
        before = Path(scratch)
        extract(folder, fork_point(folder, ref), "**/*.yaml", before)
        rules = _then(rule_set_folder(), top, before)
        for path in schools:
            yield _compare(path, _then(path, top, before) or before / "nowhere", rules, ref)


def _then(path: Path, top: Path, before: Path) -> Path | None:
    """Where a path of the checkout is among the files of before, if it is one."""
    real = Path(os.path.realpath(path))
    return before / real.relative_to(top) if real.is_relative_to(top) else None


def _compare(path: Path, then: Path, rules: Path | None, ref: str) -> SettingsChange:
    try:
        now = _settings(load_school(path, os.environ))
    except ReconcileError as error:
        return SettingsChange(path.stem, note=str(error), failed=True)
    if not then.is_file():
        return SettingsChange(path.stem, note=f"new since {ref}")
    try:
        was = _settings(load_school(then, os.environ, rules))
    except ReconcileError as error:
        told = str(error).replace(f"{then.parent}{os.sep}", "").splitlines()[0]
        return SettingsChange(path.stem, note=f"had mistakes at {ref}, by today's rules: {told}")
    return SettingsChange(path.stem, tuple(list_differences(was, now)))


def _settings(school: School) -> dict[str, Any]:
    """The settings that a plan is made under, and those that only apply looks at."""
    return {**school.effective, "sync": school.sync, "retention": f"{school.retention_days:g} days"}
