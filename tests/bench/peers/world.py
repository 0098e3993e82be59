"""Where one size's people are, and how our own command is called for them.

Nothing heavy is imported here, nor by what measures: a new process counts the memory of the one that
starts it among its own peak.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import python

ROOT = Path(__file__).parents[3]
SCHOOL = ROOT / "tests" / "acceptance" / "powerschool.yaml"
SCHOOL_YEAR_END = 2026
"""That of `tests.bench.generate`, whose import would bring polars along."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything of one size, below `folder`."""

    folder: Path

    @property
    def later(self) -> Path:
        """The exports to plan from: 1 % of the people are another than in the directory."""
        return self.folder / "later"

    @property
    def directory(self) -> Path:
        """The current directory."""
        return self.folder / "directory.db"

    @property
    def differences(self) -> dict[str, int]:
        """What a tool has to find that compares records."""
        found: dict[str, int] = json.loads((self.folder / "differences.json").read_text(encoding="utf-8"))
        return found


def reconcile(*arguments: str) -> list[str]:
    """Our own command line."""
    return python("-m", "reconciler", *arguments)


def school(exports: Path, directory: Path) -> dict[str, str]:
    """The environment that says where the files of SCHOOL are."""
    return {
        "PYTHONPATH": str(ROOT),
        "EXPORTS": str(exports),
        "DIRECTORY": str(directory),
        "SCHOOL_YEAR": str(SCHOOL_YEAR_END),
    }
