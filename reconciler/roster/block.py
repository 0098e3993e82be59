"""Who cannot be carried on, and because of whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import constant, rows_where, where, with_values
from reconciler.frames import FINDINGS, empty, findings, stack
from reconciler.keys import is_among, is_repeated, put

if TYPE_CHECKING:
    from reconciler.model import School

_MOST = 50
"""How many of those who share an e-mail are named: all of thousands with all others would fill the memory."""
_IDS = pl.col("host_id").unique().sort()
_GROUPED = [_IDS.head(_MOST + 1).alias("first"), pl.col("host_id").n_unique().cast(pl.Int64).alias("all")]
_NAMED = pl.col("first").list.set_difference(pl.concat_list("host_id")).list.sort().list.head(_MOST)
_MORE = pl.col("all") - 2 - pl.col("others").str.count_matches(" ")
_REST = pl.when(_MORE > 0).then(pl.format(" and {} more", _MORE)).otherwise(pl.lit(""))


def block_people(
    people: pl.DataFrame, others: pl.DataFrame, school: School
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People with `blocked` set for collisions, missing names and shared e-mails, and the findings.

    Everybody eligible counts among those who share an e-mail, whatever else blocks them: also `others`
    (`host_id, mail`), whose rows differ, so that none of them stands for a person.
    """
    people = with_values(people, blocked="")
    people, collided = _block_collisions(people, school)
    people, nameless = _block_missing_names(people)
    if school.email.students == "drop":
        people = _drop_shared_emails(people, others)
    people, sharing = _block_shared_emails(people, others)
    return people, stack([collided, nameless, sharing], FINDINGS)


def _block_collisions(people: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    if not school.one_id_space:
        return people, empty(FINDINGS)
    twice = is_repeated(people[["host_id"]])
    if not twice.any():
        return people, empty(FINDINGS)
    sides = where(people, twice)
    other = sides.select("host_id", other="member_type", other_file="file", other_line="line")
    pairs = sides.join(other, on="host_id").filter(pl.col("member_type") != pl.col("other"))
    place = pl.format("{} {} ({}:{})", "other", "host_id", "other_file", "other_line")
    pairs = pairs.group_by("host_id", "member_type", "file", "line", maintain_order=True).agg(
        others=place.str.join(" and ")
    )
    cure = pl.format("; a prefix under members.{}.prefix would tell them apart", "member_type")
    found = findings(
        pairs,
        "id-collision",
        pl.format("the {} has the same Host ID as the {}", "member_type", "others") + cure,
        others=pl.col("host_id"),
    )
    return _mark(people, twice, "id-collision"), found


def _block_missing_names(people: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    nameless = (people["first_name"] == "") | (people["last_name"] == "")
    if not nameless.any():
        return people, empty(FINDINGS)
    which = (
        pl.when((pl.col("first_name") == "") & (pl.col("last_name") == ""))
        .then(pl.lit("neither name is there"))
        .when(pl.col("first_name") == "")
        .then(pl.lit("the first name is missing"))
        .otherwise(pl.lit("the last name is missing"))
    )
    found = findings(where(people, nameless), "missing-name", which)
    return _mark(people, nameless, "missing-name"), found


def _block_shared_emails(people: pl.DataFrame, others: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    shared = _is_shared(people, others)
    if not shared.any():
        return people, empty(FINDINGS)
    sharers = where(people, shared)
    holders = ["host_id", "mail"]
    groups = sharers[holders].vstack(others[holders]).group_by("mail").agg(_GROUPED)
    sharers = sharers.join(groups, on="mail", how="left", maintain_order="left")
    sharers = sharers.with_columns(others=_NAMED.list.join(" ")).with_columns(rest=_REST)
    found = findings(
        sharers,
        "shared-email",
        pl.format("shares its e-mail with {}{}", pl.col("others").str.replace_all(" ", ", "), "rest"),
        others=pl.col("others"),
    )
    return _mark(people, shared, "shared-email"), found


def _is_shared(people: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    shared = is_repeated(people[["mail"]])
    if others.height:
        shared |= is_among(people[["mail"]], others[["mail"]])
    return shared & (people["mail"] != "")


def _drop_shared_emails(people: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Takes the e-mails that they share from students; it counts as not supplied."""
    dropped = _is_shared(people, others) & (people["member_type"] == "student")
    return people.with_columns(
        email=pl.when(dropped).then(pl.lit("")).otherwise("email"),
        mail=pl.when(dropped).then(pl.lit("")).otherwise("mail"),
        unreadable=pl.when(dropped)
        .then((pl.col("unreadable") + " email").str.strip_chars())
        .otherwise("unreadable"),
    )


def _mark(people: pl.DataFrame, who: pl.Series, code: str) -> pl.DataFrame:
    """Set `blocked` where nothing has blocked the person before."""
    rows = rows_where(who & (people["blocked"] == ""))
    return put(people, rows, constant(code, rows.len()).to_frame("blocked"))
