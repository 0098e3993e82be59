"""Classes and enrollments -> sections, each with its teacher, and who is in them."""

from __future__ import annotations

import polars as pl


def sections_of(classes: pl.DataFrame, enrollments: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The classes with `teachersourcedid`, their primary or else first teacher; and students' enrollments."""
    role = pl.col("role").str.to_lowercase()
    students = enrollments.filter(role == "student")
    teachers = enrollments.filter(role == "teacher")
    if "primary" in teachers.columns:
        teachers = teachers.sort(pl.col("primary").str.to_lowercase() != "true", maintain_order=True)
    first = teachers.unique("classsourcedid", keep="first", maintain_order=True)
    sections = classes.join(
        first.select(sourcedid="classsourcedid", teachersourcedid="usersourcedid"),
        on="sourcedid",
        how="left",
        maintain_order="left",
    )
    return sections.with_columns(pl.col("teachersourcedid").fill_null("")), students
