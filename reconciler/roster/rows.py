"""Rows of one member type's table -> who each row is, and whether it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import SEVERAL_SCHOOLS, clean_ids, folded, matches
from reconciler.keys import MANY, first_rows, flags, one_of, put

if TYPE_CHECKING:
    from reconciler.model import MemberRules, School, TableRules

FIELDS = (
    "id",
    "alternate_id",
    "person_id",
    "first_name",
    "last_name",
    "preferred_name",
    "email",
    "grade",
    "grad_year",
    "status",
    "school_id",
    "is_active",
)
NOT_IDENTITY = {"id", "status", "school_id", "is_active", "_file", "_line"}
"""Columns in which rows of one person may differ: a teacher has a row for each school."""

LEFT_OUT = {
    ("student", "status"): "not enrolled",
    ("staff", "status"): "no longer here",
    ("parent", "is_active"): "inactive contact",
}
STATES = pl.Enum(["eligible", "duplicate", "repeated", "unclear", "gone", "unidentified", "excluded"])
"""What a row may be; of several of one person, the first of these that one of them is decides."""
REPEATED = "repeated row"
UNCLEAR = "unclear"
UNCLEAR_LINK = "unclear link to a student"
_BLANK = {
    **{name: pl.lit("").alias(name) for name in FIELDS},
    "conflict": pl.lit(value=False).alias("conflict"),
    "state": pl.lit("eligible").alias("state"),
    "reason": pl.lit("").alias("reason"),
}
"""What a table does not say."""
_BEST = pl.col("state").cast(STATES).min().over("first").cast(pl.String).alias("best")
_SCHOOLS = pl.col("school_id").filter(pl.col("school_id") != "").unique().sort().str.join(SEVERAL_SCHOOLS)
_DIFFER, _LATER = pl.col("differ"), pl.col("row") != pl.col("one")
_COLLAPSED = {
    "state": pl.when(_DIFFER)
    .then(pl.lit("duplicate"))
    .when(_LATER)
    .then(pl.lit("repeated"))
    .otherwise("state"),
    "reason": pl.when(_DIFFER)
    .then(pl.lit("duplicate-id"))
    .when(_LATER)
    .then(pl.lit(REPEATED))
    .otherwise("reason"),
    "school_id": pl.col("school_id"),
}
"""What becomes of each of several eligible rows of one Host ID."""
_CLASSIFIED = [
    *(pl.col(name) for name in (*FIELDS, "source_id", "host_id", "state", "reason", "first")),
    pl.col("_file").alias("file"),
    pl.col("_line").alias("line"),
]


def passes_and_known(
    frame: pl.DataFrame, rules: TableRules
) -> tuple[list[tuple[str, pl.Expr]], list[pl.Expr]]:
    """A filter's column and expression for each filter at hand, and whether each value is a known one."""
    passes, known = [], []
    for column, rule in rules.filters.items():
        if column not in frame.columns or not (frame[column] != "").any():
            continue  # a required one has been refused before
        value = folded(column)
        accepted = value.is_in(list(rule.accept))
        clear = accepted | (matches(value, rule.known) if rule.known else value != "")
        accepted, clear = of_its_values(frame, column, accepted, clear)
        passes.append((column, accepted))
        known.append(clear)
    return passes, known


def of_its_values(frame: pl.DataFrame, column: str, *conditions: pl.Expr) -> list[pl.Expr]:
    """Whether conditions of a column are true; of many rows, each distinct value is asked once."""
    if frame.height < MANY:
        return list(conditions)
    values = frame.select(pl.col(column).unique())
    return [one_of(column, values.filter(holds)[column]) for holds in conditions]


def classify_rows(table: pl.DataFrame, rules: TableRules, member_type: str, school: School) -> pl.DataFrame:
    """Every row of a member type's table with what it says of its person.

    Gives FIELDS (`''` where not mapped), `source_id`, `host_id`, `file`, `line` and

    - `state`: eligible, duplicate (rows of this Host ID differ), repeated, unclear, gone or unidentified;
    - `reason`: why a row is not eligible: a finding code for its id, or the filter that left it out;
    - `first`: the number of the first row of the same Host ID, which stands for the person.
    """
    frame = _join_sparse(table) if rules.sparse else table
    frame = _identified(frame, school.members[member_type])
    frame = _judge_rows(frame, rules, member_type, school)
    frame = _collapse_rows(frame, [c for c in table.columns if c not in NOT_IDENTITY])
    return frame.select(*_CLASSIFIED, pl.lit(member_type).alias("member_type"))


def with_best_states(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `best`, the best state that any row of their Host ID has."""
    several = _of_several(rows["first"]).arg_true()
    return put(rows.with_columns(best="state"), several, rows[["first", "state"]][several].select(_BEST))


def settled(left: pl.DataFrame, *states: str) -> pl.DataFrame:
    """Each person of whom one of these is the best state, by the first of their rows that has it."""
    own = (pl.col("state") == pl.col("best")) & (pl.col("host_id") != "")
    return left.filter(own, pl.col("best").is_in(states)).unique(
        ["member_type", "host_id"], keep="first", maintain_order=True
    )


def _of_several(first: pl.Series) -> pl.Series:
    """Whether there is more than one row of the same Host ID."""
    later = first != pl.int_range(first.len(), dtype=pl.UInt32, eager=True)
    return later | flags(first.len(), first.filter(later))


def _join_sparse(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of one id, completed by each other; `conflict` where two rows say different things."""
    values = [name for name in table.columns if name not in {"id", "_file", "_line"}]
    said = pl.col("id") != ""
    known = table.filter(said).group_by("id", maintain_order=True)
    differ = known.agg(pl.col(name).filter(pl.col(name) != "").n_unique() > 1 for name in values)
    filled = known.agg(pl.col(name).filter(pl.col(name) != "").first().fill_null("") for name in values)
    conflict = differ.select("id", conflict=pl.any_horizontal(values))
    return (
        table.filter(said)
        .select("id", "_file", "_line")
        .join(filled, on="id", how="left", maintain_order="left")
        .join(conflict, on="id", how="left", maintain_order="left")
        .select(*table.columns, "conflict")
        .vstack(table.filter(~said).with_columns(conflict=pl.lit(value=False)))
    )


def _identified(table: pl.DataFrame, members: MemberRules) -> pl.DataFrame:
    """The rows with all FIELDS, `source_id`, `named` (whether it is an id), and `host_id`, '' for none."""
    source_id = clean_ids(table["id"])
    named = matches(source_id, members.id_pattern) & (source_id != "")
    columns = {"source_id": source_id, "named": named, "host_id": members.prefix + source_id}
    if "school_id" in table.columns:
        columns["school_id"] = clean_ids(table["school_id"])
    blank = (empty for name, empty in _BLANK.items() if name not in table.columns)
    frame = table.with_columns(*blank, *(values.alias(name) for name, values in columns.items()))
    nameless = (~named).arg_true()
    return put(frame, nameless, pl.DataFrame({"host_id": [""] * nameless.len()}))


def _judge_rows(frame: pl.DataFrame, rules: TableRules, member_type: str, school: School) -> pl.DataFrame:
    """Adds `state` and `reason` by the id and the filters alone."""
    passes, known = passes_and_known(frame, rules)
    if school.school_ids and member_type != "parent":
        passes.append(("school_id", pl.col("school_id").is_in(list(school.school_ids))))
        # One of ours in other letters proves no move to another school.
        alike = folded("school_id").is_in([one.strip().lower() for one in school.school_ids])
        known.append((pl.col("school_id") != "") & ~alike)
    # Most rows pass: only the others are looked at more closely.
    stopped = ~pl.all_horizontal("named", *(accepted for _, accepted in passes))
    rows = frame.select(stopped.arg_true()).to_series()
    if not rows.len():
        return frame
    return put(frame, rows, _judge_stopped(frame[rows], passes, known, member_type))


def _judge_stopped(
    frame: pl.DataFrame, passes: list[tuple[str, pl.Expr]], known: list[pl.Expr], member_type: str
) -> pl.DataFrame:
    """`state, reason` of rows without an id, or that some filter does not let pass."""
    other = {"school_id": "another school"}
    refused = pl.coalesce(
        *(
            pl.when(~accepted).then(pl.lit(LEFT_OUT.get((member_type, column)) or other.get(column, column)))
            for column, accepted in passes
        ),
        pl.lit(""),
    )
    # A row that one filter refuses for certain is out, whatever another cannot read.
    certain = pl.any_horizontal(
        pl.lit(value=False),
        *(~accepted & clear for (_, accepted), clear in zip(passes, known, strict=True)),
    )
    problem = pl.when(pl.col("source_id") == "").then(pl.lit("missing-id")).otherwise(pl.lit("bad-id"))
    return frame.select(
        state=pl.when(certain)
        .then(pl.lit("gone"))
        .when(~pl.col("named"))
        .then(pl.lit("unidentified"))
        .otherwise(pl.lit("unclear")),
        reason=pl.when(certain).then(refused).when(~pl.col("named")).then(problem).otherwise(pl.lit(UNCLEAR)),
    )


def _collapse_rows(frame: pl.DataFrame, identity: list[str]) -> pl.DataFrame:
    """Of several eligible rows of one Host ID, identical ones become one, and differing ones `duplicate`."""
    frame = frame.with_columns(first=first_rows(frame["host_id"]))
    counts = (frame["state"] == "eligible") & (frame["host_id"] != "")
    several = frame.with_row_index("row").filter(_of_several(frame["first"]) & counts)
    several = several.with_columns(
        rows=pl.len().over("first"),
        differ=((pl.struct(identity).n_unique() > 1) | pl.col("conflict").any()).over("first"),
        one=pl.col("row").min().over("first"),
        school_id=_SCHOOLS.over("first"),
    )
    several = several.filter(several["rows"] > 1)
    return put(frame, several["row"], several.select(**_COLLAPSED))
