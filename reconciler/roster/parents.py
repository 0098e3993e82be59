"""Who is a parent: a contact linked for certain to an eligible student."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import HELD, check, findings
from reconciler.keys import flags, one_of, put
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
    weight = _weigh(links, students, school)
    there = links["parent"].is_not_null()
    linked = flags(rows.height, links["parent"].filter(there & (weight == _PARENT)))
    open_ = flags(rows.height, links["parent"].filter(there & (weight == _PERHAPS)))
    undecided = pl.col("state").is_in(["eligible", "duplicate", "repeated", "unclear"])
    unproven = rows.select((undecided & ~linked[rows["first"]]).arg_true()).to_series()
    perhaps = open_[rows["first"][unproven]]
    verdict = perhaps.to_frame("perhaps").select(
        state=pl.when("perhaps").then(pl.lit("unclear")).otherwise(pl.lit("gone")),
        reason=pl.when("perhaps").then(pl.lit(UNCLEAR_LINK)).otherwise(pl.lit(NO_CHILD)),
    )
    rows = put(rows, unproven, verdict)
    rowless = (
        links.with_columns(weight=weight)
        .filter(~there, ~one_of("parent_host_id", staff))
        .group_by("parent_host_id", maintain_order=True)
        .agg(pl.col("weight").max(), pl.col("file").first(), pl.col("line").min())
        .filter(pl.col("weight") > _NOT)
    )
    held = rowless.select(host_id="parent_host_id", scope=pl.lit("account"), reason=pl.lit("unknown-parent"))
    return with_best_states(rows), check(held, HELD), _findings(rows, rowless)


def hold_staff_links(links: pl.DataFrame, rows: pl.DataFrame, rowless: pl.DataFrame) -> pl.DataFrame:
    """HELD: students of whom it cannot be told whether a contact is a parent.

    That contact may be a member of staff whose link stands under the staff account. While this is open,
    such a link stays.
    """
    unclear = rows.filter(pl.col("state") == "unclear").select(parent_host_id="host_id")
    open_links = links.filter((pl.col("verdict") != "no") & (pl.col("student_host_id") != "")).join(
        pl.concat([unclear, rowless.select(parent_host_id="host_id")]), on="parent_host_id", how="semi"
    )
    students = open_links.select(host_id="student_host_id").unique().sort("host_id")
    held = students.with_columns(scope=pl.lit("staff-links"), reason=pl.lit("leaver-uncertain"))
    return check(held, HELD)


def _findings(rows: pl.DataFrame, rowless: pl.DataFrame) -> pl.DataFrame:
    orphans = rows.filter(pl.col("reason") == NO_CHILD).unique("host_id", keep="first", maintain_order=True)
    return pl.concat(
        [
            findings(orphans, "orphan-parent", "no link leads to a student of the school"),
            findings(
                rowless.filter(pl.col("weight") == _PARENT),
                "unknown-parent",
                "is a contact of an enrolled student, but has no row in the parents table",
                host_id="parent_host_id",
            ),
        ]
    )


def _weigh(links: pl.DataFrame, students: pl.DataFrame, school: School) -> pl.Series:
    """What each link says of its contact."""
    theirs = students["best"][links["student"]].fill_null("unknown")
    open_states = ["unclear", "unknown", *(["excluded"] if school.exclude.existing == "hold" else [])]
    enrolled = pl.col("theirs").is_in(_ENROLLED)
    return (
        links.select("verdict", theirs=theirs)
        .select(
            pl.when(pl.col("verdict") == "no")
            .then(_NOT)
            .when(enrolled & (pl.col("verdict") == "yes"))
            .then(_PARENT)
            .when(enrolled | pl.col("theirs").is_in(open_states))
            .then(_PERHAPS)
            .otherwise(_NOT)
            .cast(pl.Int8)
        )
        .to_series()
    )
