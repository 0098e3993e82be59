"""How many changes of each action a plan has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.plan import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from reconciler.model import Plan

SYMBOLS: Mapping[str, str] = {
    "create": "+",
    "add": "+",
    "update": "~",
    "rekey": "~",
    "reactivate": "~",
    "deactivate": "-",
    "remove": "-",
}
"""Action -> the sign that it has in every view."""


def count_actions(plan: Plan) -> dict[str, dict[str, int]]:
    """Kind -> action -> how many; every action is there, 0 too."""
    return {
        kind: dict.fromkeys(ACTIONS[kind], 0) | _tally(frame["action"])
        for kind, frame in plan.changes.frames().items()
    }


def count_codes(findings: pl.DataFrame) -> dict[str, int]:
    """Code -> how many, for the codes that occur."""
    return dict(sorted(_tally(findings["code"]).items()))


def _tally(column: pl.Series) -> dict[str, int]:
    return dict(column.value_counts().iter_rows())
