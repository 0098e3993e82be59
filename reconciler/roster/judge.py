"""Tables -> each row's state and each link's verdict: by the filters, the exclude list and the links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import empty
from reconciler.roster.exclude import exclude_links, exclude_people, hold_excluded
from reconciler.roster.exclude_list import read_exclusions
from reconciler.roster.links import LINKS, read_links
from reconciler.roster.parents import hold_staff_links, judge_parents
from reconciler.roster.partners import ONE_PERSON, find_partners
from reconciler.roster.require import rules_of
from reconciler.roster.rows import classify_rows, with_best_states

if TYPE_CHECKING:
    from reconciler.model import School, Tables


@dataclass(frozen=True, slots=True)
class Judged:
    """What the tables say of everybody, row by row."""

    rows: dict[str, pl.DataFrame]
    """Member type -> the rows of its table, with `state`, `reason` and `best`."""
    links: pl.DataFrame
    """LINKS."""
    kept_out: pl.DataFrame
    """KEPT_OUT."""
    one_person: pl.DataFrame
    """ONE_PERSON."""
    excluded: pl.Series
    """Host IDs that the exclude list names, and those of the same people."""
    unseen: pl.DataFrame
    """FINDINGS of the exclude list that stand where no account has the Host ID either."""
    held: list[pl.DataFrame]
    findings: list[pl.DataFrame]


def judge_rows(tables: Tables, school: School, crosswalk: pl.DataFrame) -> Judged:
    """Every row and every link, judged.

    Raises:
        InputError: lines of the exclude list that cannot be what they are meant to be.
    """
    rows = {
        member: classify_rows(
            tables.frames[rules.table], rules_of(tables, school, rules.table), member, school
        )
        for member, rules in school.members.items()
    }
    excluded = read_exclusions(tables, school, rows, crosswalk)
    rows = {member: exclude_people(some, excluded.people) for member, some in rows.items()}
    # A parent's best state is settled by the links.
    rows = {member: some if member == "parent" else with_best_states(some) for member, some in rows.items()}
    links, held, found = empty(LINKS), [], []
    if "parent" in rows:
        links, unnamed, found_links = read_links(
            tables, rules_of(tables, school, "contacts"), rows["student"], rows["parent"], school
        )
        links, found_excluded = exclude_links(links, excluded.links, school)
        rows["parent"], rowless, found_parents = judge_parents(
            rows["parent"], links, rows["student"], _staff(rows), school
        )
        held = [unnamed, rowless, hold_staff_links(links, rows["parent"], rowless)]
        found = [found_links, found_excluded, found_parents]
    people, one_person = excluded.people, empty(ONE_PERSON)
    if people.len() and {"staff", "parent"} <= rows.keys():
        one_person = find_partners(people, rows, tables, school)
        people = pl.concat([people, one_person["host_id"]]).unique()
        for side in ("staff", "parent"):
            rows[side] = with_best_states(exclude_people(rows[side].drop("best"), people))
    return Judged(
        rows=rows,
        links=links,
        kept_out=excluded.links,
        one_person=one_person,
        excluded=people,
        unseen=excluded.unseen,
        held=[hold_excluded(people, school), *held],
        findings=found,
    )


def _staff(rows: dict[str, pl.DataFrame]) -> pl.Series:
    """Host IDs of staff who are eligible."""
    staff = rows.get("staff", rows["parent"].clear())
    return staff["host_id"].filter(staff["state"] == "eligible")
