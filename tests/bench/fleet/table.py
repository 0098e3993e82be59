"""What was measured of many schools, as aligned text and as the README's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.fleet.watch import SHARES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.bench.fleet.watch import Run

SCHOOLS = 10_000
CORES = (2, 8, 32)
"""The fleet, and the machines, that the README reckons with."""


def as_text(runs: dict[str, Run], schools: int) -> str:
    """A line a run; CPU and memory of the command apart from those of its workers."""
    head = (f"{schools:,} schools", "a second", "CPU ms each", "of it, command's", "command MB", "worker MB")
    lines = _aligned([head, *(_cells(name, run, schools) for name, run in runs.items())])
    shares = "/".join(f"{share:.0%}" for share in SHARES)
    ratio = runs["local"].wall / runs["dask"].wall
    notes = (
        f"MB when {shares} of the schools are done; of the workers, the largest process.",
        f"The cluster is {ratio:.2f} as fast. The plans of all are the same.",
    )
    return "\n".join(["  ".join(line).rstrip() for line in lines] + list(notes))


def as_markdown(runs: dict[str, Run], schools: int) -> str:
    """The table of the runs, and what a fleet costs that is so much larger."""
    head = ["plan of many schools", "a second", "CPU", "of it, the command", "the command", "a process"]
    rows = [head]
    for name in ("local", "dask"):
        run = runs[name]
        cpu, own = (f"{seconds * 1000 / schools:.1f} ms" for seconds in (run.cpu, run.own_cpu))
        held = [f"{max(mb):.0f} MB" for mb in (run.own_mb, run.worker_mb)]
        rows.append([f"`--engine {name}`", f"{schools / run.wall:.1f}", cpu, own, *held])
    costs = [[f"{SCHOOLS:,} schools", *(f"{cores} cores" for cores in CORES)]]
    costs.append(["time, about", *(_minutes(runs["local"], schools, cores) for cores in CORES)])
    costs.append(["memory, about", *(_memory(runs["local"], cores) for cores in CORES)])
    return f"{_ruled(rows)}\n\n{_ruled(costs)}"


def _cells(name: str, run: Run, schools: int) -> tuple[str, ...]:
    cpu, own = (seconds * 1000 / schools for seconds in (run.cpu, run.own_cpu))
    held = ("/".join(f"{mb:.0f}" for mb in of_each) for of_each in (run.own_mb, run.worker_mb))
    return (name, f"{schools / run.wall:.1f}", f"{cpu:.1f}" if run.cpu else "-", f"{own:.2f}", *held)


def _minutes(run: Run, schools: int, cores: int) -> str:
    """All cores busy, as they are on the machine that was measured."""
    return f"{run.cpu / schools * SCHOOLS / cores / 60:.1f} minutes"


def _memory(run: Run, cores: int) -> str:
    return f"{(max(run.own_mb) + cores * max(run.worker_mb)) / 1024:.1f} GB"


def _aligned(rows: Sequence[Iterable[str]]) -> list[list[str]]:
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]


def _ruled(rows: Sequence[Iterable[str]]) -> str:
    head, *others = _aligned(rows)
    ruled = [head, ["-" * len(cell) for cell in head], *others]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)
