"""Pairs of an account and a person that are worth a look: they share something that tells people apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = {
    "host_id": pl.String,
    "member_type": pl.String,
    "kind": pl.String,
    "first": pl.String,
    "last": pl.String,
    "preferred": pl.String,
    "mails": pl.List(pl.String),
    "year": pl.String,
}
"""An account or a person as they are compared: texts trimmed and case-folded."""
_MAIL = r"^[^@\s]+@[^@\s]+$"


def as_compared(people: pl.DataFrame) -> pl.DataFrame:
    """SIDE of USERS or PEOPLE. A Host ID that is an e-mail address counts as one."""
    id_mail = folded("host_id")
    mails = pl.concat_list(
        folded("email"), pl.when(id_mail.str.contains(_MAIL)).then(id_mail).otherwise(pl.lit(""))
    )
    return people.select(
        "host_id",
        "member_type",
        # A parent may be a member of staff by now, or the reverse; a student is neither.
        kind=pl.when(pl.col("member_type") == "student").then(pl.lit("student")).otherwise(pl.lit("adult")),
        first=folded("first_name"),
        last=folded("last_name"),
        preferred=folded("preferred_name"),
        mails=mails.list.eval(pl.element().filter(pl.element() != "")).list.unique(),
        year="grad_year",
    )


def find_candidates(accounts: pl.DataFrame, people: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`account, person`, each pair once. `known` has pairs of the same columns that relatives make likely.

    Two people are looked at together if they share an e-mail, or a surname and an initial, or a first name
    and the beginning of a surname, or a first name and a graduation year. Nothing grows with the square of a
    school.
    """
    found = [known.select("account", "person")]
    for left, right in zip(_keys(accounts), _keys(people), strict=True):
        pairs = left.rename({"host_id": "account"}).join(
            right.rename({"host_id": "person"}), on=["kind", "key"]
        )
        found.append(pairs.select("account", "person"))
    return pl.concat(found).unique().sort("account", "person")


def _keys(side: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """`host_id, kind, key` by each of the keys."""
    yield side.select("host_id", "kind", key=pl.col("mails")).explode("key", empty_as_null=True).drop_nulls()
    given = (pl.col("first"), pl.col("preferred"))
    for name in given:
        named = side.filter(name != "")
        yield _key(named.filter(pl.col("last") != ""), pl.col("last"), name.str.slice(0, 1))
        yield _key(named.filter(pl.col("last") != ""), name, pl.col("last").str.slice(0, 2))
        yield _key(named.filter(pl.col("year") != ""), name, pl.col("year"))


def _key(side: pl.DataFrame, *parts: pl.Expr) -> pl.DataFrame:
    return side.select("host_id", "kind", key=pl.concat_str(parts, separator="\x1f"))
