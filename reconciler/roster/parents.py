"""Who is a parent: a contact linked for certain to an eligible student."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, equals_any, framed, is_there, rows_where, where, with_values
from reconciler.frames import FINDINGS, HELD, check, empty, findings, stack
from reconciler.keys import first_of_each, flags, is_one_of, put
from reconciler.roster.links import hold_each
from reconciler.roster.rows import UNCLEAR_LINK, with_best_states

if TYPE_CHECKING:
    from reconciler.model import School

NO_CHILD = "no child at the school"
_ENROLLED = ["eligible", "duplicate"]
_PARENT, _PERHAPS, _NOT = 2, 1, 0


def judge_parents(
    rows: pl.DataFrame, links: pl.DataFrame, students: pl.DataFrame, staff: pl.Series, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Parents' rows with their state settled by their links; HELD for contacts without a row; findings.

    `staff` are the Host IDs of staff: where all share one id space, a contact may be one of them.

    A link whose flags cannot be read, or that leads to a student who is not in the export or is held,
    makes nobody a parent, and proves of nobody that they are none.
    """
    weight, there = _weigh(links, students, school), is_there(links["parent"])
    linked = flags(rows.height, links["parent"].filter(there & (weight == _PARENT)))
    open_ = flags(rows.height, links["parent"].filter(there & (weight == _PERHAPS)))
    undecided = equals_any(rows["state"], ("eligible", "duplicate", "repeated", "unclear"))
    unproven = rows_where(undecided & ~linked[rows["first"]])
    perhaps = open_[rows["first"][unproven]]
    verdict = framed(state=choose(perhaps, "unclear", "gone"), reason=choose(perhaps, UNCLEAR_LINK, NO_CHILD))
    rows = with_best_states(put(rows, unproven, verdict))
    rowless = _without_row(where(with_values(links, weight=weight), ~there), staff)
    held = framed(host_id=rowless["parent_host_id"], scope="account", reason="unknown-parent")
    return rows, check(held, HELD), _findings(rows, rowless)


def hold_staff_links(links: pl.DataFrame, rows: pl.DataFrame, rowless: pl.DataFrame) -> pl.DataFrame:
    """HELD: students of whom it cannot be told whether a contact is a parent.

    That contact may be a member of staff whose link stands under the staff account. While this is open,
    such a link stays.
    """
    unclear = rows["host_id"].filter(rows["state"] == "unclear")
    contacts = pl.concat([unclear, rowless["host_id"]])
    if not contacts.len():
        return empty(HELD)
    open_ = is_one_of(links["parent_host_id"], contacts) & (links["verdict"] != "no")
    students = links["student_host_id"].filter(open_ & (links["student_host_id"] != ""))
    return hold_each(students, "staff-links", "leaver-uncertain")


def _without_row(links: pl.DataFrame, staff: pl.Series) -> pl.DataFrame:
    """Contacts who may be parents and have no row of their own: `parent_host_id, weight, file, line`."""
    if links.is_empty():
        return links[["parent_host_id", "weight", "file", "line"]]
    contacts = (
        where(links, ~is_one_of(links["parent_host_id"], staff))
        .group_by("parent_host_id", maintain_order=True)
        .agg(pl.col("weight").max(), pl.col("file").first(), pl.col("line").min())
    )
    return where(contacts, contacts["weight"] != _NOT)


def _findings(rows: pl.DataFrame, rowless: pl.DataFrame) -> pl.DataFrame:
    orphans = first_of_each(where(rows, rows["reason"] == NO_CHILD), ["host_id"])
    found = [
        findings(orphans, "orphan-parent", "no link leads to a student of the school"),
        findings(
            where(rowless, rowless["weight"] == _PARENT),
            "unknown-parent",
            "is a contact of an enrolled student, but has no row in the parents table",
            host_id="parent_host_id",
        ),
    ]
    return stack(found, FINDINGS)


def _weigh(links: pl.DataFrame, students: pl.DataFrame, school: School) -> pl.Series:
    """What each link says of its contact."""
    theirs = choose(links["student_host_id"] != "", students["best"][links["student"]], "unknown")
    open_states = ["unclear", "unknown", *(["excluded"] if school.exclude.existing == "hold" else [])]
    enrolled, verdict = equals_any(theirs, _ENROLLED), links["verdict"]
    perhaps = choose(enrolled | equals_any(theirs, open_states), _PERHAPS, _NOT)
    return choose(verdict == "no", _NOT, choose(enrolled & (verdict == "yes"), _PARENT, perhaps))
