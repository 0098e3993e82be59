"""Rows of one member type's table -> who each row is, and whether it counts."""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import and_, or_
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from reconciler.columns import choose, constant, equals_any, framed, rows_where, where, with_values
from reconciler.frames import SEVERAL_SCHOOLS, folded, matches
from reconciler.keys import first_of_each, first_rows, flags, is_one_of, put
from reconciler.roster.ids import with_clean_ids

if TYPE_CHECKING:
    from reconciler.model import MemberRules, RowFilter, School, TableRules

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
_CLASSIFIED = [*FIELDS, "source_id", "host_id", "state", "reason", "first", "file", "line", "member_type"]

Asked: TypeAlias = "tuple[str, tuple[pl.Expr, ...]]"
"""A column, and what its values may be: a condition over that column alone for each."""


def filters_at_hand(frame: pl.DataFrame, rules: TableRules) -> list[Asked]:
    """Each filter whose column says something: whether a value passes, and whether it is a known one."""
    return [
        (column, _conditions(column, rule))
        for column, rule in rules.filters.items()
        if column in frame.columns and (frame[column] != "").any()  # a required one has been refused before
    ]


@lru_cache(maxsize=256)
def _conditions(column: str, rule: RowFilter) -> tuple[pl.Expr, pl.Expr]:
    value = folded(column)
    return value.is_in(list(rule.accept)), matches(value, rule.known) if rule.known else value != ""


def answers(frame: pl.DataFrame, asked: list[Asked]) -> list[list[pl.Series]]:
    """For everything that is asked, the rows for which each condition is true.

    A column that decides has a handful of values: each is asked once, of however many rows.
    """
    return [_answer(frame[column], conditions) for column, conditions in asked]


def _answer(column: pl.Series, conditions: tuple[pl.Expr, ...]) -> list[pl.Series]:
    values = column.value_counts(name="_rows")
    held = values.select(condition.alias(str(number)) for number, condition in enumerate(conditions))
    return [is_one_of(column, values[column.name].filter(holds)) for holds in held]


def classify_rows(table: pl.DataFrame, rules: TableRules, member_type: str, school: School) -> pl.DataFrame:
    """Every row of a member type's table with what it says of its person.

    Gives FIELDS (`''` where not mapped), `source_id`, `host_id`, `file`, `line` and

    - `state`: eligible, duplicate (rows of this Host ID differ), repeated, unclear, gone or unidentified;
    - `reason`: why a row is not eligible: a finding code for its id, or the filter that left it out;
    - `first`: the number of the first row of the same Host ID, which stands for the person.
    """
    frame = _join_sparse(table) if rules.sparse else table
    frame = _identified(frame, school.members[member_type], member_type)
    frame = _judge_rows(frame, rules, member_type, school)
    frame = _collapse_rows(frame, [c for c in table.columns if c not in NOT_IDENTITY])
    return frame[_CLASSIFIED]


def with_best_states(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `best`, the best state that any row of their Host ID has."""
    several = rows_where(_of_several(rows["first"]))
    rows = with_values(rows, best=rows["state"])
    return put(rows, several, rows[["first", "state"]][several].select(_BEST)) if several.len() else rows


def settled(left: pl.DataFrame, *states: str) -> pl.DataFrame:
    """Each person of whom one of these is the best state, by the first of their rows that has it."""
    best = left["best"]
    own = equals_any(best, states) & (left["state"] == best) & (left["host_id"] != "")
    return first_of_each(where(left, own), ["member_type", "host_id"])


def _of_several(first: pl.Series) -> pl.Series:
    """Whether there is more than one row of the same Host ID."""
    later = first != pl.int_range(first.len(), dtype=pl.UInt32, eager=True)
    return later | flags(first.len(), first.filter(later)) if later.any() else later


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


def _identified(table: pl.DataFrame, members: MemberRules, member_type: str) -> pl.DataFrame:
    """The rows with all FIELDS, `source_id`, `named` (whether it is an id), and `host_id`, '' for none."""
    cleaned = with_clean_ids(table, "id", "school_id")
    frame = cleaned.with_columns(_identity(members, member_type, tuple(table.columns)))
    nameless = rows_where(~frame["named"])
    return put(frame, nameless, constant("", nameless.len()).to_frame("host_id"))


@lru_cache(maxsize=256)
def _identity(members: MemberRules, member_type: str, given: tuple[str, ...]) -> list[pl.Expr]:
    """What a table with these columns does not say, and who each of its rows is."""
    source_id = pl.col("id")
    return [
        *(blank for name, blank in _BLANK.items() if name not in given),
        source_id.alias("source_id"),
        (matches(source_id, members.id_pattern) & (source_id != "")).alias("named"),
        (pl.lit(members.prefix) + source_id).alias("host_id"),
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
        pl.lit(member_type).alias("member_type"),
    ]


def _judge_rows(frame: pl.DataFrame, rules: TableRules, member_type: str, school: School) -> pl.DataFrame:
    """Adds `state` and `reason` by the id and the filters alone."""
    asked = filters_at_hand(frame, rules)
    if school.school_ids and member_type != "parent":
        ours = pl.col("school_id").is_in(list(school.school_ids))
        # One of ours in other letters proves no move to another school.
        alike = folded("school_id").is_in([one.strip().lower() for one in school.school_ids])
        asked.append(("school_id", (ours, (pl.col("school_id") != "") & ~alike)))
    filters = answers(frame, asked)
    # Most rows pass: only the others are looked at more closely.
    stopped = rows_where(~reduce(and_, (accepted for accepted, _ in filters), frame["named"]))
    if not stopped.len():
        return frame
    refusals = [
        (_refusal(member_type, column), accepted[stopped], known[stopped])
        for (column, _), (accepted, known) in zip(asked, filters, strict=True)
    ]
    return put(frame, stopped, _judge_stopped(frame[["source_id", "named"]][stopped], refusals))


def _refusal(member_type: str, column: str) -> str:
    """What is said of rows that the filter of this column does not let pass."""
    return LEFT_OUT.get((member_type, column)) or {"school_id": "another school"}.get(column, column)


def _judge_stopped(rows: pl.DataFrame, refusals: list[tuple[str, pl.Series, pl.Series]]) -> pl.DataFrame:
    """`state, reason` of rows without an id, or that some filter does not let pass.

    Of each filter: what is said of those that it refuses, which it accepts, and which values are known.
    """
    certain, refused = flags(rows.height), constant("", rows.height)
    for refusal, accepted, known in reversed(refusals):  # the first that refuses a row is what is told
        # A row that one filter refuses for certain is out, whatever another cannot read.
        certain |= ~accepted & known
        refused = choose(accepted, refused, refusal)
    problem = choose(rows["source_id"] == "", "missing-id", "bad-id")
    return framed(
        state=choose(certain, "gone", choose(rows["named"], "unclear", "unidentified")),
        reason=choose(certain, refused, choose(rows["named"], UNCLEAR, problem)),
    )


def _collapse_rows(frame: pl.DataFrame, identity: list[str]) -> pl.DataFrame:
    """Of several eligible rows of one Host ID, identical ones become one, and differing ones `duplicate`."""
    frame = with_values(frame, first=first_rows(frame["host_id"]))
    counts = (frame["state"] == "eligible") & (frame["host_id"] != "")
    rows = rows_where(_of_several(frame["first"]) & counts)
    if not rows.len():
        return frame
    one = frame["first"][rows]
    if not counts[one].all():  # the first row of all may be one that does not count
        one = rows[first_rows(one)]
    said = frame[[*identity, "conflict", "school_id"]]
    some, others, later = said[rows], said[one], rows != one
    unlike = reduce(or_, (some[name] != others[name] for name in identity), some["conflict"])
    differ = (flags(frame.height, one.filter(unlike)) & flags(frame.height, one.filter(later)))[one]
    schools = some["school_id"]
    if (schools != others["school_id"]).any():
        schools = with_values(some, one=one).select(_SCHOOLS.over("one")).to_series()
    collapsed = framed(
        state=choose(differ, "duplicate", choose(later, "repeated", "eligible")),
        reason=choose(differ, "duplicate-id", choose(later, REPEATED, "")),
        school_id=schools,
    )
    return put(frame, rows, collapsed)
