"""Which school, where what is remembered of it is, and which day it is. Only here is the environment read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config import find_school, load_school
from reconciler.environment import STATE

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model import School


def load(name: str) -> School:
    """The school of an id in `schools/`, or of a path that ends in `.yaml`.

    Raises:
        InputError: there is no such school, or its file has mistakes.
    """
    return load_school(find_school(name, Path()), os.environ)


def state_of(school: School) -> str | Path:
    """Where what is remembered of a school's runs is kept: `RECONCILE_STATE`, else beside its directory."""
    return os.environ.get(STATE) or Path(school.target.path).parent / ".reconcile" / "state.db"


def day_of(now: datetime) -> str:
    """The day by the machine's clock, as the calendar of a school names it."""
    return now.astimezone().date().isoformat()
