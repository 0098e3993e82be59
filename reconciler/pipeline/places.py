"""Which school, where what is remembered of it is, and which day it is. Only here is the environment read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.archive import on_disk
from reconciler.config import find_school, load_school
from reconciler.environment import STATE, state_folder

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model import School
    from reconciler.targets import Target


def load(name: str) -> School:
    """The school of an id in `schools/`, or of a path that ends in `.yaml`.

    Raises:
        InputError: there is no such school, or its file has mistakes.
    """
    return load_school(find_school(name, Path()), os.environ)


def exports_of(school: School) -> list[Path]:
    """The files and archives that the school's tables come from, as far as they are there; no lists."""
    if not school.source.files.keys() & school.tables.keys():  # a bundle, which is a file or a folder
        if not school.source.path:  # an API
            return []
        bundle = Path(school.source.path)
        return [path for path in (bundle, *(bundle.glob("*") if bundle.is_dir() else ())) if path.is_file()]
    paths = [on_disk(file.path) for name, file in school.source.files.items() if name in school.tables]
    return [path for path in dict.fromkeys(paths) if path.is_file()]


def state_of(school: School) -> str | Path:
    """Where what is remembered of a school's runs is kept: `RECONCILE_STATE`, else beside its directory."""
    return os.environ.get(STATE) or state_folder(school) / "state.db"


def target_of(school: School) -> Target:
    """The school's target, with what it remembers. Nothing is opened, read or created yet."""
    from reconciler.state.memory import StoredMemory  # noqa: PLC0415 - polars loads slowly
    from reconciler.targets import open_target  # noqa: PLC0415

    return open_target(school.target, StoredMemory(state_of(school), school.id, school.target.place))


def day_of(now: datetime) -> str:
    """The day by the machine's clock, as the calendar of a school names it."""
    return now.astimezone().date().isoformat()
