"""`python -m tests.bench.fleet`: a plan of many schools, by the processes of this machine and by a cluster.

Both do the same with two processes: `plan --all`, cold. Then once more, with the plans saved, while the
cluster loses a worker in the middle; its nanny starts another in its place. All plans have to be the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.bench.fleet.compare import differing
from tests.bench.fleet.table import as_markdown, as_text
from tests.bench.fleet.watch import watch
from tests.bench.measure import measure, python
from tests.support.dask_cluster import start_scheduler, start_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.fleet.watch import Run

ROOT = Path(__file__).parents[3]
WORKERS = 2
LEAN = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
"""As the README starts workers: they do not look at what they do a hundred times a second."""


def main() -> None:
    """Measure, compare and print."""
    options = _options()
    least, most = map(int, options.people.split("-"))
    with tempfile.TemporaryDirectory(prefix="fleet-") as scratch:
        folder = Path(options.work or scratch).resolve()
        if not (folder / "schools").exists():
            print(f"writing {options.schools:,} schools", flush=True)  # noqa: T201 - a command's output
            words = [str(folder), str(options.schools), str(least), str(most)]
            written = python("-m", "tests.bench.fleet.schools", *words, *["--filled"] * options.filled)
            measure(written, _environment())
        runs = measure_fleet(folder, options.schools, later=options.filled)
    print(as_text(runs, options.schools))  # noqa: T201
    if options.markdown:
        print(f"\n{as_markdown(runs, options.schools)}")  # noqa: T201
    if options.json:
        record = {name: asdict(run) for name, run in runs.items()}
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def measure_fleet(folder: Path, schools: int, *, later: bool = False) -> dict[str, Run]:
    """What each way of planning the schools in `folder` costs.

    Raises:
        RuntimeError: one of them failed, or did not give the same.
    """
    environment = {**_environment(), "WHEN": "later" if later else "now"}
    local = ("--jobs", str(WORKERS))

    def plan(*words: str, **options: object) -> Run:
        command = python("-m", "reconciler", "--verbose", "plan", "--all", *words)
        return watch(command, folder, schools, environment, **options)  # type: ignore[arg-type]  # as watch takes them

    runs = {"local": plan(*local)}
    with ExitStack() as running:
        dask, cluster, lose_one = _cluster(running, environment)
        runs["dask"] = plan(*dask, cluster=cluster)
        runs["local, saved"] = plan(*local, "--out", "by-local")
        runs["dask, saved, one worker lost"] = plan(
            *dask, "--out", "by-dask", cluster=cluster, at_a_third=lose_one
        )
        runs["dask, saved, one worker lost"].cpu = 0.0  # what the lost one spent is not known
    if len({run.shown for run in runs.values()}) > 1:
        raise RuntimeError("the runs do not say the same of the schools")
    if unlike := differing(folder / "by-local", folder / "by-dask"):
        raise RuntimeError(f"plans are not the same: {', '.join(unlike)}")
    return runs


def _cluster(
    running: ExitStack, environment: dict[str, str]
) -> tuple[tuple[str, ...], list[int], Callable[[], None]]:
    """The options for a cluster of this machine, its processes, and what kills a worker of it."""
    scheduler = start_scheduler()
    running.callback(scheduler.end)
    address = scheduler.said.split()[-1]
    nannies = []
    for _ in range(WORKERS):
        nannies.append(start_worker(address, {**environment, **LEAN}))
        running.callback(nannies[-1].end)

    def lose_one() -> None:
        of_nanny = psutil.Process(nannies[0].process.pid).children()
        worker = next(child for child in of_nanny if child.children())  # it has the processes that plan
        worker.kill()

    pids = [scheduler.process.pid, *(nanny.process.pid for nanny in nannies)]
    return ("--engine", "dask", "--scheduler", address), pids, lose_one


def _environment() -> dict[str, str]:
    # An installed package has its bytecode at hand, whatever the shell that measures says.
    return {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", "RECONCILE_STATE": ""}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fleet", description=__doc__)
    parser.add_argument("--schools", type=int, default=300)
    parser.add_argument("--people", default="500-1500", metavar="LEAST-MOST", help="of each school")
    parser.add_argument(
        "--filled", action="store_true", help="have all people but 1 %% in the directories; else none"
    )
    parser.add_argument("--work", help="keep schools and plans in this folder, and use them again")
    parser.add_argument("--markdown", action="store_true", help="print the README's tables, too")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
