"""Contacts -> who is a parent of whom, and which links prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, HELD, check, clean_id, empty, findings, folded, matches
from reconciler.roster.rows import passes_and_known

if TYPE_CHECKING:
    from reconciler.model import School, TableRules, Tables

NO = ("", "0", "false", "no", "n", "f")
"""What a flag says for no (case-folded): a blank flag does not pass."""


def read_links(
    tables: Tables, rules: TableRules, students: pl.DataFrame, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Links `student_host_id, parent_host_id, relationship, verdict, file, line`; HELD; the findings.

    Held are students with a contact who cannot be named: it may be any parent of theirs.

    `students` are the classified rows of the students table. `student_host_id` is '' where the contact
    names nobody there. A verdict is `yes`, `no`, or `unclear` where a flag cannot be read.
    """
    contacts = tables.frames["contacts"]
    parent = school.members["parent"]
    links = _name_students(contacts, students, school).with_columns(_parent=clean_id("parent_id"))
    verdict = _verdict(links, rules, school)
    links = links.with_columns(
        verdict=verdict,
        file=pl.col("_file"),
        line=pl.col("_line"),
        relationship=pl.col("relationship") if "relationship" in links.columns else pl.lit(""),
    )
    named = matches(pl.col("_parent"), parent.id_pattern)
    bad = links.filter(~named & (pl.col("verdict") != "no"))
    links = links.filter(named).select(
        "student_host_id",
        "relationship",
        "verdict",
        "file",
        "line",
        parent_host_id=pl.lit(parent.prefix) + pl.col("_parent"),
    )
    found = pl.concat([_nameless_contacts(bad), _unknown_students(links)])
    return links, _hold_children(bad, students), found


def hold_namesakes(tables: Tables, students: pl.DataFrame) -> pl.DataFrame:
    """HELD: students whose other id is not theirs alone, where links to students go by it."""
    if not any("student_alternate_id" in frame.columns for frame in tables.frames.values()):
        return empty(HELD)
    shared = _other_ids(students).filter("shared").select("host_id").unique().sort("host_id")
    return check(shared.with_columns(scope=pl.lit("links"), reason=pl.lit("duplicate-id")), HELD)


def _other_ids(students: pl.DataFrame) -> pl.DataFrame:
    """`host_id, key, shared` of students with another id; `shared` where two have the same."""
    ids = students.select("host_id", key=clean_id("alternate_id"))
    ids = ids.filter((pl.col("host_id") != "") & (pl.col("key") != ""))
    several = ids["key"].is_duplicated()
    alone = ids.filter(~several).with_columns(shared=pl.lit(value=False))
    # Two rows of one student are no two students.
    return pl.concat([alone, ids.filter(several).unique().with_columns(shared=pl.col("key").is_duplicated())])


def _name_students(contacts: pl.DataFrame, students: pl.DataFrame, school: School) -> pl.DataFrame:
    """Adds `student_host_id`, by the student's id or else by the other id that contacts may use."""
    links = contacts.with_columns(student_host_id=pl.lit(""))
    if "student_id" in contacts.columns:
        prefix = school.members["student"].prefix
        named = links.select(host_id=pl.lit(prefix) + clean_id("student_id"))
        hit = named.select(pl.col("host_id").is_in(students["host_id"].implode()))["host_id"]
        links = links.with_columns(student_host_id=pl.when(hit).then(named["host_id"]).otherwise(pl.lit("")))
    if "student_alternate_id" in contacts.columns:
        # An id that two students share names neither.
        keys = _other_ids(students).filter(~pl.col("shared")).select("host_id", "key")
        links = (
            links.with_columns(key=clean_id("student_alternate_id"))
            .join(keys, on="key", how="left", maintain_order="left")
            .with_columns(student_host_id=_by_alternate("student_id" in contacts.columns))
            .drop("key", "host_id")
        )
    return links


def _by_alternate(has_number: bool) -> pl.Expr:
    alternate = pl.col("host_id").fill_null("")
    if not has_number:
        return alternate
    return pl.when(clean_id("student_id") == "").then(alternate).otherwise("student_host_id")


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
    here = students.filter((pl.col("state") != "gone") & (pl.col("host_id") != ""))["host_id"]
    children = bad.filter(pl.col("student_host_id").is_in(here.implode())).select(
        host_id="student_host_id", scope=pl.lit("parents"), reason=pl.lit("missing-id")
    )
    return check(children.unique().sort("host_id"), HELD)


def _verdict(links: pl.DataFrame, rules: TableRules, school: School) -> pl.Expr:
    passes, known = passes_and_known(links, rules)
    yes = list(school.parents.yes)
    flags = [folded(column) for column in school.parents.any_of]
    says_yes = [flag.is_in(yes) for flag in flags]
    if school.parents.relationships:
        says_yes.append(folded("relationship").is_in(list(school.parents.relationships)))
    readable = [flag.is_in([*yes, *NO]) for flag in flags]
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
