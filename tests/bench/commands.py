"""What the bench runs: the real command line, cold, in turns with its floors, so that all see one machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Cost, cheapest, measure, python

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
ACCEPTANCE = ROOT / "tests" / "acceptance" / "powerschool.yaml"
WARM_UP_TO = 10_000
"""People; what a repeat in one process costs matters where the start would be most of a run."""

Costs = dict[str, Cost]
Command = tuple[list[str], dict[str, str]]


def measure_start_up(repeat: int) -> Costs:
    """A bare interpreter, and the commands that read no people."""
    school = str(ROOT / "schools" / "maple-grove.yaml")
    return _in_turns(
        {
            "bare interpreter": (python("-c", "pass"), _environment()),
            "--help": (python("-m", "reconciler", "--help"), _environment()),
            "validate": (python("-m", "reconciler", "validate", school), _environment()),
        },
        repeat,
    )


def measure_size(folder: Path, people: int, repeat: int) -> Costs:
    """Plans, show and apply for so many people; what is made lies in `folder`, and is used again."""
    later, directory = folder / "later", folder / "directory.db"
    if not directory.exists():
        measure(python("-m", "tests.bench.exports", str(folder), str(people)), _environment())
        _say(f"filling the directory of {people:,} people")
        filled = {**_school(folder / "now", directory), "RECONCILE_STATE": str(folder / "state.db")}
        measure(_reconcile("apply", str(ACCEPTANCE), "--auto-approve"), filled)
    new, plan, bulk = folder / "new.db", str(folder / "creates.plan"), folder / "bulk.db"
    remembered = folder / "state.db"
    commands: dict[str, Command] = {
        "bare interpreter": (python("-c", "pass"), _environment()),
        "bytes": (python("-m", "tests.bench.floors", "bytes", str(later)), _environment()),
        "parse": (python("-m", "tests.bench.floors", "parse", str(later)), _environment()),
        "plan of 1 % changed": (_reconcile("plan", str(ACCEPTANCE)), _school(later, directory)),
        "plan of creates, saved": (_reconcile("plan", str(ACCEPTANCE), "--out", plan), _school(later, new)),
        "its show": (_reconcile("show", plan), _environment()),
        "apply of creates": (
            _reconcile("apply", plan, "--auto-approve"),
            {**_school(later, new), "RECONCILE_STATE": str(remembered)},
        ),
        "bulk load": (python("-m", "tests.bench.floors", "bulk", str(new), str(bulk)), _environment()),
    }
    costs = _in_turns(commands, repeat, made=(new, bulk, remembered), title=f"{people:,} people")
    if people <= WARM_UP_TO:
        costs["warm plan"] = Cost(**_inside("warm", _school(later, directory)))
    return costs


def profile_plan(folder: Path) -> dict[str, float]:
    """CPU seconds of each stage of a plan of 1 % changed, measured inside one process; see `profile`."""
    return _inside("stages", _school(folder / "later", folder / "directory.db"))


def _in_turns(
    commands: Mapping[str, Command], repeat: int, *, made: tuple[Path, ...] = (), title: str = "start-up"
) -> Costs:
    """The least that each command cost; what they make is removed before and after each turn."""
    runs = []
    for number in range(repeat):
        _say(f"{title}, run {number + 1} of {repeat}")
        _remove(made)
        runs.append({name: measure(command, env) for name, (command, env) in commands.items()})
        _remove(made)
    return {name: cheapest([run[name] for run in runs]) for name in commands}


def _remove(files: tuple[Path, ...]) -> None:
    for file in files:
        for path in file.parent.glob(f"{file.name}*"):  # a directory's journal and mirror, too
            path.unlink()


def _inside(what: str, environment: dict[str, str]) -> dict[str, Any]:
    command = python("-m", "tests.bench.profile", what, str(ACCEPTANCE))
    run = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _reconcile(*arguments: str) -> list[str]:
    return python("-m", "reconciler", *arguments)


def _school(exports: Path, directory: Path) -> dict[str, str]:
    places = {"EXPORTS": str(exports), "DIRECTORY": str(directory), "SCHOOL_YEAR": "2025-26"}
    return {**_environment(), **places}


def _environment() -> dict[str, str]:
    # An installed package has its bytecode at hand, whatever the shell that measures says.
    return {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
