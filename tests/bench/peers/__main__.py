"""`python -m tests.bench.peers`: the same people and the same changes, planned by us and by other tools.

Figures of different machines do not compare: measure all of them, in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import Cost, cheapest, measure, python
from tests.bench.peers.table import Row, as_markdown, as_text
from tests.bench.peers.tools import TOOLS, Tool, UnavailableError
from tests.bench.peers.world import ROOT, World

SIZES = ["1k", "5k", "20k"]
SLOW = 10.0
"""Seconds from which a tool is not measured again: what disturbs it is small beside that."""


def main() -> None:
    """Measure, print, and write what was asked for."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        folder = Path(options.work or scratch).resolve()
        rows = {name: _ready(name, TOOLS[name], folder / "environments") for name in options.only}
        for size in options.sizes:
            world = World(folder / size)
            _prepare(world, size)
            _measure(rows, size, world, folder / "environments", options)
    table = list(rows.values())
    sys.stdout.write(as_text(table, options.sizes) + "\n")
    if options.markdown:
        sys.stdout.write(f"\n{_machine()}\n\n{as_markdown(table, options.sizes)}\n")
    if options.json:
        record = {"machine": _machine(), "tools": table}
        Path(options.json).write_text(json.dumps(record, indent=1, default=asdict) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("sizes", nargs="*", default=SIZES, metavar="SIZE", help="such as 1k, 20k or 1M")
    parser.add_argument("--repeat", type=int, default=3, help="how often each tool runs; the least counts")
    parser.add_argument("--only", nargs="+", choices=list(TOOLS), default=list(TOOLS), metavar="TOOL")
    parser.add_argument(
        "--limit", type=float, default=60, help="a tool slower than so many seconds meets no larger size"
    )
    parser.add_argument("--work", help="keep environments, exports and directories here, and use them again")
    parser.add_argument("--markdown", action="store_true", help="print the README's table, too")
    parser.add_argument("--json", help="write all figures to this file")
    options = parser.parse_args()
    if wrong := [size for size in options.sizes if not re.fullmatch(r"[0-9]+[kM]?", size)]:
        parser.error(f"{', '.join(wrong)}: a size is a number, or one of thousands (20k) or millions (1M)")
    options.sizes.sort(key=_people)
    return options


def _people(size: str) -> int:
    return int(size.replace("k", "000").replace("M", "000000"))


def _ready(name: str, tool: Tool, environments: Path) -> Row:
    _say(f"{name}: getting ready")
    try:
        return Row(name, tool.version(environments), tool.whole)
    except UnavailableError as error:
        return Row(name, "", tool.whole, remarks=[str(error)])


def _prepare(world: World, size: str) -> None:
    if (world.folder / "differences.json").exists():
        return
    _say(f"{size}: making the people")
    command = python("-m", "tests.bench.peers.prepare", str(world.folder), str(_people(size)))
    measure(command, {"PYTHONPATH": str(ROOT)})


def _measure(
    rows: dict[str, Row], size: str, world: World, environments: Path, options: argparse.Namespace
) -> None:
    """Fill in the cells of one size."""
    costs: dict[str, list[Cost]] = {name: [] for name in rows}
    for row in rows.values():
        row.cells[size] = _reason_against(row, options.limit)
    found: dict[str, dict[str, int]] = {}
    for number in range(options.repeat):
        for name, row in rows.items():
            if row.cells[size] or any(cost.wall > SLOW for cost in costs[name]):
                continue
            _say(f"{size}: {name}, run {number + 1} of {options.repeat}")
            cost, found[name] = _run(TOOLS[name], world, environments)
            costs[name].append(cost)
    for name, runs in costs.items():
        if runs:
            rows[name].cells[size] = cheapest(runs)
    _compare(rows, found, size, world)


def _reason_against(row: Row, limit: float) -> str:
    if not row.version:
        return "not here"
    for size, cost in row.cells.items():
        if isinstance(cost, Cost) and cost.wall > limit:
            return f"not run: {size} took {cost.wall:,.0f} s"
        if isinstance(cost, str) and cost:
            return cost
    return ""


def _run(tool: Tool, world: World, environments: Path) -> tuple[Cost, dict[str, int]]:
    """What one run cost, and what it found. `exec` makes the tool take the place of the shell."""
    printed = world.folder / "printed.txt"
    into_file = ["sh", "-c", 'exec "$0" "$@" >"$PRINTED" 2>&1']
    command = tool.command(world, environments)
    try:
        cost = measure([*into_file, *command], {**tool.environment(world), "PRINTED": str(printed)})
    except RuntimeError as error:
        raise RuntimeError(f"{error}\n{printed.read_text(encoding='utf-8')[-2_000:]}") from None
    return cost, tool.counts(world, printed.read_text(encoding="utf-8"))


def _compare(rows: dict[str, Row], found: dict[str, dict[str, int]], size: str, world: World) -> None:
    """Remark on each tool that did not find what the others did."""
    records = world.differences
    for name, counts in found.items():
        due = found.get("reconcile", counts) if TOOLS[name].whole else records
        if counts != due:
            rows[name].remarks.append(f"{size}: found {counts}, not {due}")


def _machine() -> str:
    day = datetime.now(UTC).date().isoformat()
    return f"{day}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - how far it has got


if __name__ == "__main__":
    main()
