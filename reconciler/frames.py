"""The schema of every frame, the check at a stage's border, and the few expressions that all stages share.

Every id and every value is text, `''` is the one empty value, and there are no nulls between stages.
"""

from __future__ import annotations

from functools import cache, reduce
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import polars as pl

from reconciler.columns import framed
from reconciler.model import FINDING_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

Column = TypeVar("Column", pl.Expr, pl.Series)
Schema: TypeAlias = "Mapping[str, pl.DataType | type[pl.DataType]]"

T = pl.String
PERSON_FIELDS = ("member_type", "first_name", "last_name", "preferred_name", "email", "grad_year")
"""The fields of a user that are compared."""

# -- what the sources give ------------------------------------------------------------------------------

ORIGIN = {"_file": T, "_line": pl.UInt32}

# -- roster -----------------------------------------------------------------------------------------------

SEVERAL_SCHOOLS = "\x1f"
"""What stands between the schools of one person: no id holds it, while a campus's name may hold spaces."""
PEOPLE = {
    "host_id": T,
    "member_type": T,
    "first_name": T,
    "last_name": T,
    "preferred_name": T,
    "email": T,
    "mail": T,  # the e-mail as it is compared: trimmed and lower-cased
    "grade": T,  # number as text, kindergarten 0
    "grad_year": T,  # calendar year as text
    "school_id": T,  # of somebody at several schools all of them, with SEVERAL_SCHOOLS between
    "blocked": T,  # a finding code, '' for somebody who is carried on
    "unreadable": T,  # fields whose value counts as not supplied, by spaces
    "file": T,
    "line": pl.UInt32,
}
ROSTER_RELATIONSHIPS = {"student_host_id": T, "parent_host_id": T, "relationship": T}
# What of an account stays as it is. Scope: account, all of it; groups, its memberships; links, a student's
# relationships; staff-links, a student's relationships to members of staff; parents, a student's
# relationships and whoever has one.
HELD = {"host_id": T, "scope": T, "reason": T}
MERGED = {"staff_host_id": T, "parent_host_id": T}
# Cause: graduated, transferred, staff, parent, excluded. The place is that of the row that says so.
GONE = {"host_id": T, "cause": T, "file": T, "line": pl.UInt32}
UNIDENTIFIED = {"member_type": T, "first": T, "last": T}  # names trimmed and case-folded
KEPT_OUT = {"student_host_id": T, "parent_host_id": T}
ROWS = {
    "member_type": T,
    "outcome": T,  # person, merged, blocked, left-out
    "reason": T,
    "rows": pl.UInt32,
}

# -- directory --------------------------------------------------------------------------------------------

LED = "led"
"""The origin of a parent's membership that the directory itself makes, because a child is in the group."""
CROSSWALK = {"old_host_id": T, "new_host_id": T, "decision": T, "file": T, "line": pl.UInt32}
USERS = {"host_id": T, **dict.fromkeys(PERSON_FIELDS, T), "active": pl.Boolean}
GROUPS = {"key": T, "category": T, "name": T, "kind": T}
MEMBERSHIPS = {"group_key": T, "host_id": T}
RELATIONSHIPS = {"student_host_id": T, "parent_host_id": T}
REASONED_MEMBERSHIPS = {**MEMBERSHIPS, "reason": T}

CURRENT_USERS = {
    **USERS,
    "target_id": T,
    "status": T,  # not_activated, pending, activated
    "role": T,
    "opt_out": pl.Boolean,
    "origin": T,  # sync, hand; of a link also LED, or '' where the directory cannot say
    "deactivated_by": T,  # '', sync, hand
}
CURRENT_GROUPS = {**GROUPS, "target_id": T, "origin": T}  # key is '' where the group has no external id
CURRENT_MEMBERSHIPS = {**MEMBERSHIPS, "target_id": T, "group_target_id": T, "origin": T}
CURRENT_RELATIONSHIPS = {**RELATIONSHIPS, "target_id": T, "origin": T}

# A resolved row carries the target_id of the object that it describes, '' for one to be created.
RESOLVED_USERS = {**USERS, "target_id": T, "reason": T}
RESOLVED_GROUPS = {**GROUPS, "target_id": T, "reason": T}
RESOLVED_MEMBERSHIPS = {**MEMBERSHIPS, "reason": T}
RESOLVED_RELATIONSHIPS = {**RELATIONSHIPS, "reason": T}

# -- findings and plan ------------------------------------------------------------------------------------

FINDINGS = {
    "code": T,
    "level": T,
    "host_id": T,
    "file": T,
    "line": pl.UInt32,  # 0 where there is none
    "detail": T,
    "others": T,  # Host IDs of those it clashes with, separated by spaces
}
PARKED = "parked:"
"""How the Host ID of an account begins that is on its way to the one that follows."""
CHANGE = {"id": pl.UInt32, "action": T, "step": pl.UInt32, "reason": T, "fields": T}  # fields: by spaces
USER_CHANGES = {
    **CHANGE,
    "host_id": T,
    "target_id": T,
    "later_email": T,  # the e-mail that a later step on the same object sets
    "later_host_id": T,  # and the Host ID
    **{f"before_{name}": T for name in ("host_id", *PERSON_FIELDS)},
    "before_active": pl.Boolean,
    **{f"after_{name}": T for name in ("host_id", *PERSON_FIELDS)},
    "after_active": pl.Boolean,
}
GROUP_CHANGES = {
    **CHANGE,
    "group_key": T,
    "target_id": T,
    **{f"{side}_{name}": T for side in ("before", "after") for name in ("key", "category", "name")},
}
MEMBERSHIP_CHANGES = {
    **CHANGE,
    "group_key": T,
    "group": T,  # Category/Name
    "host_id": T,
    "target_id": T,
}
RELATIONSHIP_CHANGES = {**CHANGE, "student_host_id": T, "parent_host_id": T, "target_id": T}
PLAN_PEOPLE = {
    "host_id": T,
    "member_type": T,
    "first_name": T,
    "last_name": T,
    "email": T,
    "file": T,  # where the export tells of them; '' for an account of which it says nothing
    "line": pl.UInt32,
}
OUTCOMES = {
    "kind": T,
    "id": pl.UInt32,
    "outcome": T,
    "detail": T,
    "made_id": T,  # the target id of an account that was created, where the target tells it at once
}


def check(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Give `frame` with the columns of `schema`, in its order.

    Raises:
        TypeError: a column is missing, has another type or holds nulls: a stage broke its promise.
    """
    found = dict(zip(frame.columns, frame.dtypes, strict=True))
    if wrong := [name for name, dtype in schema.items() if found.get(name) != dtype]:
        told = "; ".join(f"{name}: {found.get(name, 'missing')}, not {schema[name]}" for name in wrong)
        raise TypeError(f"frame differs from its schema: {told}")
    if list(found) != list(schema):
        frame = frame[list(schema)]
    # Not column by column: that would write out, for good, each that holds one value for all rows.
    if holes := [name for name, nulls in zip(schema, frame.null_count().row(0), strict=True) if nulls]:
        raise TypeError(f"nulls in {', '.join(holes)}")
    return frame


def empty(schema: Schema) -> pl.DataFrame:
    """A frame of `schema` without rows."""
    return _empty(tuple(schema.items()))


@cache
def _empty(columns: tuple[tuple[str, pl.DataType | type[pl.DataType]], ...]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(columns))


def stack(frames: list[pl.DataFrame], schema: Schema) -> pl.DataFrame:
    """The rows of all frames, each cut to `schema`.

    In one piece: columns in several, beside one that is whole, are put together anew by each operation.
    """
    checked = [check(frame, schema) for frame in frames if frame.height]
    return reduce(pl.DataFrame.vstack, checked).rechunk() if checked else empty(schema)


def blanks(schema: Schema) -> list[pl.Expr]:
    """A column for each of `schema` with its empty value: '', false or 0."""
    return [_blank(dtype).alias(name) for name, dtype in schema.items()]


@cache
def _blank(dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    empty_values: dict[object, str | bool | int] = {T: "", pl.Boolean: False, pl.UInt32: 0}
    return pl.lit(empty_values[dtype], dtype)


def folded(column: str) -> pl.Expr:
    """A text column as names and e-mails are compared: trimmed and lower-cased."""
    return pl.col(column).str.strip_chars().str.to_lowercase()


def clean_id(column: str) -> pl.Expr:
    """An id as the SIS means it: without the `.0` that a spreadsheet adds."""
    return pl.col(column).map_batches(clean_ids, return_dtype=T)


def clean_ids(ids: pl.Series) -> pl.Series:
    """Ids as `clean_id` has them."""
    # To look for the two characters takes a thirtieth of the time of replacing, as a rule in vain.
    unclean = ids.str.contains(".0", literal=True)
    if not unclean.any():
        return ids
    rows = unclean.arg_true()
    return ids.clone().scatter(rows, ids[rows].str.replace(r"^([0-9]+)\.0+$", "$1"))


def matches(column: Column, pattern: str) -> Column:
    """Whether the whole text matches the regular expression."""
    return column.str.contains(f"^(?:{pattern})$")


def one_row_each(people: pl.DataFrame) -> pl.DataFrame:
    """PEOPLE by Host ID: of two member types that collide in one, the first stands for both."""
    if not (people["blocked"] == "id-collision").any():
        return people
    return people.unique("host_id", keep="first", maintain_order=True)


def key_kind(key: str) -> pl.Expr:
    """What a group's key begins with, before its colon or its campus: `faculty` of `faculty@Upper School`."""
    return pl.col(key).str.extract(r"^([^:@]*)", 1)


def in_key_order(column: str) -> list[pl.Expr]:
    """Group keys by kind, then by number, then by text: grade 2 comes before grade 10."""
    key = pl.col(column)
    return [
        key.str.extract(r"^([a-z_]*)", 1),
        key.str.extract(r":(-?[0-9]+)", 1).cast(pl.Int64, strict=False),
        key,
    ]


def group_label(key: str, target_id: str) -> pl.Expr:
    """What a membership calls its group: the key, or `#` and the target's id for a group without one."""
    return pl.when(pl.col(key) == "").then(pl.lit("#") + pl.col(target_id)).otherwise(key)


def quoted(column: str) -> pl.Expr:
    """An id as it stands in the id of a link: without a colon of its own."""
    return pl.col(column).str.replace_all("%", "%25", literal=True).str.replace_all(":", "%3A", literal=True)


def link_id(left: str, right: str) -> pl.Expr:
    """The id of a link between two objects by their ids, `<left>:<right>`."""
    return pl.concat_str(quoted(left), quoted(right), separator=":")


def findings(  # noqa: PLR0913 - a finding's parts, each by name
    frame: pl.DataFrame,
    code: str,
    detail: str | pl.Expr,
    *,
    host_id: str | pl.Expr = "host_id",
    others: pl.Expr | None = None,
    level: str = "",
) -> pl.DataFrame:
    """FINDINGS of one code, one for each row of `frame`.

    `frame` may have `file` and `line`; `detail` is a text or an expression over the frame; `host_id`
    is a column's name or an expression. The level is the code's own unless one is given.
    """
    if frame.is_empty():  # as most are: a school has few kinds of trouble at once
        return empty(FINDINGS)
    parts = {"host_id": host_id, "detail": detail, "others": others}
    asked = {name: part for name, part in parts.items() if isinstance(part, pl.Expr)}
    told = frame.with_columns(**asked) if asked else frame
    return framed(
        code=code,
        level=level or FINDING_CODES[code].level,
        host_id=frame[host_id] if isinstance(host_id, str) else told["host_id"],
        file=frame["file"] if "file" in frame.columns else "",
        line=frame["line"] if "line" in frame.columns else 0,
        detail=detail if isinstance(detail, str) else told["detail"],
        others="" if others is None else told["others"],
    )


def one_finding(code: str, detail: str, *, level: str = "", file: str = "") -> pl.DataFrame:
    """A finding about the school, or a file, as a whole."""
    return findings(pl.DataFrame({"host_id": [""], "file": [file]}), code, detail, level=level)


_GRAVITY = pl.col("level").cast(pl.Enum(["error", "blocked", "warning", "info"]))


def sort_findings(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """FINDINGS of all frames in canonical order, the gravest first, each once."""
    every = stack([frame for frame in frames if frame.height], FINDINGS).unique()
    return every.sort(_GRAVITY, "code", "host_id", "file", "line", "detail", "others")
