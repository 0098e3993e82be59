"""`python -m tests.bench`: what the real command costs, beside its floors, all in one run.

Figures of different runs or machines do not compare; their ratios to the floors do, so the history keeps
those, and a ratio that has grown by a quarter is pointed out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.commands import measure_size, measure_start_up, profile_plan
from tests.bench.plot import can_plot, draw

if TYPE_CHECKING:
    from tests.bench.commands import Costs

HISTORY = Path(__file__).parent / "history.jsonl"
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}
BARE, PARSE = "bare interpreter", "parse"
FLOORS = {"apply of creates": "bulk load", "bulk load": "bulk load"}
"""What is held against another floor than the parse."""
WORSE = 1.25


def main() -> None:
    """Measure, print, and keep what was asked for."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(options.work or scratch)
        start_up = measure_start_up(options.repeat)
        sizes = {name: measure_size(folder / name, SIZES[name], options.repeat) for name in options.sizes}
        largest = max(sizes, key=SIZES.__getitem__)
        stages = profile_plan(folder / largest) if options.profile else {}
    record = _record(start_up, sizes)
    _print_table("start-up", start_up, dict.fromkeys(start_up, BARE))
    for size, costs in sizes.items():
        _print_table(f"{SIZES[size]:,} people", costs, {name: FLOORS.get(name, PARSE) for name in costs})
    if stages:
        record["profile"] = {"size": largest, "stages": stages}
        _print_stages(SIZES[largest], stages)
    _print_regressions(record)
    if options.plot:
        draw({SIZES[name]: costs for name, costs in sizes.items()}, Path(options.plot))
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
    parser.add_argument(
        "--profile", action="store_true", help="say which stages the largest plan's time goes to"
    )
    parser.add_argument("--plot", metavar="FILE", help="draw CPU and memory over people, as .svg or .png")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--keep", action="store_true", help="add the ratios to history.jsonl")
    options = parser.parse_args()
    if unknown := sorted(set(options.sizes) - set(SIZES)):
        parser.error(f"no size {', '.join(unknown)}; there is {', '.join(SIZES)}")
    if options.plot and not can_plot():
        parser.error("--plot needs matplotlib: pip install -e '.[bench]'")
    return options


def _record(start_up: Costs, sizes: dict[str, Costs]) -> dict[str, Any]:
    ratios = {f"start-up: {name}": cost.cpu / start_up[BARE].cpu for name, cost in start_up.items()}
    for size, costs in sizes.items():
        ratios[f"start-up: plan of {size}"] = costs["plan of 1 % changed"].cpu / costs[BARE].cpu
        for name, cost in costs.items():
            ratios[f"{size}: {name}"] = cost.cpu / costs[FLOORS.get(name, PARSE)].cpu
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "polars": version("polars"),
        },
        "start_up": {name: asdict(cost) for name, cost in start_up.items()},
        "sizes": {
            size: {name: asdict(cost) for name, cost in costs.items()} for size, costs in sizes.items()
        },
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
    }


def _print_table(title: str, costs: Costs, floors: dict[str, str]) -> None:
    width = max(map(len, (title, *costs)))
    print(f"\n{title:<{width}}    wall s     CPU s   peak MB  CPU : floor")  # noqa: T201 - a command's output
    for name, cost in costs.items():
        figures = f"{cost.wall:8.3f}  {cost.cpu:8.3f}  {cost.peak_mb:8.0f}"
        ratio = cost.cpu / costs[floors[name]].cpu
        print(f"{name:<{width}}  {figures}  {ratio:8.1f} {floors[name]}")  # noqa: T201
    if "plan of 1 % changed" in costs:
        plan = costs["plan of 1 % changed"].cpu / costs[BARE].cpu
        print(f"The plan of 1 % changed takes {plan:.1f} bare interpreters.")  # noqa: T201


def _print_stages(people: int, stages: dict[str, float]) -> None:
    print(f"\nPlan of {people:,} people, 1 % changed, inside one process: CPU s")  # noqa: T201
    for name, seconds in stages.items():
        share = "" if name == "all" else f"  {seconds / stages['all']:4.0%}"
        print(f"{name:<18}  {seconds:8.3f}{share}")  # noqa: T201


def _print_regressions(record: dict[str, Any]) -> None:
    if not HISTORY.exists():
        return
    last = json.loads(HISTORY.read_text(encoding="utf-8").splitlines()[-1])["ratios"]
    for name, ratio in record["ratios"].items():
        if name in last and ratio > last[name] * WORSE:
            print(f"WORSE than last time: {name}: {last[name]} -> {ratio}")  # noqa: T201


if __name__ == "__main__":
    main()
