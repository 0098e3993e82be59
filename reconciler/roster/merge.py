"""One person, one account: members of staff who are parents, too."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import constant, framed, rows_where, where
from reconciler.frames import FINDINGS, MERGED, check, clean_id, empty, findings, folded, stack
from reconciler.keys import first_of_each, is_one_of, is_repeated, pairs, put

if TYPE_CHECKING:
    from reconciler.model import School, Tables

_MAILS = ("mail", "sis_mail")
_NAMES = ("first_name", "last_name")
_OF_ONE_NAME = [folded(name) == folded(f"other_{name}") for name in _NAMES]
_FILLED = [
    pl.when(pl.col("email") == "").then(pl.col(f"_{name}").fill_null("")).otherwise(name).alias(name)
    for name in ("mail", "email")
]


def find_staff_parents(people: pl.DataFrame, tables: Tables, school: School) -> pl.DataFrame:
    """MERGED: the certain pairs. Each side has one partner only, or the pair is not certain.

    Whoever the school's list has spoken of is nobody else besides.
    """
    said, others = read_same_person(tables, school), _seen_to_be_one(people, school)
    if said.height:
        said = said.join(_ids(people, "staff"), on="staff_host_id", how="semi", maintain_order="left")
        said = said.join(_ids(people, "parent"), on="parent_host_id", how="semi", maintain_order="left")
        spoken_of = (is_one_of(others[side], said[side]) for side in MERGED)
        others = where(others, ~reduce(or_, spoken_of))
    every = first_of_each(stack([said, others], MERGED), list(MERGED))
    several = (is_repeated(every[[side]]) for side in MERGED)
    return where(every, ~reduce(or_, several))


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
        return empty(FINDINGS)
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
        return people, empty(FINDINGS)
    is_parent = _is_one_of(people, merged["parent_host_id"], "parent")
    parents = where(people, is_parent)
    theirs = merged.join(
        parents.select(parent_host_id="host_id", _email="email", _mail="mail"),
        on="parent_host_id",
        how="left",
    ).select(host_id="staff_host_id", _email="_email", _mail="_mail", _parent="parent_host_id")
    kept = where(people, ~is_parent)
    rows = rows_where(_is_one_of(kept, merged["staff_host_id"], "staff"))
    pair = kept[rows].join(theirs, on="host_id", how="left", maintain_order="left")
    found = findings(
        pair,
        "merged-staff-parent",
        pl.format("is the parent {} too; the staff account stays", "_parent"),
        others=pl.col("_parent"),
    )
    return put(kept, rows, pair.select(_FILLED)), found


def _is_one_of(people: pl.DataFrame, host_ids: pl.Series, member_type: str) -> pl.Series:
    return is_one_of(people["host_id"], host_ids) & (people["member_type"] == member_type)


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
    whole = (people[mail] != "") & (people["first_name"] != "") & (people["last_name"] != "")
    return _namesakes(people, whole, mail)


def _same_host_id(people: pl.DataFrame) -> pl.DataFrame:
    """In an SIS with one id space, one id and one name is one person."""
    return _namesakes(people, constant(value=True, height=people.height), "host_id")


def _namesakes(people: pl.DataFrame, who: pl.Series, key: str) -> pl.DataFrame:
    """MERGED: staff and parents, of these people, of one key who have the same name."""
    types, told = people["member_type"], people[list(dict.fromkeys((key, "host_id", *_NAMES)))]
    staff, parents = where(told, who & (types == "staff")), where(told, who & (types == "parent"))
    found = pairs(staff[[key]], parents[[key]])  # few, so that few names are folded
    if not found.height:
        return empty(MERGED)
    staff, parents = staff[found["left"]], parents[found["right"]]
    both = framed(
        staff_host_id=staff["host_id"],
        parent_host_id=parents["host_id"],
        **{name: staff[name] for name in _NAMES},
        **{f"other_{name}": parents[name] for name in _NAMES},
    )
    return both.filter(_OF_ONE_NAME)[list(MERGED)]


def _ids(people: pl.DataFrame, member_type: str) -> pl.DataFrame:
    return people["host_id"].filter(people["member_type"] == member_type).to_frame(f"{member_type}_host_id")
