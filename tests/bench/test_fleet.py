"""The bench of many schools plans all of them, each way, and sees any difference."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.bench.fleet.__main__ import measure_fleet
from tests.bench.fleet.compare import differing
from tests.bench.fleet.schools import write_schools
from tests.bench.fleet.table import as_markdown, as_text
from tests.bench.fleet.watch import Run, watch

if TYPE_CHECKING:
    from pathlib import Path

SCHOOLS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    write_schools(folder, SCHOOLS, 40, 80, filled=True)
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> dict[str, Run]:
    return measure_fleet(folder, SCHOOLS, later=True)


def test_a_command_that_says_more_than_a_pipe_holds_is_watched_to_its_end(tmp_path: Path) -> None:
    told = "import sys; print('x' * 200_000); print('1 of 1 schools', file=sys.stderr)"
    assert len(watch([sys.executable, "-c", told], tmp_path, 1, {}).shown) == 200_001


def test_every_way_plans_all_schools(folder: Path, runs: dict[str, Run]) -> None:
    assert [run.shown.splitlines()[0] for run in runs.values()] == ["6 schools: 6 with changes"] * 4
    for saved in ("by-local", "by-dask"):
        assert len(list((folder / saved).glob("*.plan"))) == SCHOOLS


def test_what_the_command_spends_and_what_its_workers_hold_are_known(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert len(run.own_mb) == len(run.worker_mb) == 3
        assert min(run.own_mb + run.worker_mb) > 10
        assert run.own_cpu > 0
    assert all(run.cpu > run.own_cpu for run in list(runs.values())[:3])


def test_a_plan_that_differs_or_is_missing_is_seen(
    folder: Path, runs: dict[str, Run], tmp_path: Path
) -> None:
    assert runs
    here, there = folder / "by-local", tmp_path / "copy"
    shutil.copytree(here, there)
    assert differing(here, there) == []
    (there / "s00000.plan").unlink()
    with zipfile.ZipFile(here / "s00001.plan") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    whole = json.loads(held["plan.json"])
    whole["header"]["school_name"] = "Another"
    with zipfile.ZipFile(there / "s00001.plan", "w") as archive:
        for name, content in {**held, "plan.json": json.dumps(whole).encode()}.items():
            archive.writestr(name, content)
    assert differing(here, there) == ["s00000.plan", "s00001.plan"]


def test_the_tables_hold_all_that_was_measured() -> None:
    local = Run(
        wall=100.0, own_cpu=1.0, cpu=120.0, own_mb=[62.0, 62.0, 64.0], worker_mb=[100.0, 101.0, 128.0]
    )
    lost = Run(wall=200.0, own_cpu=1.0, own_mb=[62.0], worker_mb=[100.0])
    runs = {"local": local, "dask": replace(local, wall=125.0), "one lost": lost}
    assert as_text(runs, 2_000) == (
        "2,000 schools  a second  CPU ms each  of it, command's  command MB  worker MB\n"
        "local          20.0      60.0         0.50              62/62/64    100/101/128\n"
        "dask           16.0      60.0         0.50              62/62/64    100/101/128\n"
        "one lost       10.0      -            0.50              62          100\n"
        "MB when 10%/50%/100% of the schools are done; of the workers, the largest process.\n"
        "The cluster is 0.80 as fast. The plans of all are the same."
    )
    assert as_markdown(runs, 2_000).splitlines()[-3:] == [
        "| -------------- | ----------- | ----------- | ----------- |",
        "| time, about    | 5.0 minutes | 1.2 minutes | 0.3 minutes |",
        "| memory, about  | 0.3 GB      | 1.1 GB      | 4.1 GB      |",
    ]
