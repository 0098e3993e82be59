"""The real command line, killed at random points of an apply and run again, ends as if nothing had been."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.state.audit import verify_chain
from reconciler.state.runs import list_runs
from reconciler.state.scope import find_scopes
from reconciler.state.store import open_store
from tests.support.forked import Forks

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PARTS = 10
"""Into how many tests the kills are divided, so that several workers share them."""
KILLED = -9


@dataclass
class Desk:
    """The demo school in its first year, and the plan of its roll-over: some 2,400 changes."""

    forks: Forks
    folder: Path
    whole: list[tuple[Any, ...]]
    seconds: float
    """How long the apply takes that nobody interrupts."""

    @property
    def directory(self) -> Path:
        return self.folder / "schools" / "maple-grove.db"

    @property
    def state(self) -> Path:
        return self.folder / "schools" / ".reconcile" / "state.db"

    def begin_anew(self) -> None:
        """The directory and the store as they were before the roll-over."""
        for path in [*self.directory.parent.glob("maple-grove.db*"), *self.state.parent.glob("state.db*")]:
            path.unlink()
        shutil.copyfile(self.folder / "start.db", self.directory)
        shutil.copyfile(self.folder / "state.db", self.state)

    def apply(self, plan: str = "a.plan", **kill: Any) -> int:
        return self.forks.run("apply", plan, "--auto-approve", env=LATER, **kill)

    def kill_somewhere(self, dice: random.Random) -> bool | None:
        """Apply until death; whether it came before the end, or None where the machine's speed decides."""
        if dice.random() < 0.5:
            self.apply(seconds=dice.uniform(0.02, self.seconds))
            return None
        return self.apply(steps=dice.randrange(1, 60)) == KILLED

    def contents(self) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.directory)) as connection:
            tables = ("users", "groups", "memberships", "relationships", "directory")
            queries = [f"SELECT * FROM {name} ORDER BY 1, 2" for name in tables]  # noqa: S608 - ours
            return [row for query in queries for row in connection.execute(query)]

    def story(self) -> list[str]:
        """The outcomes of the runs, the first one first; and the audit trail holds."""
        with open_store(self.state).read() as tx:
            (scope,) = find_scopes(tx, "maple-grove")
            assert verify_chain(tx, scope).broken == ""
            return [run.outcome for run in reversed(list_runs(tx, scope))]


APPLY = ("apply", "a.plan", "--auto-approve")
LATER = {"SCHOOL_YEAR": "2026-27"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    kept = shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile")
    shutil.copytree(ROOT / "schools", folder / "schools", ignore=kept)
    kept_env = {
        name: text for name, text in os.environ.items() if name not in {"SCHOOL_YEAR", "RECONCILE_STATE"}
    }
    forks = Forks(folder, kept_env)
    desk = Desk(forks, folder, [], 0)
    assert forks.run("apply", "maple-grove", "--auto-approve") == 0, (folder / "said.txt").read_text()
    shutil.copyfile(desk.directory, folder / "start.db")
    shutil.copyfile(desk.state, folder / "state.db")
    assert forks.run("plan", "maple-grove", "--out", "a.plan", env=LATER) == 0
    start = time.perf_counter()
    assert desk.apply() == 0, (folder / "said.txt").read_text()
    desk.seconds = time.perf_counter() - start
    desk.whole = desk.contents()
    yield desk
    forks.close()


def kills(request: pytest.FixtureRequest, part: int, of_all: int) -> range:
    """How many times this part kills: of so many in all, fifty times as many with `--slow`."""
    every = of_all * (50 if request.config.getoption("--slow") else 1)
    return range(every * part // PARTS, every * (part + 1) // PARTS)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_same_plan_file_finishes_it(desk: Desk, request: pytest.FixtureRequest, part: int) -> None:
    inside = []
    for number in kills(request, part, of_all=40):
        desk.begin_anew()
        killed = desk.kill_somewhere(random.Random(number))
        if killed is not None:
            inside.append(killed and desk.contents() != desk.whole)
        assert desk.apply() == 0, (desk.folder / "said.txt").read_text()
        assert desk.contents() == desk.whole
        outcomes = desk.story()
        assert outcomes[0] == outcomes[-1] == "done"
        assert outcomes[1:-1] in ([], ["interrupted"], ["done"])
    assert sum(inside) >= 0.3 * len(inside)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_journal_may_be_thrown_away(desk: Desk, request: pytest.FixtureRequest, part: int) -> None:
    for number in kills(request, part, of_all=20):
        desk.begin_anew()
        desk.kill_somewhere(random.Random(1_000 + number))
        for path in desk.state.parent.glob("state.db*"):
            path.unlink()
        assert desk.apply() == 0, (desk.folder / "said.txt").read_text()
        assert desk.contents() == desk.whole
        assert desk.story() == ["done"]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_fresh_plan_will_do_as_well(desk: Desk, request: pytest.FixtureRequest, part: int) -> None:
    for number in kills(request, part, of_all=20):
        desk.begin_anew()
        desk.kill_somewhere(random.Random(2_000 + number))
        assert desk.forks.run("plan", "maple-grove", "--out", "fresh.plan", env=LATER) == 0
        if desk.contents() != desk.whole:
            assert desk.apply("fresh.plan") == 0, (desk.folder / "said.txt").read_text()
        assert desk.contents() == desk.whole


def test_of_two_applies_at_once_one_works_and_the_other_is_told_why(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    """Six times over, and a hundred with `--slow`."""
    other = Forks(desk.folder, dict(os.environ), said="other.txt")
    try:
        with ThreadPoolExecutor(2) as both:
            for _ in range(100 if request.config.getoption("--slow") else 6):
                desk.begin_anew()
                ends = [both.submit(forks.run, *APPLY, env=LATER) for forks in (desk.forks, other)]
                codes = [end.result() for end in ends]
                said = [(desk.folder / name).read_text() for name in ("said.txt", "other.txt")]
                assert sorted(codes) in ([0, 0], [0, 1]), said  # one after the other, or one beside the other
                told = [text for code, text in zip(codes, said, strict=True) if code]
                assert all("an apply is under way" in text for text in told), said
                assert desk.contents() == desk.whole
    finally:
        other.close()
