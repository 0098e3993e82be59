from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import Baseline, TableFigures
from reconciler.state.baseline import keep_baseline, read_baseline
from reconciler.state.scope import Scope
from reconciler.state.tables import to_text
from tests.support.remembered import DAY, NOW, finish, start

if TYPE_CHECKING:
    from reconciler.state.store import Store

STUDENTS = TableFigures(
    file="students.csv",
    rows=399,
    header="cafe",
    encoding="utf-8",
    blank={"email": 100, "first_name": 0},
    modified="2025-08-31T20:00:00+00:00",
    digest="beef",
)


def test_there_is_none_before_the_first_apply(store: Store, scope: Scope) -> None:
    with store.read() as tx:
        assert read_baseline(tx, scope) is None


def test_the_latest_figures_stand_for_all(store: Store, scope: Scope) -> None:
    with store.write() as tx:
        for day in range(2):
            run = start(tx, scope)
            finish(tx, scope, run)
            keep_baseline(tx, scope, run, {"students": STUDENTS}, now=NOW + day * DAY)
        assert read_baseline(tx, scope) == Baseline(2, to_text(NOW + DAY), {"students": STUDENTS})
        assert read_baseline(tx, Scope("maple-grove", "dir-2")) is None
