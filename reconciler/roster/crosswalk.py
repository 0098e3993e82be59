"""The crosswalk: which account of before is whose, as the school has decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import framed
from reconciler.errors import InputError, Mistake
from reconciler.frames import CROSSWALK, check, clean_id, empty, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import School, Tables

DECISIONS = ("", "accept", "keep_old", "reject", "set_aside")
"""'' is still to be decided; `set_aside` leaves an account alone, whoever it may be."""
MOVING = ("accept", "keep_old")


def read_crosswalk(tables: Tables, school: School) -> pl.DataFrame:
    """CROSSWALK: every decided row, its new Host ID with the prefix that a raw id lacks.

    Raises:
        InputError: rows that cannot be, or that contradict each other, with their lines.
    """
    listed = tables.frames.get("crosswalk")
    if listed is None:
        return empty(CROSSWALK)
    given = listed.columns
    whole = listed.select(
        *(pl.col(name) if name in given else pl.lit("").alias(name) for name in _COLUMNS),
        file=pl.col("_file"),
        line=pl.col("_line"),
    ).with_columns(
        decision=pl.col("decision").str.to_lowercase(),
        member_type=pl.col("member_type").str.to_lowercase(),
        new_host_id=clean_id("new_host_id"),
    )
    # A spreadsheet leaves lines of nothing but commas.
    whole = whole.filter(pl.any_horizontal(pl.col(_COLUMNS) != ""))
    rows = whole.with_columns(new_host_id=_with_prefix(school))
    if mistakes := list(_mistakes(rows, school)):
        raise InputError(mistakes)
    return check(rows.filter(pl.col("decision") != ""), CROSSWALK)


def hold_set_aside(crosswalk: pl.DataFrame) -> pl.DataFrame:
    """HELD: accounts that the crosswalk leaves alone, whoever they may be and whether they are gone."""
    aside = crosswalk["old_host_id"].filter(crosswalk["decision"] == "set_aside")
    return framed(host_id=aside, scope="account", reason="set_aside")


_COLUMNS = ("old_host_id", "new_host_id", "member_type", "decision")


def _with_prefix(school: School) -> pl.Expr:
    new = pl.col("new_host_id")
    for member, rules in school.members.items():
        raw = (pl.col("member_type") == member) & matches(pl.col("new_host_id"), rules.id_pattern)
        whole = matches(pl.col("new_host_id"), rules.host_id_pattern)
        new = pl.when(raw & ~whole).then(pl.lit(rules.prefix) + pl.col("new_host_id")).otherwise(new)
    return new


def _mistakes(rows: pl.DataFrame, school: School) -> Iterator[Mistake]:
    moving = pl.col("decision").is_in(MOVING)
    decisions = ", ".join(DECISIONS[1:])
    yield from _each(rows.filter(pl.col("old_host_id") == ""), "no old_host_id", "say whose account it is")
    yield from _each(
        rows.filter(~pl.col("decision").is_in(DECISIONS)),
        "an unknown decision",
        f"write {decisions}, or leave it blank until it is decided",
    )
    needs_new = rows.filter(pl.col("decision").is_in([*MOVING, "reject"]))
    blank = needs_new.filter(pl.col("new_host_id") == "")
    yield from _each(blank, "no new_host_id", "say who the account's person is in the SIS")
    fits = pl.any_horizontal(
        matches(pl.col("new_host_id"), rules.host_id_pattern) for rules in school.members.values()
    )
    odd = needs_new.filter((pl.col("new_host_id") != "") & ~fits)
    hint = "write prefix and id, or the id alone with its member_type"
    yield from _each(odd, "new_host_id is no Host ID of this school", hint)
    yield from _each(
        rows.filter(moving & fits & _of_another_kind(school)),
        "new_host_id is not of this member_type",
        "correct one of the two: a student's account stays a student's",
    )
    for column in ("old_host_id", "new_host_id"):
        twice = rows.filter(moving & (pl.col(column) != "")).filter(pl.col(column).is_duplicated())
        yield from _each(
            twice, f"the same {column} is accepted twice", "accept one of the rows, and reject the others"
        )
    for other, said, on in (
        ("set_aside", "set aside", ["old_host_id"]),
        ("reject", "rejected", ["old_host_id", "new_host_id"]),
    ):
        both = rows.filter(moving).join(rows.filter(decision=other), on=on, how="semi")
        both = rows.filter(moving | (pl.col("decision") == other)).join(both, on=on, how="semi")
        yield from _each(both, f"the same {on[0]} is accepted and {said}", "take out the row that is wrong")


def _of_another_kind(school: School) -> pl.Expr:
    """Whether the row says student where the new Host ID is only staff's or a parent's, or the reverse."""
    of_student = pl.col("member_type") == "student"
    said = pl.col("member_type").is_in(list(school.members))
    fits = pl.any_horizontal(
        matches(pl.col("new_host_id"), rules.host_id_pattern) & ((pl.lit(member) == "student") == of_student)
        for member, rules in school.members.items()
    )
    return said & ~fits


def _each(rows: pl.DataFrame, message: str, hint: str) -> Iterator[Mistake]:
    for file, line in rows.select("file", "line").rows():
        yield Mistake(file, line, 0, message, hint)
