"""Long work shows how far it has come, to whoever watches a terminal, and to nobody else."""

from __future__ import annotations

import io

import pytest

from reconciler import pipeline
from reconciler.cli.progress import bar, make_plan
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
