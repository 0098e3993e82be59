from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.schools import make_school
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A directory that does not exist yet, and a school with the usual settings."""
    return World(tmp_path / "directory.db", make_school())
