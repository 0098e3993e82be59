"""Many schools applied together, with kills and guards: each ends as it would have by itself."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler import history
from reconciler.pipeline.places import load, state_of, target_of
from reconciler.state.audit import verify_chain
from reconciler.state.scope import find_scopes
from reconciler.state.store import open_store
from tests.support import directories as d
from tests.support.fleet_killed import Kills, killing
from tests.support.scim_servers import NAME, scim2_directories, scimmy_or_skip, sign_in
from tests.support.small_schools import write_exports, write_school

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]
MINIMUM = "preflight: {minimum: {students: 1, staff: 1, parents: 1}}\n"
HELD = "preflight: {minimum: {students: 9999}}\n"
NONE_MAY_LEAVE = MINIMUM + "guards: {users: {deactivate: 0}}\n"
FEW = {"embedded": 5, "scim2": 3, "scimmy": 1, "held": 1, "leaving": 1}
MANY = {"embedded": 26, "scim2": 14, "scimmy": 3, "held": 3, "leaving": 3}
"""Kind -> how many schools; and one more, whose file is broken."""
DEATH = f"its process died (exit code {-signal.SIGKILL}); what was done stays done, the same command goes on"


@dataclass
class Fleet:
    """The schools of a checkout, and each of them once more in another, where it is by itself."""

    folder: Path
    alone: Path
    names: dict[str, list[str]]
    """Kind -> its schools."""
    victims: Kills
    mistake: str = "schools/broken.yaml:10:1: unknown key 'nam'; did you mean 'name'?"

    @property
    def due(self) -> list[str]:
        """What nothing holds, in the order in which they are applied."""
        return [name for kind in ("embedded", "scim2", "scimmy") for name in self.names[kind]]

    @property
    def first(self) -> str:
        """The school in which the whole run is killed."""
        return self.due[0]

    def untouched(self, reconcile: Run) -> list[str]:
        """The schools that are held: some have nobody yet, of others more have left than may."""
        os.chdir(self.folder)
        for name in self.names["leaving"]:
            assert reconcile("apply", name, "--auto-approve")[0] == 0
            write_exports(self.folder.parent / "exports" / name, name, left=2)
        return self.names["held"] + self.names["leaving"]

    def apply_all(self, kills: Kills) -> tuple[int, str, set[str]]:
        """The exit code of `apply --all`, what it said, and the schools in which somebody was killed."""
        variables, done = killing(kills)
        command = [sys.executable, "-m", "reconciler", "apply", "--all", "--auto-approve", "--jobs", "2"]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            shown, log = process.communicate()
            _wait_for_all_of(process.pid)
        assert (
            log == "" or process.returncode == -signal.SIGKILL
        )  # Python tells of what it could not clean up
        return process.returncode, shown, {path.name for path in done.iterdir()}

    def story(self, school: str) -> list[str]:
        """The outcomes of a school's runs, the first one first."""
        os.chdir(self.folder)
        runs = [run for listed in history.list_history(load(school)).values() for run in listed]
        return [run.outcome for run in sorted(runs, key=lambda one: one.number)]

    def check(self, school: str, reconcile: Run, *, cut: bool) -> None:
        """See that a school ended as it does by itself, and that what is remembered of it says how."""
        os.chdir(self.alone)
        assert reconcile("apply", school, "--auto-approve")[0] == 0
        whole, found = self.state(school, alone=True), self.state(school)
        assert found == whole
        people = [row[0] for row in cast("list[tuple[str, ...]]", found["users"])]
        assert len(set(people)) == len(people) > 5
        assert self.story(school) == (["interrupted", "done"] if cut else ["done"])
        os.chdir(self.folder)
        with open_store(state_of(load(school))).read() as tx:
            (scope,) = find_scopes(tx, school)
            assert verify_chain(tx, scope).broken == ""

    def summary(self, *, done: int = 0) -> str:
        """The first line of what is said of all."""
        held = len(self.names["held"] + self.names["leaving"])
        counts = {"failed": 1, "held": held, "with changes": len(self.due) - done, "up to date": done}
        told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        return f"{1 + held + len(self.due)} schools: {told}"

    def all_is_done(self) -> str:
        """What is said once there is nothing left to do: all of it."""
        lines = [f"  broken       failed        {self.mistake}"]
        lines += [
            f"  {name:<11}  held          by {guard}"
            for kind, guard in (("held", "too-few-rows"), ("leaving", "users.deactivate"))
            for name in self.names[kind]
        ]
        lines += [f"  {name:<11}  up to date    nothing to change" for name in self.due]
        return "\n".join(
            [
                self.summary(done=len(self.due)),
                "",
                *lines,
                "",
                "broken",
                f"  {self.mistake}",
                "      nam: Broken",
                "      ^",
                "",
            ]
        )

    def state(self, school: str, *, alone: bool = False) -> dict[str, object]:
        """The directory of a school as plain values, without the id that is another for each."""
        os.chdir(self.alone if alone else self.folder)
        return d.state(target_of(load(school))) | {"id": ""}


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    sign_in(monkeypatch)
    monkeypatch.delenv("RECONCILE_STATE", raising=False)
    monkeypatch.chdir(tmp_path)
    counts = MANY if request.config.getoption("--slow") else FEW
    names = {kind: [f"{kind}-{number:02}" for number in range(count)] for kind, count in counts.items()}
    made = Fleet(tmp_path / "together", tmp_path / "alone", names, _victims(names))
    with ExitStack() as servers:
        for folder in (made.folder, made.alone):
            (folder / "directories").mkdir(parents=True)
            running: dict[str, Any] = servers.enter_context(scim2_directories(names["scim2"]))
            running |= {name: servers.enter_context(scimmy_or_skip()) for name in names["scimmy"]}
            for kind, of_kind in names.items():
                for name in of_kind:
                    place = f"{{kind: embedded, path: ../directories/{name}.db}}"
                    if name in running:
                        place = f"{{kind: scim, url: '{running[name].url}', credentials: {NAME}}}"
                    more = {"held": HELD, "leaving": NONE_MAY_LEAVE}.get(kind, MINIMUM)
                    write_exports(tmp_path / "exports" / name, name)
                    write_school(folder, name, tmp_path / "exports" / name, place, more)
        write_school(made.folder, "broken", tmp_path, "{kind: embedded, path: broken.db}", "nam: Broken\n")
        yield made


def test_all_end_as_each_would_have_by_itself(fleet: Fleet, reconcile: Run) -> None:
    kept = {name: fleet.state(name) for name in fleet.untouched(reconcile)}
    code, shown, dead = fleet.apply_all({fleet.first: ("whole", 9)})
    assert (code, shown.splitlines()[0], dead) == (-signal.SIGKILL, fleet.summary(), {fleet.first})
    begun = {name: fleet.story(name) for name in fleet.due if fleet.story(name)}
    assert fleet.first in begun
    assert len(begun) <= 4  # those at hand: what was waiting is not begun without anybody who asks for it
    ready = [name for name, story in begun.items() if story[-1] == "done"]

    code, shown, dead = fleet.apply_all(fleet.victims)
    told = dict.fromkeys(fleet.victims, DEATH)
    assert (code, dead) == (1, set(fleet.victims))
    assert _details(shown) == {"broken": fleet.mistake, **told}
    assert _applied(shown) == {
        name: "failed" if name in told else "applied" for name in fleet.due if name not in ready
    }

    code, shown, _ = fleet.apply_all({})
    assert (code, _details(shown)) == (1, {"broken": fleet.mistake})
    assert _applied(shown) == dict.fromkeys(fleet.victims, "applied")
    code, shown, _ = fleet.apply_all({})
    figures = re.compile(r"(  held          by [a-z.-]+); .*")
    assert (code, figures.sub(r"\1", shown)) == (1, fleet.all_is_done())

    assert {name: fleet.state(name) for name in kept} == kept
    for name in fleet.due:
        cut = name in fleet.victims or name in begun.keys() - set(ready)
        fleet.check(name, reconcile, cut=cut)
    assert not list(fleet.folder.glob(".reconcile-*"))  # plans of the run that was killed


def _victims(names: Mapping[str, list[str]]) -> Kills:
    """A third of the schools, after those at which the whole run is killed; each at another moment."""
    dice = random.Random(20261128)
    some = {"embedded": (4, range(9, 26)), "scim2": (2, range(20, 60)), "scimmy": (0, range(20, 60))}
    return {
        name: ("worker", dice.choice(moments))
        for kind, (first, moments) in some.items()
        for name in names[kind][first::3]
    }


def _applied(shown: str) -> dict[str, str]:
    """School -> what became of it, of those that were applied."""
    rows = shown.partition("\nbroken\n")[2].splitlines()
    found = [row.split() for row in rows if row.startswith(tuple(f"  {kind}-" for kind in FEW))]
    return {words[0]: words[1] for words in found}


def _details(shown: str) -> dict[str, str]:
    """School -> what stands below all lines, its first one."""
    rows = shown.splitlines()
    return {row: below.strip() for row, below in pairwise(rows) if row and " " not in row}


def _wait_for_all_of(group: int) -> None:
    """Until no process of the group is left."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    os.killpg(group, signal.SIGKILL)
    raise AssertionError("processes were left behind")
