"""Where the time of a plan goes, stage by stage, and what a plan costs in a process that is warm.

Run as a process of its own, `python -m tests.bench.profile stages|warm SCHOOL`; it writes JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import pipeline, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model import School

REPEATS = 20


def measure_stages(name: str) -> dict[str, float]:
    """CPU seconds (all threads) from the interpreter's start to the plan saved and shown, by stage."""
    from reconciler.views import PLAN_VIEWS  # noqa: PLC0415 - what is loaded when is what is measured

    school = pipeline.load(name)
    spent: dict[str, float] = {}
    _watch_stages(school, spent)
    spent["start-up"] = time.process_time()
    plan = pipeline.plan_school(school)
    spent["findings, figures"] = time.process_time() - sum(spent.values())
    with tempfile.TemporaryDirectory() as folder:
        _timed(saved.save_plan, "save", spent)(plan, Path(folder) / "a.plan")
    show = _timed(PLAN_VIEWS["text"], "show", spent)
    show(plan, full=False, show_names=False, width=None, colour=False)
    return {**spent, "all": time.process_time()}


def measure_warm(name: str) -> dict[str, float]:
    """The least wall, CPU and peak memory of loading and planning a school once more."""
    wall, cpu = [], []
    for _ in range(REPEATS):
        start, start_cpu = time.perf_counter(), time.process_time()
        pipeline.plan_school(pipeline.load(name))
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": min(wall), "cpu": min(cpu), "peak_mb": peak}


def _watch_stages(school: School, spent: dict[str, float]) -> None:
    """Have each stage write down what it spends; the pipeline looks them up by these names."""
    from reconciler import changes, desired, resolve, roster  # noqa: PLC0415 - polars loads slowly
    from reconciler.pipeline import target_of  # noqa: PLC0415
    from reconciler.sources import open_source  # noqa: PLC0415

    stages: tuple[tuple[str, object, str], ...] = (
        ("read directory", type(target_of(school)), "snapshot"),
        ("read exports", type(open_source(school)), "read"),
        ("roster", roster, "build_roster"),
        ("desired", desired, "build_desired"),
        ("resolve", resolve, "resolve"),
        ("diff", changes, "diff"),
    )
    for stage, owner, name in stages:
        setattr(owner, name, _timed(getattr(owner, name), stage, spent))


def _timed(work: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    @wraps(work)
    def timed(*args: object, **options: object) -> object:
        start = time.process_time()
        result = work(*args, **options)
        spent[stage] = time.process_time() - start
        return result

    return timed


if __name__ == "__main__":
    what, school_file = sys.argv[1:]
    measured = {"stages": measure_stages, "warm": measure_warm}[what](school_file)
    print(json.dumps(measured))  # noqa: T201 - a command's output
