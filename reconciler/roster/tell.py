"""What the tables say of somebody, row by row, and what became of each row: by the roster's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import empty, stack
from reconciler.roster.exclude import exclude_links, exclude_people, read_exclusions
from reconciler.roster.links import LINKS, read_links
from reconciler.roster.parents import judge_parents
from reconciler.roster.require import rules_of
from reconciler.roster.rows import classify_rows, with_best_states

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.model import School, Tables

ROWS_TOLD = dict.fromkeys(
    (
        *("member_type", "host_id", "state", "reason", "file"),
        *("first_name", "last_name", "email", "grade", "grad_year", "status", "school_id"),
    ),
    pl.String,
) | {"line": pl.UInt32}
"""A row of a member type's table: what it says, its `state`, and why it does not count."""


def tell_rows(tables: Tables, school: School, host_ids: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """ROWS_TOLD of these Host IDs, and LINKS of contacts that name one of them on either end."""
    asked = pl.Series(sorted(host_ids), dtype=pl.String).implode()
    excluded, kept_out = read_exclusions(tables)
    rows = {}
    for member, rules in school.members.items():
        classified = classify_rows(
            tables.frames[rules.table], rules_of(tables, school, rules.table), member, school
        )
        rows[member] = with_best_states(exclude_people(classified, excluded))
    links = empty(LINKS)
    if "parent" in rows:
        contacts = rules_of(tables, school, "contacts")
        links, _, _ = read_links(tables, contacts, rows["student"], rows["parent"], school)
        links, _ = exclude_links(links, kept_out, school)
        nobody = rows["parent"]["host_id"].clear()  # whom it would not hold is nothing to a row
        rows["parent"], _, _ = judge_parents(rows["parent"], links, rows["student"], nobody, school)
    told = [frame.filter(pl.col("host_id").is_in(asked)).select(*ROWS_TOLD) for frame in rows.values()]
    ends = pl.col("student_host_id").is_in(asked) | pl.col("parent_host_id").is_in(asked)
    return stack(told, ROWS_TOLD), links.filter(ends)
