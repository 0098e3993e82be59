"""Whether two folders hold the same plans: each file in them, to the byte, apart from what is made anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "plan.json"


def differing(one: Path, other: Path) -> list[str]:
    """The plans that are only in one of two folders, or not the same in both."""
    names = sorted({path.name for folder in (one, other) for path in folder.glob("*.plan")})
    return [name for name in names if _content(one / name) != _content(other / name)]


def _content(plan: Path) -> dict[str, Any]:
    """Member -> what it holds. The moment of a plan is its own, as is the id of a directory to be made."""
    if not plan.exists():
        return {}
    with ZipFile(plan) as archive:
        held: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    whole = json.loads(held[HEADER])
    header = whole["header"]
    assert header.pop("created")
    assert not header["new_directory"] or header.pop("directory_id")
    return {**held, HEADER: whole}
