"""What every engine keeps to: each name is worked on once, and one that hangs or dies costs itself."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from reconciler.fleet import DaskEngine, Engine, LocalEngine
from tests.support.dask_cluster import dask_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [f"schools/s{number}.yaml" for number in range(25)]


def measure(name: str) -> tuple[str, int]:
    """What a worker makes of a name, and who it was."""
    return name.upper(), os.getpid()


def measure_but_one(name: str, *, dies: bool) -> tuple[str, int]:
    """The same, but for one name, which takes its process along or for ever."""
    if name.endswith("s12.yaml"):
        os.kill(os.getpid(), signal.SIGKILL) if dies else time.sleep(1000)
    return measure(name)


def read_here(name: str) -> tuple[str, int]:
    """What a file holds, by a name that means something in one folder only."""
    with open(name, encoding="utf-8") as file:  # noqa: PTH123 - as short as it gets
        return file.read(), 0


def gave_up(name: str, why: str) -> tuple[str, int]:
    return f"{name}: {why}", 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with dask_cluster(workers=1, threads=2) as address:
        yield address


@pytest.fixture(params=["local", "dask"])
def engine(request: pytest.FixtureRequest) -> LocalEngine | DaskEngine:
    if request.param == "local":
        return LocalEngine(jobs=2, timeout=60)
    return DaskEngine(request.getfixturevalue("cluster"), timeout=60)


def names_of(found: list[tuple[str, int]]) -> list[str]:
    return sorted(name for name, _ in found)


def test_each_name_is_worked_on_once_elsewhere(engine: Engine) -> None:
    found = list(engine.run(measure, NAMES, gave_up))
    assert names_of(found) == sorted(name.upper() for name in NAMES)
    assert os.getpid() not in {worker for _, worker in found}
    assert 1 <= len({worker for _, worker in found}) <= 2


def test_nothing_to_do_is_nothing(engine: Engine) -> None:
    assert list(engine.run(measure, [], gave_up)) == []


def test_names_are_those_of_the_present_folder(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elm.yaml").write_text("name: Elm", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert list(engine.run(read_here, ["elm.yaml"], gave_up)) == [("name: Elm", 0)]


@pytest.mark.parametrize(
    ("dies", "why"),
    [(True, "its process died (exit code -9)"), (False, "gave up after 2 seconds (--timeout)")],
)
def test_one_that_dies_or_hangs_costs_itself(engine: LocalEngine | DaskEngine, dies: bool, why: str) -> None:
    engine = replace(engine, timeout=2.0 if not dies else 60.0)
    found = names_of(list(engine.run(partial(measure_but_one, dies=dies), NAMES, gave_up)))
    others = [name.upper() for name in NAMES if not name.endswith("s12.yaml")]
    assert found == [*sorted(others), f"schools/s12.yaml: {why}"]
