"""Contacts -> who is a parent of whom, and which links prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, HELD, check, clean_id, empty, findings, folded, matches
from reconciler.keys import find, flags, is_repeated, nowhere, one_of
from reconciler.roster.rows import of_its_values, passes_and_known

if TYPE_CHECKING:
    from reconciler.model import School, TableRules, Tables

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
    contacts = tables.frames["contacts"]
    other_ids = _other_ids(students)
    student = _find_students(contacts, students, other_ids, school)
    links = contacts.select(
        pl.col("relationship") if "relationship" in contacts.columns else pl.lit("").alias("relationship"),
        _parent=clean_id("parent_id"),
        verdict=_verdict(contacts, rules, school),
        file=pl.col("_file"),
        line=pl.col("_line"),
    ).with_columns(student=student, student_host_id=students["host_id"][student].fill_null(""))
    named = links.select(matches(pl.col("_parent"), school.members["parent"].id_pattern)).to_series()
    bad = links.filter(~named & (pl.col("verdict") != "no"))
    links = links.filter(named).with_columns(
        parent_host_id=pl.lit(school.members["parent"].prefix) + pl.col("_parent")
    )
    links = links.with_columns(parent=find(links["parent_host_id"], parents["host_id"]))
    held = [_hold_namesakes(tables, students, other_ids), _hold_children(bad, students)]
    found = pl.concat([_nameless_contacts(bad), _unknown_students(links)])
    return links.select(*LINKS), pl.concat(held), found


def _other_ids(students: pl.DataFrame) -> pl.DataFrame:
    """`key, shared` of each row: the student's other id, '' for none, and whether another has the same."""
    ids = students.select(
        key=pl.when(pl.col("host_id") != "").then(clean_id("alternate_id")).otherwise(pl.lit("")),
        first="first",
    )
    several = is_repeated(ids.select("key")) & (ids["key"] != "")
    # Two rows of one student are no two students.
    shared = ids.filter(several).select(shared=pl.col("first").n_unique().over("key") > 1)["shared"]
    return ids.select("key", shared=flags(ids.height, several.arg_true().filter(shared)))


def _find_students(
    contacts: pl.DataFrame, students: pl.DataFrame, other_ids: pl.DataFrame, school: School
) -> pl.Series:
    """The row of each contact's student: by the student's id, or else by the other id."""
    number = nowhere(contacts.height)
    if "student_id" in contacts.columns:
        prefix = school.members["student"].prefix
        named = contacts.select(host_id=pl.lit(prefix) + clean_id("student_id"))["host_id"]
        number = find(named, students["host_id"])
    if "student_alternate_id" in contacts.columns:
        alternate = find(contacts.select(clean_id("student_alternate_id")).to_series(), other_ids["key"])
        # An id that two students share names neither.
        alternate = alternate.set(other_ids["shared"][alternate].fill_null(value=False), None)
        if "student_id" not in contacts.columns:
            return alternate
        unnamed = contacts.select(clean_id("student_id") == "").to_series()
        number = alternate.zip_with(unnamed, number)
    return number


def _hold_namesakes(tables: Tables, students: pl.DataFrame, other_ids: pl.DataFrame) -> pl.DataFrame:
    """HELD: students whose other id is not theirs alone, where links to students go by it."""
    if not any("student_alternate_id" in frame.columns for frame in tables.frames.values()):
        return empty(HELD)
    shared = students.filter(other_ids["shared"]).select("host_id").unique().sort("host_id")
    return check(shared.with_columns(scope=pl.lit("links"), reason=pl.lit("duplicate-id")), HELD)


def _nameless_contacts(bad: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(
        findings(bad.filter(which), code, f"the contact's {what}; the link was left out", host_id=pl.lit(""))
        for which, code, what in (
            (pl.col("_parent") == "", "missing-id", "id is blank"),
            (pl.col("_parent") != "", "bad-id", "id does not look like one"),
        )
    )


def _hold_children(bad: pl.DataFrame, students: pl.DataFrame) -> pl.DataFrame:
    """HELD: the students of contacts who cannot be named."""
    theirs = one_of("host_id", bad["student_host_id"]) & (pl.col("host_id") != "")
    children = students.select("host_id", "state").filter(theirs, pl.col("state") != "gone")
    children = children.select("host_id", scope=pl.lit("parents"), reason=pl.lit("missing-id"))
    return check(children.unique().sort("host_id"), HELD)


def _verdict(links: pl.DataFrame, rules: TableRules, school: School) -> pl.Expr:
    """`yes`, `no`, or `unclear` where a flag cannot be read."""
    passes, known = passes_and_known(links, rules)
    yes = list(school.parents.yes)
    says_yes, readable = [], []
    for column in school.parents.any_of:
        flag = folded(column)
        is_yes, is_either = of_its_values(links, column, flag.is_in(yes), flag.is_in([*yes, *NO]))
        says_yes.append(is_yes)
        readable.append(is_either)
    if school.parents.relationships:
        wanted = folded("relationship").is_in(list(school.parents.relationships))
        says_yes += of_its_values(links, "relationship", wanted)
    never = [~accepted & clear for (_, accepted), clear in zip(passes, known, strict=True)]
    is_parent = pl.any_horizontal(says_yes)
    nobody = ~is_parent & pl.all_horizontal(readable or [pl.lit(value=True)])
    return (
        pl.when(pl.any_horizontal([*never, nobody]))
        .then(pl.lit("no"))
        .when(pl.all_horizontal([is_parent, *(accepted for _, accepted in passes)]))
        .then(pl.lit("yes"))
        .otherwise(pl.lit("unclear"))
    )


def _unknown_students(links: pl.DataFrame) -> pl.DataFrame:
    lost = links.filter((pl.col("student_host_id") == "") & (pl.col("verdict") == "yes"))
    if not lost.height:
        return empty(FINDINGS)
    return findings(
        lost,
        "unknown-student",
        "the contact names a student who is not in the export",
        host_id="parent_host_id",
    )
