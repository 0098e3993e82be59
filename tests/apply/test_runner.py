from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.runner import run
from reconciler.errors import HeldError, ReconcileError
from reconciler.frames import OUTCOMES
from reconciler.model import Capabilities, Directory, DirectoryInfo, TargetSettings
from reconciler.targets import open_target
from tests.support import directories as d
from tests.support import school_day
from tests.support.memory import HeldMemory
from tests.support.plans import frame, make_header, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from reconciler.targets import Batch, Target


class Watched:
    """A target that notes its batches, and breaks before a given one."""

    capabilities = Capabilities()

    def __init__(self, target: Target, breaks_at: int = -1, error: BaseException | None = None) -> None:
        self.batches: list[tuple[str, list[int], str]] = []
        self._target = target
        self._breaks_at = breaks_at
        self._error = error or ReconcileError("the directory is locked")

    def info(self) -> DirectoryInfo:
        return self._target.info()

    def read(self) -> Directory:
        return self._target.read()

    def snapshot(self) -> tuple[DirectoryInfo, Directory]:
        return self._target.snapshot()

    def findings(self) -> pl.DataFrame:
        return self._target.findings()

    def prepare(self, directory_id: str, *, create: bool) -> None:
        self._target.prepare(directory_id, create=create)

    def apply(self, batch: Batch) -> pl.DataFrame:
        if len(self.batches) == self._breaks_at:
            raise self._error
        self.batches.append((batch.kind, batch.changes["id"].to_list(), batch.school_year))
        return self._target.apply(batch)

    def finish(self) -> str:
        return self._target.finish()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


def test_steps_come_in_order_and_kinds_within_them(path: Path) -> None:
    target = Watched(d.new_directory(path))
    kinds = d.numbered(
        groups=[d.group_creation("Grade 1")],
        users=[
            d.creation("S1") | {"step": 64},
            d.creation("S2") | {"step": 1},
            d.creation("S3") | {"step": 1},
            d.creation("S4") | {"step": 1},
        ],
        relationships=[d.linking("S2", "S3")],
        memberships=[d.joining("S2"), d.joining("S1") | {"step": 65}],
    )
    kinds["users"].reverse()
    plan = make_plan(**kinds)  # type: ignore[arg-type]
    outcomes = run(plan, target, batch_size=2)
    assert target.batches == [
        ("groups", [1], "2025-26"),
        ("users", [3, 4], "2025-26"),
        ("users", [5], "2025-26"),
        ("relationships", [6], "2025-26"),
        ("memberships", [7], "2025-26"),
        ("users", [2], "2025-26"),
        ("memberships", [8], "2025-26"),
    ]
    assert outcomes.frame.select("kind", "id", "outcome").rows() == [
        (kind, id_, "applied") for kind, ids, _ in target.batches for id_ in ids
    ]
    assert not outcomes.incomplete


def test_progress_is_told_of_each_batch(path: Path) -> None:
    told: list[tuple[int, int]] = []
    plan = make_plan(**d.numbered(users=[d.creation(f"S{n}") for n in range(5)]))  # type: ignore[arg-type]
    run(plan, d.new_directory(path), lambda done, total: told.append((done, total)), batch_size=2)
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_a_batch_is_no_larger_than_the_target_says(path: Path) -> None:
    plan = make_plan(**d.numbered(users=[d.creation(f"S{n}") for n in range(5)]))  # type: ignore[arg-type]
    target = Watched(d.new_directory(path))
    target.capabilities = Capabilities(at_once=2)
    run(plan, target)
    assert [ids for _, ids, _ in target.batches] == [[1, 2], [3, 4], [5]]


def test_a_roll_over_without_changes_is_written(path: Path) -> None:
    target = d.new_directory(path)
    d.apply(target, "users", d.creation("S1"))
    outcomes = run(make_plan(header=make_header(school_year="2026-27")), target)
    assert outcomes.frame.is_empty()
    assert target.info() == DirectoryInfo("dir-1", "2026-27")


def test_a_plan_without_changes_writes_nothing(path: Path) -> None:
    target = Watched(d.new_directory(path))
    assert run(make_plan(), target).frame.is_empty()
    assert target.batches == []


def test_a_plan_for_a_new_directory_makes_it_even_without_people(path: Path) -> None:
    target = open_target(TargetSettings("embedded", str(path)), HeldMemory())
    run(make_plan(header=make_header(new_directory=True, directory_year="")), target)
    assert target.info() == DirectoryInfo("dir-1", "2025-26")


def test_a_plan_for_another_directory_writes_nothing(path: Path) -> None:
    target = d.new_directory(path)
    before = d.state(target)
    plan = make_plan(
        header=make_header(directory_id="dir-2"), **d.numbered(users=[d.creation("S1")])  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(HeldError, match="this is directory dir-1, and the plan is for directory dir-2"):
        run(plan, target)
    assert d.state(target) == before


def test_a_whole_plan_is_carried_out_and_running_it_again_does_nothing(path: Path) -> None:
    target = school_day.before(path)
    plan = school_day.plan(target)
    assert run(plan, target).frame["outcome"].unique().to_list() == ["applied"]
    after = d.state(target)
    assert run(plan, target).frame["outcome"].unique().to_list() == ["already"]
    assert d.state(target) == after
    assert after["year"] == "2026-27"
    assert [d.user(target, host_id)["email"] for host_id in ("S0", "S1", "S2", "S20000")] == [
        "s1@example.org",
        "s0@example.org",
        "two@example.org",
        "s2@example.org",
    ]
    assert d.user(target, "guest")["origin"] == "hand"
    assert [d.user(target, host_id)["deactivated_by"] for host_id in ("S6", "S7", "S8")] == [
        "",
        "sync",
        "sync",
    ]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_size_of_batches_makes_no_difference(tmp_path: Path, size: int) -> None:
    one, other = school_day.before(tmp_path / "one.db"), school_day.before(tmp_path / "other.db")
    plan = school_day.plan(one)
    first = run(plan, one)
    second = run(plan, other, batch_size=size)
    assert d.state(one) == d.state(other)
    assert first.frame.sort("id").equals(second.frame.sort("id"))


def test_what_was_done_before_a_stop_stays_and_the_same_plan_finishes(tmp_path: Path) -> None:
    whole = school_day.before(tmp_path / "whole.db")
    plan = school_day.plan(whole, new=2)
    run(plan, whole)
    school_day.before(tmp_path / "start.db")
    for stop in range(stops := 14):
        shutil.copyfile(tmp_path / "start.db", tmp_path / "stopped.db")
        target = d.new_directory(tmp_path / "stopped.db")
        error = KeyboardInterrupt() if stop % 2 else ReconcileError("the directory is locked")
        watched = Watched(target, stop, error)
        with pytest.raises(type(error)):
            run(plan, watched, batch_size=2)
        assert len(watched.batches) == stop
        assert d.state(target) != d.state(whole)
        outcomes = run(plan, target, batch_size=2)
        assert outcomes.frame["outcome"].is_in(["applied", "already"]).all()
        assert d.state(target) == d.state(whole)
    watched = Watched(target)
    run(plan, watched, batch_size=2)
    assert len(watched.batches) == stops


def test_what_moved_is_reported_and_the_rest_goes_on(path: Path) -> None:
    target = school_day.before(path)
    plan = school_day.plan(target)
    d.edit_user(path, "S2", first_name="By Hand")
    outcomes = run(plan, target)
    missed = outcomes.frame.filter(outcomes.frame["outcome"] != "applied").drop("id", "made_id")
    assert missed.rows() == [
        ("users", "stale", "the account has changed since the plan in: first_name"),
        ("users", "failed", "its e-mail is held by account S2"),
    ]
    assert outcomes.incomplete


def test_outcomes_have_their_schema_even_without_any(path: Path) -> None:
    outcomes = run(make_plan(), d.new_directory(path))
    assert outcomes.frame.equals(frame(OUTCOMES, []))
