"""Long work shows how far it has come, to whoever watches a terminal, and to nobody else."""

from __future__ import annotations

import io
import signal

import pytest

from reconciler import pipeline
from reconciler.cli.progress import bar, make_plan, stopping_between_batches
from tests.support.schools import make_school


class Terminal(io.StringIO):
    """Standard error on a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def stages(monkeypatch):
    """The pipeline's planning, replaced by its two announcements."""

    def plan_school(_school, *, additions_only, tell):
        tell("Reading the directory")
        tell("Reading the exports")
        return additions_only

    monkeypatch.setattr(pipeline, "plan_school", plan_school)


@pytest.mark.usefixtures("stages")
def test_a_terminal_is_told_the_steps_and_nothing_else_is(monkeypatch):
    for stream, expected in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        make_plan(make_school(), additions_only=True)
        assert bool(stream.getvalue()) is expected


def test_a_bar_is_drawn_on_a_terminal_alone(monkeypatch):
    for stream, expected in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        with bar() as progress:
            progress(1, 2)
        assert bool(stream.getvalue()) is expected


def work(told: list[int], batches: list[int]) -> None:
    """Three batches; Ctrl-C is pressed within some, as often as they are named."""
    with stopping_between_batches(lambda done, _total: told.append(done)) as tell:
        tell(0, 3)
        for batch in (1, 2, 3):
            for _ in range(batches.count(batch)):
                signal.raise_signal(signal.SIGINT)
            told.append(-batch)  # what the batch still does
            tell(batch, 3)


def test_ctrl_c_lets_the_batch_in_flight_be_finished(capsys):
    told: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        work(told, [2])
    assert told == [0, -1, 1, -2, 2]
    assert capsys.readouterr().err == (
        "Stopping after the batch in flight; press Ctrl-C again to stop at once.\n"
    )


def test_ctrl_c_twice_stops_at_once():
    told: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        work(told, [2, 2])
    assert told == [0, -1, 1]


def test_ctrl_c_in_the_last_batch_changes_nothing():
    before = signal.getsignal(signal.SIGINT)
    told: list[int] = []
    work(told, [3])
    assert told == [0, -1, 1, -2, 2, -3, 3]
    assert signal.getsignal(signal.SIGINT) is before
