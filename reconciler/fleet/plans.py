"""Plans of many schools, each isolated from the others' mistakes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import pipeline
from reconciler.config import school_files
from reconciler.errors import ReconcileError
from reconciler.model.fleet import Planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def all_schools(folder: Path = Path()) -> list[str]:
    """The file of every school in `schools/`, as `pipeline.load` takes it.

    Raises:
        InputError: there are none.
    """
    return [os.path.relpath(path, folder) for path in school_files([], folder)]


def plan_schools(
    names: Sequence[str], *, additions_only: bool = False, tell: Callable[[str], None] = lambda _step: None
) -> Iterator[Planned]:
    """The plan of each school, as soon as it is made; one that fails does not stop the others.

    `names` are ids or files. `tell` is told which school's turn it is.
    """
    for number, name in enumerate(names, start=1):
        school_id = Path(name).stem
        tell(f"{school_id} ({number} of {len(names)})")
        try:
            plan = pipeline.plan_school(pipeline.load(name), additions_only=additions_only)
        except ReconcileError as error:
            yield Planned(school_id, error=str(error))
        except Exception as error:  # noqa: BLE001 - a defect in one school's plan is not to hide the others
            yield Planned(school_id, error=defect(error))
        else:
            yield Planned(school_id, plan)


def defect(error: Exception) -> str:
    """What is said of an error that is ours; not its text, which may hold somebody's values."""
    return (
        f"a defect in reconcile ({type(error).__name__}): plan this school alone, with --debug, and report it"
    )
