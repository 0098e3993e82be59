"""Grand Bend's people get into Vidigami by import sheets, in one school year and in the next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler.config import load_school
from reconciler.pipeline import apply_plan, plan_school
from tests.support.grand_bend import SAMPLE, needs_grand_bend
from tests.support.vidigami import Vidigami

if TYPE_CHECKING:
    from reconciler.model import Plan

pytestmark = needs_grand_bend

HERE = Path(__file__).parent
EMBEDDED = """\
target:
  kind: embedded
  path: ${DIRECTORY}
"""
SHEETS = """\
target:
  kind: sheets
  path: sheets
  exports: {users: exports/users.csv, memberships: exports/memberships.csv}
"""


@dataclass
class Desk:
    """The school, with sheets or with an embedded directory."""

    folder: Path
    kind: str

    def __post_init__(self) -> None:
        text = (HERE / "powerschool.yaml").read_text(encoding="utf-8")
        self.file = self.folder / f"{self.kind}.yaml"
        self.file.write_text(
            text if self.kind == "embedded" else text.replace(EMBEDDED, SHEETS), encoding="utf-8"
        )

    def turn(self, year: str) -> Plan:
        """Plan and carry out."""
        places = {"EXPORTS": str(SAMPLE / year), "DIRECTORY": "directory.db", "SCHOOL_YEAR": year}
        school = load_school(self.file, places)
        plan = plan_school(school)
        apply_plan(plan, school, progress=lambda _done, _total: None)
        return plan


def figures(plan: Plan) -> dict[str, dict[str, int]]:
    return {
        kind: dict(sorted(frame["action"].value_counts().iter_rows()))
        for kind, frame in plan.changes.frames().items()
    }


def left(plan: Plan) -> tuple[dict[str, dict[str, int]], list[str]]:
    waiting = plan.findings.filter(pl.col("code").is_in(["not-arrived", "handed-over"]))
    return {kind: counts for kind, counts in figures(plan).items() if counts}, waiting["detail"].to_list()


def test_two_school_years_by_sheets_are_as_in_a_directory_of_our_own(tmp_path: Path) -> None:
    embedded, sheets = Desk(tmp_path, "embedded"), Desk(tmp_path, "sheets")
    vidigami = Vidigami(version="v2", year="2025/2026")
    vidigami.users["1000"]["User Type"] = "Staff"
    vidigami.export(tmp_path / "exports")
    for number, year in enumerate(("2025-26", "2026-27"), start=1):
        assert figures(sheets.turn(year)) == figures(embedded.turn(year))
        vidigami.year = year.replace("-", "/20")
        if number > 1:
            vidigami.members.clear()  # a new school year begins without anybody
        assert vidigami.upload_all(tmp_path / "sheets" / f"{number:04d}") == []
        vidigami.export(tmp_path / "exports")
        assert left(sheets.turn(year)) == ({}, [])
