"""Which schools a pull request touches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import pipeline
from reconciler.config import rule_set_paths
from reconciler.errors import ReconcileError
from reconciler.fleet.git import changed_paths, fork_point
from reconciler.fleet.plans import all_schools

if TYPE_CHECKING:
    from collections.abc import Iterator

_YAML = (".yaml", ".yml")


def changed_schools(ref: str, folder: Path = Path()) -> tuple[list[str], list[str]]:
    """The schools of `schools/` that differ from what they were where this branch left `ref`; and those gone.

    A school differs if its own file does, a rule set that it extends, or a file that it reads: a list
    (crosswalk, memberships, e-mails), or an export that is in the checkout. What is not committed counts,
    too. One that cannot be read counts as soon as any YAML file differs, for nobody can tell what it needs.

    Raises:
        ReconcileError: git knows no such commit.
    """
    changed = {_real(path) for path in changed_paths(folder, fork_point(folder, ref))}
    schools = all_schools(folder)
    touched = [name for name in schools if changed.intersection(_needs(folder / name, changed))]
    there = {_real(folder / name) for name in schools}
    gone = sorted(
        path.stem
        for path in changed
        if path.parent == _real(folder / "schools") and path.suffix == ".yaml" and path not in there
    )
    return touched, gone


def _needs(path: Path, changed: set[Path]) -> Iterator[Path]:
    """Every file that the school at `path` is made of."""
    yield _real(path)
    try:
        school = pipeline.load(str(path))
    except ReconcileError:
        yield from (other for other in changed if other.suffix in _YAML)
        return
    yield from (_real(Path(file.path)) for file in school.source.files.values())
    yield from (_real(export) for export in pipeline.exports_of(school))
    yield from (_real(rule_set) for rule_set in rule_set_paths(path, os.environ))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
