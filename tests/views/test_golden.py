"""Each view of a plan, held to a whole file that was read by a person."""

from __future__ import annotations

import csv
import io

import pytest

from reconciler.cli.options import PlanFormat
from reconciler.views import PLAN_VIEWS
from tests.views.golden_plan import FOLDER, golden_files

GOLDEN = golden_files()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_view_is_as_it_was_read(path):
    assert GOLDEN[path] == path.read_text(encoding="utf-8"), "see tests/views/golden_plan.py"


def test_each_format_has_golden_files_and_no_file_is_left_over():
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in GOLDEN}
    assert {view.value for view in PlanFormat} == set(PLAN_VIEWS)


@pytest.mark.parametrize("name", ["plan-ids.txt", "plan-ids.md", "plan-ids.html", "report-ids.html"])
def test_without_names_no_name_and_no_address_is_shown(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    secrets = ("Ada", "Byron", "Hopper", "Twin", "Noether", "FirstS1", "LastT5", "Old", "@example.org")
    assert [secret for secret in secrets if secret in text] == []
    assert ("P3" if name.startswith("report") else "S98") in text


def test_no_cell_of_the_csv_is_a_formula():
    rows = list(csv.reader(io.StringIO((FOLDER / "plan-names.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 14
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    assert len({len(row) for row in rows}) == 1
