"""Groups beyond grade and faculty: classes, divisions, and lists that the school keeps itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.desired.campuses import at_each_campus, campus_of_key
from reconciler.errors import InputError, Mistake
from reconciler.frames import FINDINGS, clean_id, empty, findings, folded
from reconciler.keys import first_of_each

if TYPE_CHECKING:
    from reconciler.model import Roster, School, Tables

_KEYS = {"key": pl.String}


def class_members(
    roster: Roster, tables: Tables, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Students by their enrolments, and the teachers of each section: a row for each of them."""
    sections = tables.frames["sections"].filter(pl.col("section_id") != "")
    sections = _fill(sections, "section", "teacher_id", "school_id")
    # Rows of one section that differ in more: the same one decides, in whatever order they come.
    about = (
        sections.select("section_id", "course", "section", clean_id("school_id"))
        .sort(pl.all())
        .unique("section_id", keep="first", maintain_order=True)
        .with_columns(key=pl.lit("class:") + pl.col("section_id"))
    )
    enrolled, found = _enrolled(roster, tables, school)
    teachers = sections.filter(pl.col("teacher_id") != "").select(
        "section_id",
        host_id=pl.lit(school.members["staff"].prefix if "staff" in school.members else "")
        + clean_id("teacher_id"),
        reason=pl.lit("teaches the class"),
    )
    # Without a prefix, a teacher's id may be anybody's.
    staff = roster.people.filter(pl.col("member_type") == "staff")
    teachers = teachers.join(staff, on="host_id", how="semi")
    members = first_of_each(pl.concat([enrolled, teachers]), ["section_id", "host_id"])
    return members.join(about, on="section_id"), about.select("key"), found


def division_members(
    roster: Roster, _tables: Tables, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Students by the range of grades that theirs falls into."""
    students = roster.people.filter(
        (pl.col("member_type") == "student") & (pl.col("grade") != "")
    ).with_columns(number=pl.col("grade").cast(pl.Int32))
    students = at_each_campus(students, school)
    parts = [
        students.filter(pl.col("number").is_between(division.first, division.last)).select(
            "host_id",
            "school_id",
            division=pl.lit(division.name),
            key=pl.lit(f"division:{division.name}") + campus_of_key(),
            reason=pl.lit(f"a grade of {division.name}"),
        )
        for division in school.groups.divisions
    ]
    members = pl.concat(parts)
    names = pl.DataFrame(
        {"key": [f"division:{division.name}" for division in school.groups.divisions]}, schema=_KEYS
    )
    return members, pl.concat([names, members.select("key")]), empty(FINDINGS)


def listed_members(
    roster: Roster, tables: Tables, school: School
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """People by the school's own list of groups.

    Raises:
        InputError: a row without a group or category, or a category with a slash.
    """
    listed = _fill(tables.frames["membership_list"], "host_id", "member_id", "member_type")
    _refuse_bad_groups(listed)
    listed = _name_listed(listed, roster, school)
    people = roster.people.select("host_id", type="member_type")
    there = listed.join(people, on="host_id").filter(
        (pl.col("said") == "") | (pl.col("said") == pl.col("type"))
    )
    lost = listed.join(there.select("file", "line"), on=["file", "line"], how="anti")
    found = findings(
        lost.drop("said"),
        "unknown-member",
        pl.format("the list of {}/{} names nobody who is at the school", "category", "name"),
    )
    members = first_of_each(there, ["key", "host_id"]).drop("said", "type")
    return members, listed.select("key").unique(), found


def _name_listed(listed: pl.DataFrame, roster: Roster, school: School) -> pl.DataFrame:
    """The list's lines with the Host ID that each means, or '', and the member type `said` by a raw id.

    Somebody on the list as a parent may be here as a member of staff.
    """
    words = {member: member for member in school.members}
    words |= {word.casefold(): member for member, word in school.user_types.items() if member in words}
    prefixes = {member: rules.prefix for member, rules in school.members.items()}
    if not any(prefixes.values()):
        prefixes[""] = ""  # one id space: an id says whose it is without a member type
    said = folded("member_type").replace_strict({**words, "": ""}, default=None, return_dtype=pl.String)
    by_host_id = pl.col("host_id") != ""
    raw = said.replace_strict(prefixes, default=None, return_dtype=pl.String) + clean_id("member_id")
    named = listed.select(
        "category",
        name="group",
        file="_file",
        line="_line",
        key=pl.format("list:{}/{}", "category", "group"),
        host_id=pl.when(by_host_id).then("host_id").when(pl.col("member_id") != "").then(raw).fill_null(""),
        said=pl.when(by_host_id).then(pl.lit("")).otherwise(said).fill_null(""),
        reason=pl.lit("on the school's list"),
    )
    merged = roster.merged.rename({"parent_host_id": "host_id"})
    return (
        named.join(merged, on="host_id", how="left", maintain_order="left")
        .with_columns(
            host_id=pl.coalesce("staff_host_id", "host_id"),
            said=pl.when(pl.col("staff_host_id").is_null()).then("said").otherwise(pl.lit("")),
        )
        .drop("staff_host_id")
    )


def _enrolled(roster: Roster, tables: Tables, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`section_id, host_id, reason` of enrolled students, and those enrolments that name nobody."""
    enrolments = tables.frames["enrolments"]
    students = roster.people.filter(pl.col("member_type") == "student")
    enrolments = _fill(enrolments, "student_id", "student_alternate_id").with_columns(
        student_alternate_id=clean_id("student_alternate_id")
    )
    alternate = _alternate_ids(tables, school)
    by_number = pl.lit(school.members["student"].prefix) + clean_id("student_id")
    named = enrolments.join(
        alternate, left_on="student_alternate_id", right_on="alternate_id", how="left", maintain_order="left"
    ).select(
        "section_id",
        host_id=pl.when(pl.col("student_id") != "").then(by_number).otherwise(pl.col("known").fill_null("")),
        reason=pl.lit("enrolled in the class"),
        file="_file",
        line="_line",
    )
    there = tables.frames[school.members["student"].table].select(
        host_id=pl.lit(school.members["student"].prefix) + clean_id("id")
    )
    lost = named.join(there.unique(), on="host_id", how="anti")
    found = findings(lost, "unknown-student", "the enrolment names a student who is not in the export")
    return named.join(students, on="host_id", how="semi").select("section_id", "host_id", "reason"), found


def _alternate_ids(tables: Tables, school: School) -> pl.DataFrame:
    students = tables.frames[school.members["student"].table]
    if "alternate_id" not in students.columns:
        return pl.DataFrame(schema={"alternate_id": pl.String, "known": pl.String})
    known = students.filter((pl.col("alternate_id") != "") & (pl.col("id") != "")).select(
        alternate_id=clean_id("alternate_id"), known=pl.lit(school.members["student"].prefix) + clean_id("id")
    )
    return known.unique().filter(~pl.col("alternate_id").is_duplicated())


def _refuse_bad_groups(listed: pl.DataFrame) -> None:
    wrong = listed.filter(
        (pl.col("group") == "")
        | (pl.col("category") == "")
        | pl.col("category").str.contains("/", literal=True)
    )
    if wrong.height:
        raise InputError(
            [
                Mistake(
                    row["_file"],
                    row["_line"],
                    0,
                    "a group needs a name, and a category without '/'",
                    "complete the line",
                )
                for row in wrong.iter_rows(named=True)
            ]
        )


def _fill(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The frame with these columns, blank where the file does not supply them."""
    return frame.with_columns(pl.lit("").alias(name) for name in columns if name not in frame.columns)
