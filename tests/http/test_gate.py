"""A server is asked as fast as it takes it, by all threads and processes of a machine together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.http import Gate, SystemClock
from reconciler.http.gate import gate_of
from reconciler.http.pace import FORGOTTEN, Pace, pack, shared_pace, unpack
from reconciler.shared_file import SharedFile
from tests.support.clock import HeldClock
from tests.support.loopback import running
from tests.support.throttled import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PROCESSES, SCHOOLS, REQUESTS = 2, 8, 10
NAMES = [f"http://{one}" for one in ("a.example.org", "a.example.org:80", "A.example.org/v2?x=1")]


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["alone", "shared", "two of a file"])
def gate(request: pytest.FixtureRequest, clock: HeldClock, tmp_path: Path) -> Callable[[], Gate]:
    """Gives the gate to use next: always the same, or in turns one of two that are to be one."""
    if request.param == "alone":
        gates = [Gate(clock)]
    else:
        number = 1 if request.param == "shared" else 2
        gates = [Gate(clock, SharedFile("pace", tmp_path)) for _ in range(number)]

    def use() -> Gate:
        gates.append(gates.pop(0))
        return gates[-1]

    return use


def interval(gate: Gate) -> float:
    """Seconds between two requests; 0 as long as the server has never been asked too much."""
    with gate._held() as (pace, _):
        return pace.interval


def test_it_learns_what_a_server_takes(gate: Callable[[], Gate], clock: HeldClock) -> None:
    for _number in range(100):  # a hundred a second
        clock.time += 0.01
        gate().answered()
    assert interval(gate()) == 0
    gate().busy(1.0, too_much=True)
    assert interval(gate()) == pytest.approx(1 / 80, rel=0.05)
    for _number in range(5):  # those that were under way are refused, too
        gate().busy(1.0, too_much=True)
    assert interval(gate()) == pytest.approx(1 / 80, rel=0.05)
    for _number in range(40):
        gate().answered()
    assert 1 / 100 < interval(gate()) < 1 / 90


def test_a_server_that_is_merely_busy_is_not_asked_more_slowly_afterwards(
    gate: Callable[[], Gate], clock: HeldClock
) -> None:
    for _number in range(30):
        gate().busy(0.5)
    assert interval(gate()) == 0
    gate().wait()
    gate().wait()
    assert clock.waited == [0.5]


def test_each_request_has_its_turn(gate: Callable[[], Gate], clock: HeldClock) -> None:
    gate().busy(3.0, too_much=True)
    for _number in range(4):
        gate().wait()
    first, *others = clock.waited
    assert first == 3.0
    assert others == pytest.approx([interval(gate())] * 3)


def test_one_that_never_answered_is_asked_no_slower_than_every_two_seconds(
    gate: Callable[[], Gate], clock: HeldClock
) -> None:
    for _number in range(40):
        clock.time += 10
        gate().busy(0.1, too_much=True)
    assert interval(gate()) == 2.0


# What several processes have in common


def test_what_was_learnt_serves_the_next_for_a_minute(clock: HeldClock, tmp_path: Path) -> None:
    Gate(clock, SharedFile("pace", tmp_path)).busy(1.0, too_much=True)
    clock.time += FORGOTTEN
    assert interval(Gate(clock, SharedFile("pace", tmp_path))) > 0
    clock.time += FORGOTTEN + 2
    assert interval(Gate(clock, SharedFile("pace", tmp_path))) == 0


def test_a_pause_that_a_server_asked_for_is_kept_however_long(clock: HeldClock, tmp_path: Path) -> None:
    Gate(clock, SharedFile("pace", tmp_path)).busy(2 * FORGOTTEN)
    clock.time += FORGOTTEN + 1
    Gate(clock, SharedFile("pace", tmp_path)).wait()
    assert clock.waited == [FORGOTTEN - 1]


def test_what_was_learnt_before_the_machine_started_is_nothing(clock: HeldClock, tmp_path: Path) -> None:
    clock.time = 5000.0
    Gate(clock, SharedFile("pace", tmp_path)).busy(1.0, too_much=True)
    clock.time = 30.0
    assert interval(Gate(clock, SharedFile("pace", tmp_path))) == 0


WHOLE = pack(Pace(1.0, 0.5, 2.0, 0.0))


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\0" * 500, b"pace", WHOLE[:20], WHOLE[:-1], WHOLE[:-3] + b"\1\1\1", b"x" * 70_000],
    ids=["empty", "zeros", "word", "head", "cut", "changed", "long"],
)
def test_a_file_that_nobody_can_read_is_begun_anew(clock: HeldClock, tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "pace").write_bytes(garbage)
    one, other = (Gate(clock, SharedFile("pace", tmp_path)) for _ in range(2))
    assert interval(one) == 0
    one.busy(1.0, too_much=True)
    assert interval(other) == interval(one) > 0


def test_a_pace_is_read_as_it_was_written_also_over_a_longer_one() -> None:
    pace, longer = Pace(1.0, 0.5, 2.0, 0.0), Pace(7.0, 0.1, 3.0, 0.5)
    pace.answers.extend([0.25, 0.5])
    longer.answers.extend([0.5] * 900)
    text = pack(pace)
    assert unpack(text + pack(longer)[len(text) :], 1.0) == pace


def test_a_server_is_its_scheme_host_and_port() -> None:
    paths = {shared_pace(name)._name for name in NAMES}
    others = {
        shared_pace(f"{scheme}://a.example.org:{port}")._name
        for scheme, port in [("https", 80), ("http", 81), ("https", 443)]
    }
    assert len(paths) == 1
    assert len(others | paths) == 4


def test_an_address_with_an_impossible_port_has_a_file_too() -> None:
    assert shared_pace("http://a.example.org:99999")._name != shared_pace("http://a.example.org")._name


def test_only_a_clock_that_all_processes_have_is_shared(clock: HeldClock) -> None:
    gate_of("http://one.example.org", clock).busy(9.0, too_much=True)
    gate_of("http://one.example.org", SystemClock()).wait()
    assert interval(gate_of("http://one.example.org", SystemClock())) == 0


def refused(folder: str) -> tuple[int, int]:
    """How many requests of several processes a server refused, and took."""
    with running(Throttled(rate=200)) as server:
        arguments = [server.host, folder, str(SCHOOLS), str(REQUESTS)]
        askers = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.asker", *arguments],
                cwd=ROOT,
                env=os.environ | {"no_proxy": "127.0.0.1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        for asker in askers:
            assert asker.stdout
            assert asker.stdout.readline() == "ready\n"
        for asker in askers:
            assert asker.stdin
            asker.stdin.write("go\n")
            asker.stdin.flush()
        for asker in askers:
            asker.communicate()
            assert asker.returncode == 0
    return server.done["refused"], server.done["taken"]


def test_processes_of_a_machine_keep_to_a_rate_together(tmp_path: Path) -> None:
    together, taken = refused(str(tmp_path))
    assert taken == PROCESSES * SCHOOLS * REQUESTS
    alone, taken = refused("nowhere")
    assert taken == PROCESSES * SCHOOLS * REQUESTS
    assert 0 < together < alone / 3
