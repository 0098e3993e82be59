"""Contacts -> who is a parent of whom, and which links prove nothing."""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import and_, or_
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, constant, framed, rows_where, where, with_values
from reconciler.frames import (
    FINDINGS,
    HELD,
    clean_ids,
    empty,
    findings,
    folded,
    matches,
    stack,
)
from reconciler.keys import find, flags, is_one_of, is_repeated, nowhere
from reconciler.roster.ids import with_clean_ids
from reconciler.roster.rows import answers, filters_at_hand

if TYPE_CHECKING:
    from reconciler.model import MemberRules, School, TableRules, Tables

NO = ("", "0", "false", "no", "n", "f")
"""What a flag says for no (case-folded): a blank flag does not pass."""

LINKS = {
    "student": pl.UInt32,  # row of the students table, null where the contact names nobody there
    "student_host_id": pl.String,  # '' likewise
    "parent": pl.UInt32,  # first row of the parents table with this Host ID, null where there is none
    "parent_host_id": pl.String,
    "relationship": pl.String,
    "verdict": pl.String,  # yes, no, or unclear
    "file": pl.String,
    "line": pl.UInt32,
}
"""A contact's link to a student. The rows it names are those of the tables as they were classified: whole."""


def read_links(
    tables: Tables, rules: TableRules, students: pl.DataFrame, parents: pl.DataFrame, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """LINKS of every contact with an id; HELD; the findings.

    Held are students with a contact who cannot be named, for it may be any parent of theirs, and students
    whose other id is not theirs alone, where links to students go by it.

    `students` and `parents` are the classified rows of their tables.
    """
    contacts = with_clean_ids(tables.frames["contacts"], "parent_id", "student_id", "student_alternate_id")
    other_ids = _other_ids(tables, students)
    student = _find_students(contacts, students, other_ids, school)
    named, parent_host_id = contacts.select(*_identity(school.members["parent"]))
    relationship = contacts["relationship"] if "relationship" in contacts.columns else ""
    links = framed(
        student=student,
        student_host_id=students["host_id"][student],
        relationship=relationship,
        verdict=_verdict(contacts, rules, school),
        file=contacts["_file"],
        line=contacts["_line"],
        parent_id=contacts["parent_id"],
        parent_host_id=parent_host_id,
    )
    if student.null_count():
        links = with_values(links, student_host_id=links["student_host_id"].fill_null(""))
    bad = where(links, ~named & (links["verdict"] != "no"))
    links = where(links, named)
    links = with_values(links, parent=find(links["parent_host_id"], parents["host_id"]))
    held = [_hold_namesakes(students, other_ids), _hold_children(bad, students)]
    found = [*_nameless_contacts(bad), _unknown_students(links)]
    return links[list(LINKS)], stack(held, HELD), stack(found, FINDINGS)


@lru_cache(maxsize=256)
def _identity(parents: MemberRules) -> tuple[pl.Expr, pl.Expr]:
    """Whether a contact's id is one, and the Host ID that it makes."""
    parent_id = pl.col("parent_id")
    named = matches(parent_id, parents.id_pattern).alias("named")
    return named, (pl.lit(parents.prefix) + parent_id).alias("host_id")


def hold_each(host_ids: pl.Series, scope: str, reason: str) -> pl.DataFrame:
    """HELD: each of these once."""
    if not host_ids.len():
        return empty(HELD)
    return framed(host_id=host_ids.unique().sort(), scope=scope, reason=reason)


def _other_ids(tables: Tables, students: pl.DataFrame) -> pl.DataFrame:
    """`key, shared` of each row: the student's other id, '' for none, and whether another has the same.

    Nobody has one where no table names students by it.
    """
    if not any("student_alternate_id" in frame.columns for frame in tables.frames.values()):
        return framed(key=constant("", students.height), shared=False)
    key = choose(students["host_id"] != "", clean_ids(students["alternate_id"]), "")
    several = rows_where(is_repeated(key.to_frame()) & (key != ""))
    if not several.len():
        return framed(key=key, shared=False)
    # Two rows of one student are no two students.
    some = framed(key=key[several], first=students["first"][several])
    shared = some.select(pl.col("first").n_unique().over("key") > 1).to_series()
    return framed(key=key, shared=flags(key.len(), several.filter(shared)))


def _find_students(
    contacts: pl.DataFrame, students: pl.DataFrame, other_ids: pl.DataFrame, school: School
) -> pl.Series:
    """The row of each contact's student: by the student's id, or else by the other id."""
    number = nowhere(contacts.height)
    if "student_id" in contacts.columns:
        number = find(school.members["student"].prefix + contacts["student_id"], students["host_id"])
    if "student_alternate_id" in contacts.columns:
        alternate = find(contacts["student_alternate_id"], other_ids["key"])
        if other_ids["shared"].any():  # an id that two students share names neither
            alternate = alternate.set(other_ids["shared"][alternate].fill_null(value=False), None)
        if "student_id" not in contacts.columns:
            return alternate
        number = choose(contacts["student_id"] == "", alternate, number)
    return number


def _hold_namesakes(students: pl.DataFrame, other_ids: pl.DataFrame) -> pl.DataFrame:
    """HELD: students whose other id is not theirs alone, where links to students go by it."""
    return hold_each(students["host_id"].filter(other_ids["shared"]), "links", "duplicate-id")


def _nameless_contacts(bad: pl.DataFrame) -> list[pl.DataFrame]:
    blank = bad["parent_id"] == ""
    return [
        findings(where(bad, which), code, f"the contact's {what}; the link was left out", host_id=pl.lit(""))
        for which, code, what in (
            (blank, "missing-id", "id is blank"),
            (~blank, "bad-id", "id does not look like one"),
        )
    ]


def _hold_children(bad: pl.DataFrame, students: pl.DataFrame) -> pl.DataFrame:
    """HELD: the students of contacts who cannot be named."""
    if bad.is_empty():
        return empty(HELD)
    host_ids = students["host_id"]
    theirs = is_one_of(host_ids, bad["student_host_id"]) & (host_ids != "") & (students["state"] != "gone")
    return hold_each(host_ids.filter(theirs), "parents", "missing-id")


def _verdict(links: pl.DataFrame, rules: TableRules, school: School) -> pl.Series:
    """`yes`, `no`, or `unclear` where a flag cannot be read."""
    filters = answers(links, filters_at_hand(links, rules))
    flagged = answers(
        links, [(column, _says(column, school.parents.yes)) for column in school.parents.any_of]
    )
    says_yes = [yes for yes, _ in flagged]
    if school.parents.relationships:
        wanted = folded("relationship").is_in(list(school.parents.relationships))
        says_yes += answers(links, [("relationship", (wanted,))])[0]
    is_parent = reduce(or_, says_yes, flags(links.height))
    nobody = reduce(and_, (either for _, either in flagged), ~is_parent)
    never = reduce(or_, (~accepted & known for accepted, known in filters), nobody)
    certain = reduce(and_, (accepted for accepted, _ in filters), is_parent)
    return choose(never, "no", choose(certain, "yes", "unclear"))


@lru_cache(maxsize=256)
def _says(flag: str, yes: tuple[str, ...]) -> tuple[pl.Expr, pl.Expr]:
    """Whether a flag says yes, and whether it says either."""
    value = folded(flag)
    return value.is_in(list(yes)), value.is_in([*yes, *NO])


def _unknown_students(links: pl.DataFrame) -> pl.DataFrame:
    return findings(
        where(links, (links["student_host_id"] == "") & (links["verdict"] == "yes")),
        "unknown-student",
        "the contact names a student who is not in the export",
        host_id="parent_host_id",
    )
