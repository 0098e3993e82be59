"""Targets of the kind `sheets` to test with, in the words of either version of Vidigami."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config import load_school

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import TargetSettings

SCHOOL = """\
name: Maple Grove School
extends: [powerschool, {rules}]
school_year: 2025-26
source: {{kind: powerschool, url: https://sis.example.org}}
target: {{kind: sheets, path: vidigami}}
"""


def sheet_settings(
    path: Path,
    *,
    rules: str = "vidigami-v3",
    rows: int = 5000,
    blank_clears: bool = False,
    exports: Mapping[str, Path] | None = None,
) -> TargetSettings:
    """The settings of a target that hands over at `path`, with the exports of a kind each."""
    known = _settings(rules)
    sheets = replace(known.sheets, rows=rows, blank_clears=blank_clears)
    named = {kind: str(file) for kind, file in (exports or {}).items()}
    return replace(known, path=str(path), exports=named, sheets=sheets)


@cache
def _settings(rules: str) -> TargetSettings:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "maple-grove.yaml"
        file.write_text(SCHOOL.format(rules=rules), encoding="utf-8")
        return load_school(file, {}).target
