"""One person, one account: members of staff who are parents, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import MERGED, check, clean_id, empty, findings, folded
from reconciler.keys import one_of, pairs, put

if TYPE_CHECKING:
    from reconciler.model import School, Tables


_MAILS = ("mail", "sis_mail")


def find_staff_parents(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    """MERGED: the certain pairs. Each side has one partner only, or the pair is not certain.

    Whoever the school's list has spoken of is nobody else besides.
    """
    said = read_same_person(tables, school)
    said = said.join(_ids(people, "staff"), on="staff_host_id", how="semi", maintain_order="left")
    said = said.join(_ids(people, "parent"), on="parent_host_id", how="semi", maintain_order="left")
    others = _seen_to_be_one(people, school).filter(
        ~one_of("staff_host_id", said["staff_host_id"]), ~one_of("parent_host_id", said["parent_host_id"])
    )
    every = pl.concat([said, others]).unique(maintain_order=True)
    certain = every.filter(
        ~pl.col("staff_host_id").is_duplicated() & ~pl.col("parent_host_id").is_duplicated()
    )
    return check(certain, MERGED)


def pair_staff_parents(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    """MERGED: every pair, certain or not; those of the school's list whether they are there or not."""
    said, seen = read_same_person(tables, school), _seen_to_be_one(people, school)
    return pl.concat([said, seen]).unique(maintain_order=True)


def read_same_person(tables: Tables, school: School) -> pl.DataFrame:
    """MERGED: the pairs of the school's own list."""
    listed = tables.frames.get("same_person")
    if listed is None or not {"staff", "parent"} <= set(school.members):
        return empty(MERGED)
    whole = listed.filter(pl.col("staff_id") != "", pl.col("parent_id") != "")
    return check(_named(whole, school).select(*MERGED), MERGED)


def report_same_person(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    """`unknown-member` for each line of the school's list of which a side names nobody."""
    listed = tables.frames.get("same_person")
    if listed is None or "staff" not in school.members or "parent" not in school.members:
        return findings(people.clear(), "unknown-member", "")
    named = _named(listed, school).with_columns(file="_file", line="_line")
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
    is_parent = _is_one_of(merged["parent_host_id"], "parent")
    parents = people.filter(is_parent)
    theirs = merged.join(
        parents.select(parent_host_id="host_id", _email="email", _mail="mail"),
        on="parent_host_id",
        how="left",
    ).select(host_id="staff_host_id", _email="_email", _mail="_mail", _parent="parent_host_id")
    kept = people.filter(~is_parent)
    rows = kept.select(_is_one_of(merged["staff_host_id"], "staff").arg_true()).to_series()
    pair = kept[rows].join(theirs, on="host_id", how="left", maintain_order="left")
    found = findings(
        pair,
        "merged-staff-parent",
        pl.format("is the parent {} too; the staff account stays", "_parent"),
        others=pl.col("_parent"),
    )
    filled = pair.select(
        pl.when(pl.col("email") == "").then(pl.col(f"_{name}").fill_null("")).otherwise(name).alias(name)
        for name in ("mail", "email")
    )
    return put(kept, rows, filled), found


def _is_one_of(host_ids: pl.Series, member_type: str) -> pl.Expr:
    return one_of("host_id", host_ids) & (pl.col("member_type") == member_type)


def _seen_to_be_one(people: pl.DataFrame, school: School) -> pl.DataFrame:
    """MERGED: staff and parents of one name and e-mail, or of one id where all share one id space.

    People of one e-mail are told by the SIS's, too, where the school's list gives one side another.
    """
    if not school.identity.merge_staff_parents or not {"staff", "parent"} <= set(school.members):
        return empty(MERGED)
    seen = [_same_name_and_email(people, mail) for mail in _MAILS if mail in people.columns]
    return pl.concat([*seen, _same_host_id(people)] if school.one_id_space else seen)


def _named(listed: pl.DataFrame, school: School) -> pl.DataFrame:
    return listed.with_columns(
        staff_host_id=pl.lit(school.members["staff"].prefix) + clean_id("staff_id"),
        parent_host_id=pl.lit(school.members["parent"].prefix) + clean_id("parent_id"),
    )


def _same_name_and_email(people: pl.DataFrame, mail: str) -> pl.DataFrame:
    whole = (pl.col("first_name") != "") & (pl.col("last_name") != "")
    return _namesakes(people.filter(pl.col(mail) != "", whole), mail)


def _same_host_id(people: pl.DataFrame) -> pl.DataFrame:
    """In an SIS with one id space, one id and one name is one person."""
    return _namesakes(people, "host_id")


def _namesakes(people: pl.DataFrame, key: str) -> pl.DataFrame:
    """MERGED: staff and parents of one key who have the same name."""
    named = people.select("member_type", "host_id", "first_name", "last_name", key=key)
    staff = named.filter(pl.col("member_type") == "staff")
    parents = named.filter(pl.col("member_type") == "parent")
    found = pairs(staff.select("key"), parents.select("key"))  # few, so that few names are folded
    if not found.height:
        return empty(MERGED)
    names = {"first": folded("first_name"), "last": folded("last_name")}
    both = pl.concat(
        [
            staff[found["left"]].select(staff_host_id="host_id", **names),
            parents[found["right"]].select(
                parent_host_id="host_id", other_first=names["first"], other_last=names["last"]
            ),
        ],
        how="horizontal",
    )
    same = (pl.col("first") == pl.col("other_first")) & (pl.col("last") == pl.col("other_last"))
    return both.filter(same).select(*MERGED)


def _ids(people: pl.DataFrame, member_type: str) -> pl.DataFrame:
    return people.filter(pl.col("member_type") == member_type).select(
        pl.col("host_id").alias(f"{member_type}_host_id")
    )
