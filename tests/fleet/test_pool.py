"""Warm processes that break: what is left of them ends, and others go on in their place."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from multiprocessing import active_children
from typing import TYPE_CHECKING, NoReturn

import pytest
from polars.exceptions import PanicException

from reconciler.fleet.pool import WarmPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pebble import ProcessPool

NAMES = [f"schools/s{number}.yaml" for number in range(4)]
SHOUTED = [name.upper() for name in NAMES]


def shout(name: str) -> str:
    return name.upper()


def panic(name: str) -> str:
    raise PanicException(name)


def leave(name: str) -> str:
    raise SystemExit(name)


def gave_up(name: str, why: str) -> str:
    return f"{name}: {why}"


def run(pool: WarmPool, work: Callable[[str], str] = shout) -> list[str]:
    return sorted(pool.run(work, NAMES, gave_up, 60))


def processes() -> set[int | None]:
    return {child.pid for child in active_children()}


class BreaksOnce(WarmPool):
    """Processes that end just as they are to be given their first school."""

    broke = False

    def _begun(self) -> ProcessPool:
        begun = super()._begun()
        if not self.broke:
            self.broke = True
            assert begun.active
            begun.stop()
        return begun


@pytest.fixture
def pool(request: pytest.FixtureRequest) -> Iterator[WarmPool]:
    pool: WarmPool = getattr(request, "param", WarmPool)(2)
    yield pool
    pool.stop()


def test_what_is_left_of_broken_processes_ends(pool: WarmPool) -> None:
    found, before, threads = run(pool), processes(), threading.active_count()
    broken = pool._processes
    assert broken
    os.kill(min(filter(None, before)), signal.SIGKILL)
    while broken.active:
        time.sleep(0.01)
    assert run(pool) == found == SHOUTED
    assert len(before) == len(processes()) == 2
    assert not before & processes()
    assert threading.active_count() == threads


@pytest.mark.parametrize("pool", [BreaksOnce], indirect=True)
def test_processes_that_break_as_they_are_asked_are_begun_again(pool: WarmPool) -> None:
    assert run(pool) == SHOUTED
    assert len(processes()) == 2


def test_where_no_process_can_be_begun_each_school_is_told(
    pool: WarmPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(*_: object) -> NoReturn:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as during:
        during.setattr("pebble.pool.process.launch_process", launch)
        assert run(pool) == [f"{name}: its process died" for name in NAMES]
    assert run(pool) == SHOUTED


@pytest.mark.parametrize(("work", "kind"), [(panic, "PicklingError"), (leave, "SystemExit")])
def test_an_error_of_any_kind_costs_its_school_alone(
    pool: WarmPool, work: Callable[[str], str], kind: str
) -> None:
    why = f"a defect in reconcile ({kind}): plan this school alone, with --debug, and report it"
    assert run(pool, work) == [f"{name}: {why}" for name in NAMES]
    assert run(pool) == SHOUTED
