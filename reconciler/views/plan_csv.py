"""A plan as CSV, one row a change: for a registrar, and for whoever filters best in a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS
from reconciler.views.harmless import all_harmless

if TYPE_CHECKING:
    from reconciler.model import Plan

COLUMNS = (
    "kind",
    "action",
    "host_id",
    "name",
    "member_type",
    "group",
    "student_host_id",
    "student",
    "fields",
    "before",
    "after",
    "reason",
    "file",
    "line",
)
"""Of a relationship, `host_id` and `name` are the parent's."""


def plan_csv(plan: Plan, **_look: object) -> str:
    """`plan` as CSV with COLUMNS; names and e-mails are in it. How a text looks makes no difference here.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    changes = plan.changes
    kinds = {
        "user": _users(changes.users),
        "group": _groups(changes.groups),
        "membership": changes.memberships,
        "relationship": changes.relationships.rename({"parent_host_id": "host_id"}),
    }
    rows = pl.concat(
        [frame.sort("id").with_columns(kind=pl.lit(kind)) for kind, frame in kinds.items()], how="diagonal"
    )
    people = plan.people.select("host_id", "member_type", "file", "line", name=_name())
    students = plan.people.select(student_host_id="host_id", student=_name())
    told = rows.join(people, on="host_id", how="left", maintain_order="left").join(
        students, on="student_host_id", how="left", maintain_order="left"
    )
    line = pl.when(pl.col("line") > 0).then(pl.col("line").cast(pl.String))
    cells = told.with_columns(line=line).select(COLUMNS).fill_null("")
    return cells.with_columns(all_harmless(pl.all()).replace("", None)).write_csv()


def _users(changes: pl.DataFrame) -> pl.DataFrame:
    created = pl.col("action") == "create"
    named = pl.col("fields").str.split(" ")
    shown = {"host_id": pl.col("action") == "rekey"}
    shown |= {name: created | named.list.contains(name) for name in PERSON_FIELDS}
    before = pl.when(~created).then(_values("before", shown))
    return changes.with_columns(before=before, after=_values("after", shown))


def _groups(changes: pl.DataFrame) -> pl.DataFrame:
    created = pl.col("action") == "create"
    named = pl.col("fields").str.split(" ")
    shown = {name: created | named.list.contains(name) for name in ("category", "name")}
    before = pl.when(~created).then(_values("before", shown))
    last = {
        name: pl.when(pl.col(f"after_{name}") != "").then(f"after_{name}").otherwise(f"before_{name}")
        for name in ("category", "name")
    }
    group = pl.format("{}/{}", last["category"], last["name"])
    return changes.with_columns(before=before, after=_values("after", shown), group=group)


def _values(side: str, shown: dict[str, pl.Expr]) -> pl.Expr:
    """`email: a@example.org; last_name: Byron`, of the fields that are shown and not blank."""
    pairs = [
        pl.when(condition & (pl.col(f"{side}_{name}") != "")).then(
            pl.format("{}: {}", pl.lit(name), f"{side}_{name}")
        )
        for name, condition in shown.items()
    ]
    return pl.concat_str(pairs, separator="; ", ignore_nulls=True)


def _name() -> pl.Expr:
    return pl.concat_str("first_name", "last_name", separator=" ").str.strip_chars()
