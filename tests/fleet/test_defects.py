"""A defect, whatever it is, is told of the school that it happened at, without a word of its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest
from polars.exceptions import PanicException

from reconciler import pipeline, saved
from reconciler.fleet.applies import ApplyOrder, apply_one
from reconciler.fleet.plans import PlanOrder, plan_one
from reconciler.fleet.status import check_one

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def what_plan_says(folder: Path) -> str:
    return plan_one("schools/elm.yaml", PlanOrder(out=folder)).line.error


def what_apply_says(folder: Path) -> str:
    return apply_one("schools/elm.yaml", ApplyOrder(folder)).detail


def what_status_says(_folder: Path) -> str:
    return check_one("schools/elm.yaml", plan=True).line.error


@pytest.mark.parametrize("ask", [what_plan_says, what_apply_says, what_status_says])
@pytest.mark.parametrize(
    ("error", "kind"), [(PanicException("Ada"), "PanicError"), (KeyError("Ada"), "KeyError")]
)
def test_a_defect_is_told_of_its_school(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ask: Callable[[Path], str],
    error: BaseException,
    kind: str,
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    for module, name in ((pipeline, "load"), (saved, "open_plan")):
        monkeypatch.setattr(module, name, fail)
    told = ask(tmp_path)
    assert told == f"a defect in reconcile ({kind}): plan this school alone, with --debug, and report it"


def test_a_plan_that_is_gone_is_not_applied(tmp_path: Path) -> None:
    """As when the command was left, and with it its folder of plans, before a worker came to the school."""
    applied = apply_one("schools/elm.yaml", ApplyOrder(tmp_path / "gone"))
    assert (applied.state, applied.changes) == ("failed", 0)
    assert "elm.plan" in applied.detail
