"""One person, one account: members of staff who are parents, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import MERGED, check, clean_id, empty, findings, folded

if TYPE_CHECKING:
    from reconciler.model import School, Tables


def find_staff_parents(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    """MERGED: the certain pairs. Each side has one partner only, or the pair is not certain."""
    if "staff" not in school.members or "parent" not in school.members:
        return empty(MERGED)
    pairs = [_said_to_be_one(people, tables, school)]
    if school.identity.merge_staff_parents:
        pairs += [_same_name_and_email(people), _same_host_id(people)]
    every = pl.concat(pairs).unique(maintain_order=True)
    certain = every.filter(
        ~pl.col("staff_host_id").is_duplicated() & ~pl.col("parent_host_id").is_duplicated()
    )
    return check(certain, MERGED)


def report_same_person(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    """`unknown-member` for each line of the school's list of which a side names nobody."""
    pairs = tables.frames.get("same_person")
    if pairs is None or "staff" not in school.members or "parent" not in school.members:
        return findings(people.clear(), "unknown-member", "")
    named = _named(pairs, school).with_columns(file="_file", line="_line")
    known = named.join(_ids(people, "staff"), on="staff_host_id", how="semi").join(
        _ids(people, "parent"), on="parent_host_id", how="semi"
    )
    return findings(
        named.join(known, on=["file", "line"], how="anti"),
        "unknown-member",
        pl.format(
            "the same_person list names {} and {}, of whom one at least is not at the school",
            "staff_host_id",
            "parent_host_id",
        ),
        host_id="staff_host_id",
        level="info",
    )


def merge_people(people: pl.DataFrame, merged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People without the parent's side of each pair, and `merged-staff-parent`.

    A pair with an e-mail on one side alone has that e-mail.
    """
    if not merged.height:
        return people, findings(people.clear(), "merged-staff-parent", "")
    parents = people.filter(pl.col("member_type") == "parent")
    theirs = merged.join(
        parents.select(parent_host_id="host_id", _email="email"), on="parent_host_id", how="left"
    ).select(host_id="staff_host_id", _email="_email", _parent="parent_host_id")
    gone = (pl.col("member_type") == "parent") & pl.col("host_id").is_in(merged["parent_host_id"].implode())
    staff = pl.col("member_type") == "staff"
    kept = people.filter(~gone).join(theirs, on="host_id", how="left", maintain_order="left")
    pair = kept.filter(staff & pl.col("_parent").is_not_null())
    found = findings(
        pair,
        "merged-staff-parent",
        pl.format("is the parent {} too; the staff account stays", "_parent"),
        others=pl.col("_parent"),
    )
    filled = pl.when(staff & (pl.col("email") == "")).then(pl.col("_email").fill_null("")).otherwise("email")
    return kept.with_columns(email=filled).drop("_email", "_parent"), found


def _said_to_be_one(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    pairs = tables.frames.get("same_person")
    if pairs is None:
        return empty(MERGED)
    named = _named(pairs, school).select(*MERGED)
    return named.join(_ids(people, "staff"), on="staff_host_id", how="semi").join(
        _ids(people, "parent"), on="parent_host_id", how="semi"
    )


def _named(pairs: pl.DataFrame, school: School) -> pl.DataFrame:
    return pairs.with_columns(
        staff_host_id=pl.lit(school.members["staff"].prefix) + clean_id("staff_id"),
        parent_host_id=pl.lit(school.members["parent"].prefix) + clean_id("parent_id"),
    )


def _same_name_and_email(people: pl.DataFrame) -> pl.DataFrame:
    keys = {"first": folded("first_name"), "last": folded("last_name"), "mail": folded("email")}
    named = people.filter(pl.col("email") != "")
    staff = named.filter(pl.col("member_type") == "staff").select(staff_host_id="host_id", **keys)
    parents = named.filter(pl.col("member_type") == "parent").select(parent_host_id="host_id", **keys)
    complete = (pl.col("first") != "") & (pl.col("last") != "")
    return staff.filter(complete).join(parents, on=list(keys)).select("staff_host_id", "parent_host_id")


def _same_host_id(people: pl.DataFrame) -> pl.DataFrame:
    """In an SIS with one id space, one id and one name is one person."""
    keys = {"host_id": pl.col("host_id"), "first": folded("first_name"), "last": folded("last_name")}
    staff = people.filter(pl.col("member_type") == "staff").select(**keys)
    parents = people.filter(pl.col("member_type") == "parent").select(**keys)
    return staff.join(parents, on=list(keys)).select(staff_host_id="host_id", parent_host_id="host_id")


def _ids(people: pl.DataFrame, member_type: str) -> pl.DataFrame:
    return people.filter(pl.col("member_type") == member_type).select(
        pl.col("host_id").alias(f"{member_type}_host_id")
    )
