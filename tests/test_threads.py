"""Work is done by the thread that asks for it, and nobody notices but the clock."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from reconciler import pipeline
from reconciler.config import load_school
from reconciler.errors import HeldError
from reconciler.threads import in_this_thread
from tests.bench.generate import write_exports

ACCEPTANCE = Path(__file__).parent / "acceptance" / "powerschool.yaml"


def test_the_work_gives_what_it_gives_anywhere():
    def sort() -> tuple[list[int], int]:
        return pl.DataFrame({"number": [3, 1, 2]}).sort("number")["number"].to_list(), threading.get_ident()

    assert in_this_thread(sort) == ([1, 2, 3], threading.get_ident())


def test_work_may_hold_more_of_it():
    assert in_this_thread(lambda: in_this_thread(lambda: 1) + in_this_thread(lambda: 2)) == 3


@pytest.mark.parametrize("error", [HeldError("The plan is held."), KeyboardInterrupt()], ids=repr)
def test_an_error_arrives_as_it_was_raised(error):
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        in_this_thread(fail)
    assert caught.value is error


def test_a_plan_is_the_same_whichever_threads_made_it(tmp_path, monkeypatch):
    write_exports(tmp_path, 200)
    places = {"EXPORTS": str(tmp_path), "DIRECTORY": str(tmp_path / "directory.db"), "SCHOOL_YEAR": "2025-26"}
    school = load_school(ACCEPTANCE, places)
    ours = pipeline.plan_school(school)
    monkeypatch.setattr("reconciler.pipeline.plan.in_this_thread", lambda work: work())
    theirs = pipeline.plan_school(school)
    assert ours.changes.users.equals(theirs.changes.users)
    assert ours.findings.equals(theirs.findings)
