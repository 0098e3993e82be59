"""The tools: how each is installed, started, and asked what it found."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from tests.bench.measure import python
from tests.bench.peers.world import ROOT, SCHOOL, SCHOOL_YEAR_END, World, reconcile, school

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Counts = dict[str, int]


class UnavailableError(Exception):
    """A tool cannot be had on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that plans.

    `whole` says that it does the whole job: it plans from the exports, validates all of them, saves its
    plan and reports. The others get both sides ready-made, as records, and compare those.
    """

    whole: bool
    version: Callable[[Path], str]
    """Its version, once it stands ready; the folder is for an environment of its own."""
    command: Callable[[World, Path], list[str]]
    environment: Callable[[World], Mapping[str, str]]
    counts: Callable[[World, str], Counts]
    """What it found, from the world's folder or what it printed."""


def _ours(world: World, _environments: Path) -> list[str]:
    return reconcile("plan", str(SCHOOL), "--out", str(world.folder / "ours.plan"))


def _count_ours(world: World, _printed: str) -> Counts:
    command = reconcile("show", str(world.folder / "ours.plan"), "--format", "json")
    shown = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True
    )
    summary = json.loads(shown.stdout)["summary"]
    return {f"{kind} {action}": n for kind, by in summary.items() for action, n in by.items() if n}


def _plain(world: World, _environments: Path) -> list[str]:
    module = python("-m", "tests.bench.peers.plain")
    places = [str(world.later), str(world.directory), str(SCHOOL_YEAR_END)]
    return [*module, *places, "--out", str(world.folder / "plain.json")]


def _count_plain(world: World, _printed: str) -> Counts:
    document = json.loads((world.folder / "plain.json").read_text(encoding="utf-8"))
    counts: Counts = document["summary"]
    return counts


def _diffsync(world: World, environments: Path) -> list[str]:
    script = str(Path(__file__).with_name("diffsync_plan.py"))
    sides = [str(world.folder / f"{side}.json") for side in ("current", "desired")]
    return [str(_bin(environments / "diffsync") / "python"), script, *sides]


def _count_diffsync(_world: World, printed: str) -> Counts:
    summary = json.loads(printed.splitlines()[-1])
    return {action: summary[action] for action in ("create", "update", "delete")}


def _octodns(world: World, environments: Path) -> list[str]:
    config = str(world.folder / "octodns" / "octodns.yaml")
    return [str(_bin(environments / "octodns") / "octodns-sync"), "--config-file", config]


def _count_octodns(_world: World, printed: str) -> Counts:
    return _found(r"Creates=(\d+), Updates=(\d+), Deletes=(\d+)", printed)


def _terraform(world: World, _environments: Path) -> list[str]:
    folder = world.folder / "terraform"
    if not (folder / "ready").exists():
        subprocess.run(
            [_terraform_binary(), f"-chdir={folder}", "init", "-input=false"],
            env={**os.environ, **_terraform_places(world)},
            check=True,
            capture_output=True,
        )
        (folder / "ready").touch()
    options = ["plan", "-input=false", "-no-color", "-out=people.tfplan"]
    return [_terraform_binary(), f"-chdir={folder}", *options]


def _terraform_places(world: World) -> dict[str, str]:
    settings = world.folder / "terraform" / "cli.tfrc"  # nobody's own settings, and no look for news
    settings.touch()
    return {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}


def _count_terraform(_world: World, printed: str) -> Counts:
    return _found(r"Plan: (\d+) to add, (\d+) to change, (\d+) to destroy", printed)


def _terraform_version(_environments: Path) -> str:
    answer = subprocess.run([_terraform_binary(), "version", "-json"], check=True, capture_output=True)
    return str(json.loads(answer.stdout)["terraform_version"])


def _terraform_binary() -> str:
    binary = os.environ.get("TERRAFORM") or shutil.which("terraform") or shutil.which("tofu")
    if not binary:
        raise UnavailableError("no binary here; put terraform or tofu on the path, or name it in TERRAFORM")
    return binary


def _from_pypi(name: str, version: str) -> Callable[[Path], str]:
    """Install a package into an environment of its own, unless that is there."""

    def install(environments: Path) -> str:
        place = environments / name
        ready = place / f"{name}-{version}"
        if not ready.exists():
            steps = (
                [sys.executable, "-m", "venv", "--clear", str(place)],
                [str(_bin(place) / "python"), "-m", "pip", "install", "-q", f"{name}=={version}"],
            )
            for step in steps:
                done = subprocess.run(step, capture_output=True, text=True, check=False)
                if done.returncode:
                    last = done.stderr.strip().splitlines()[-1:]
                    raise UnavailableError(f"cannot be installed: {' '.join(last)}")
            ready.touch()
        return version

    return install


def _bin(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin")


def _found(pattern: str, printed: str) -> Counts:
    numbers = re.search(pattern, printed)
    if numbers is None:
        return {}
    return dict(zip(("create", "update", "delete"), map(int, numbers.groups()), strict=True))


def _no_places(_world: World) -> dict[str, str]:
    return {}


TOOLS: dict[str, Tool] = {
    "reconcile": Tool(
        whole=True,
        version=lambda _: __version__,
        command=_ours,
        environment=lambda world: school(world.later, world.directory),
        counts=_count_ours,
    ),
    "plain Python": Tool(
        whole=True,
        version=lambda _: platform.python_version(),
        command=_plain,
        environment=lambda _: {"PYTHONPATH": str(ROOT)},
        counts=_count_plain,
    ),
    "diffsync": Tool(
        whole=False,
        version=_from_pypi("diffsync", "2.2.3"),
        command=_diffsync,
        environment=_no_places,
        counts=_count_diffsync,
    ),
    "octoDNS": Tool(
        whole=False,
        version=_from_pypi("octodns", "1.22.0"),
        command=_octodns,
        environment=_no_places,
        counts=_count_octodns,
    ),
    "Terraform": Tool(
        whole=False,
        version=_terraform_version,
        command=_terraform,
        environment=_terraform_places,
        counts=_count_terraform,
    ),
}
