"""`python -m tests.bench`: what the real command costs, beside its floors, all in one run.

Figures of different runs or machines do not compare; their ratios to the floors do, so the history keeps
those, and a ratio that has grown by a quarter is pointed out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench.generate import write_exports
from tests.bench.measure import Cost, cheapest, measure, python

ROOT = Path(__file__).parents[2]
ACCEPTANCE = ROOT / "tests" / "acceptance" / "powerschool.yaml"
HISTORY = Path(__file__).parent / "history.jsonl"
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}
WORSE = 1.25

Costs = dict[str, Cost]


def main() -> None:
    """Measure, print, and keep what was asked for."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(options.work or scratch)
        start_up = _measure_start_up(options.repeat)
        sizes = {name: _measure_size(folder / name, SIZES[name], options.repeat) for name in options.sizes}
    record = _record(start_up, sizes)
    _print(start_up, sizes)
    _print_regressions(record)
    if options.json:
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if options.keep:
        with HISTORY.open("a", encoding="utf-8") as file:
            file.write(json.dumps({key: record[key] for key in ("when", "machine", "ratios")}) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["1k", "10k"], metavar="SIZE", help=", ".join(SIZES))
    parser.add_argument("--repeat", type=int, default=3, help="how often each command runs; the least counts")
    parser.add_argument("--work", help="keep exports and directories in this folder, and use them again")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--keep", action="store_true", help="add the ratios to history.jsonl")
    options = parser.parse_args()
    if unknown := sorted(set(options.sizes) - set(SIZES)):
        parser.error(f"no size {', '.join(unknown)}; there is {', '.join(SIZES)}")
    return options


def _measure_start_up(repeat: int) -> Costs:
    commands = {
        "bare interpreter": python("-c", "pass"),
        "--help": python("-m", "reconciler", "--help"),
        "validate": python("-m", "reconciler", "validate", str(ROOT / "schools" / "maple-grove.yaml")),
    }
    runs = [
        {name: measure(command, _python_path()) for name, command in commands.items()} for _ in range(repeat)
    ]
    return {name: cheapest([run[name] for run in runs]) for name in commands}


def _measure_size(folder: Path, people: int, repeat: int) -> Costs:
    """Costs of the floors and of both plans, interleaved, so that all see the same machine."""
    now, later, directory = folder / "now", folder / "later", folder / "directory.db"
    plan_file = folder / "creates.plan"
    if not directory.exists():
        write_exports(now, people)
        write_exports(later, people, later=True)
        _say(f"filling the directory of {people:,} people")
        measure(_reconcile("apply", "--auto-approve"), _school(now, directory))
    commands = {
        "bytes": (python("-m", "tests.bench.floors", "bytes", str(later)), {}),
        "parse": (python("-m", "tests.bench.floors", "parse", str(later)), {}),
        "plan of 1 % changed": (_reconcile("plan"), _school(later, directory)),
        "plan of creates, saved": (
            _reconcile("plan", "--out", str(plan_file)),
            _school(later, folder / "nothing.db"),
        ),
        "its show": (python("-m", "reconciler", "show", str(plan_file)), {}),
    }
    runs = []
    for number in range(repeat):
        _say(f"{people:,} people, run {number + 1} of {repeat}")
        runs.append(
            {name: measure(command, {**_python_path(), **env}) for name, (command, env) in commands.items()}
        )
    return {name: cheapest([run[name] for run in runs]) for name in commands}


def _reconcile(*arguments: str) -> list[str]:
    command, *options = arguments
    return python("-m", "reconciler", command, str(ACCEPTANCE), *options)


def _school(exports: Path, directory: Path) -> dict[str, str]:
    places = {"EXPORTS": str(exports), "DIRECTORY": str(directory), "SCHOOL_YEAR": "2025-26"}
    return {**_python_path(), **places}


def _python_path() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}


def _record(start_up: Costs, sizes: dict[str, Costs]) -> dict[str, Any]:
    bare = start_up["bare interpreter"].cpu
    ratios = {f"start-up: {name}": cost.cpu / bare for name, cost in start_up.items()}
    for size, costs in sizes.items():
        for name, cost in costs.items():
            ratios[f"{size}: {name}"] = cost.cpu / costs["parse"].cpu
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "polars": pl.__version__},
        "start_up": {name: asdict(cost) for name, cost in start_up.items()},
        "sizes": {
            size: {name: asdict(cost) for name, cost in costs.items()} for size, costs in sizes.items()
        },
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
    }


def _print(start_up: Costs, sizes: dict[str, Costs]) -> None:
    _table("start-up", start_up, "bare interpreter")
    for size, costs in sizes.items():
        _table(f"{SIZES[size]:,} people", costs, "parse")


def _table(title: str, costs: Costs, floor: str) -> None:
    width = max(map(len, costs))
    print(f"\n{title:<{width}}    wall s     CPU s   peak MB   CPU : {floor}")  # noqa: T201 - a command's output
    for name, cost in costs.items():
        ratio = cost.cpu / costs[floor].cpu
        print(f"{name:<{width}}  {cost.wall:8.2f}  {cost.cpu:8.2f}  {cost.peak_mb:8.0f}  {ratio:8.1f}")  # noqa: T201


def _print_regressions(record: dict[str, Any]) -> None:
    if not HISTORY.exists():
        return
    last = json.loads(HISTORY.read_text(encoding="utf-8").splitlines()[-1])["ratios"]
    for name, ratio in record["ratios"].items():
        if name in last and ratio > last[name] * WORSE:
            print(f"WORSE than last time: {name}: {last[name]} -> {ratio}")  # noqa: T201


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
