"""Pairs of an account and a person that are worth a look: they share something that tells people apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
PAIR = {"account": pl.String, "person": pl.String}
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
        first=folded("first_name").str.normalize("NFC"),
        last=folded("last_name").str.normalize("NFC"),
        preferred=folded("preferred_name").str.normalize("NFC"),
        mails=mails.list.eval(pl.element().filter(pl.element() != "")).list.unique(),
        year="grad_year",
    )


def without_marks(name: pl.Expr) -> pl.Expr:
    """A name as somebody writes it whose keyboard has no accents."""
    return name.str.normalize("NFKD").str.replace_all(r"\p{M}", "")


def plain_candidates(accounts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """`account, person`: who have an e-mail or a whole name in common."""
    return _pairs(accounts, people, _plain_keys, most=None)


def near_candidates(accounts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """`account, person`: who may be one in spite of a typo, which spares the other part of the name.

    They have in common a surname and an initial, or a first name and the beginning of a surname, or a first
    name and a graduation year. What hundreds have in common tells nobody apart, and would make the work grow
    with the square of a school: it is passed over.
    """
    return _pairs(accounts, people, _near_keys, most=_CROWD)


_CROWD = 2_500
"""How many pairs one such key may make."""


def _pairs(
    accounts: pl.DataFrame,
    people: pl.DataFrame,
    keys: Callable[[pl.DataFrame], Iterator[pl.DataFrame]],
    *,
    most: int | None,
) -> pl.DataFrame:
    found = [pl.DataFrame(schema=PAIR)]
    for left, right in zip(keys(accounts), keys(people), strict=True):
        ours, theirs = (side.unique() for side in (left, right))
        if most is not None:
            both = (
                ours.group_by("kind", "key")
                .len()
                .join(theirs.group_by("kind", "key").len(), on=["kind", "key"])
            )
            few = both.filter(pl.col("len").cast(pl.Int64) * pl.col("len_right") <= most)
            ours = ours.join(few, on=["kind", "key"], how="semi")
        pairs = ours.rename({"host_id": "account"}).join(
            theirs.rename({"host_id": "person"}), on=["kind", "key"]
        )
        found.append(pairs.select("account", "person"))
    return pl.concat(found).unique()


def _plain_keys(side: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """`host_id, kind, key` by each of the keys."""
    yield side.select("host_id", "kind", key=pl.col("mails")).explode("key", empty_as_null=True).drop_nulls()
    whole = side.filter(pl.col("last") != "")
    names = [_key(whole.filter(name != ""), name + " " + _LAST) for name in _GIVEN]
    yield pl.concat(names)


def _near_keys(side: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """`host_id, kind, key` by each of the keys."""
    whole = [(name, side.filter(name != "", pl.col("last") != "")) for name in _GIVEN]
    yield pl.concat([_key(named, _LAST, name.str.slice(0, 1)) for name, named in whole])
    yield pl.concat([_key(named, name, _LAST.str.slice(0, 2)) for name, named in whole])
    yield pl.concat([_key(named.filter(pl.col("year") != ""), name, pl.col("year")) for name, named in whole])


_LAST = without_marks(pl.col("last"))
_GIVEN = (without_marks(pl.col("first")), without_marks(pl.col("preferred")))


def _key(side: pl.DataFrame, *parts: pl.Expr) -> pl.DataFrame:
    return side.select("host_id", "kind", key=pl.concat_str(parts, separator="\x1f"))
