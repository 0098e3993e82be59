"""What speaks for a pair of account and person, as a score of 0 to 100 and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.match.candidates import without_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

ALIKE = 0.85
"""How similar two names are at least that may be one with a typo: 0 is nothing in common, 1 the same."""
_BUT_FOR_MARKS = 0.99
"""The most that two names have in common that differ in accents."""
_EMAIL, _NAME, _FIRST, _YEAR, _OTHER_YEAR, _RELATIVE, _MOST_RELATIVES = 50, 40, 15, 10, -30, 20, 2


def judge_pairs(
    pairs: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame, relatives: pl.DataFrame
) -> pl.DataFrame:
    """Adds what speaks for it to each pair of `account` and `person`.

    `certain`: e-mail and name agree; `same_name`: the name does; both only where the year says nothing else.
    `score`, and `evidence` in words.

    `relatives` gives for a pair how many (`relatives`) of the two's relatives are matched with each other.
    """
    both = (
        pairs.join(accounts.select(pl.all().name.prefix("a_")), left_on="account", right_on="a_host_id")
        .join(people.select(pl.all().name.prefix("p_")), left_on="person", right_on="p_host_id")
        .filter(pl.col("a_kind") == pl.col("p_kind"))
        .join(relatives, on=["account", "person"], how="left")
        .with_columns(pl.col("relatives").fill_null(0))
    )
    names = both.select("a_first", "a_preferred", "a_last", "p_first", "p_preferred", "p_last")
    plain = names.select(without_marks(pl.all()))
    years = (pl.col("a_year") != "") & (pl.col("p_year") != "")
    judged = both.with_columns(
        similarity=pl.Series(
            [_similarity(*rows) for rows in zip(names.iter_rows(), plain.iter_rows(), strict=True)],
            dtype=pl.Float64,
        ),
        email=pl.col("a_mails").list.set_intersection("p_mails").list.len() > 0,
        same_first=(pl.col("a_first") == pl.col("p_first")) & (pl.col("a_first") != ""),
        same_year=years & (pl.col("a_year") == pl.col("p_year")),
        other_year=years & (pl.col("a_year") != pl.col("p_year")),
    ).with_columns(same=pl.col("similarity") == 1, alike=pl.col("similarity") >= ALIKE)
    return judged.select(
        "account",
        "person",
        certain=pl.col("email") & pl.col("same") & ~pl.col("other_year"),
        same_name=pl.col("same") & ~pl.col("other_year"),
        score=_score(),
        evidence=_evidence(),
    )


def _similarity(names: tuple[str, ...], plain: tuple[str, ...]) -> float:
    """How similar two full names are at best, with the given or the preferred first name.

    Each gives first, preferred and last name of either, as they stand and without accents, in which alone
    none are the same. Without a surname there is no full name.
    """
    ours, others = _full_names(*names[:3]), _full_names(*names[3:])
    if ours & others:
        return 1.0
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415 - loads slowly, and rarely wanted

    if names != plain:
        ours, others = _full_names(*plain[:3]), _full_names(*plain[3:])
    similar = (DamerauLevenshtein.normalized_similarity(one, other) for one in ours for other in others)
    return min(max(similar, default=0.0), _BUT_FOR_MARKS)


def _full_names(first: str, preferred: str, last: str) -> set[str]:
    return {f"{one} {last}" for one in (first, preferred) if one} if last else set()


def _score() -> pl.Expr:
    name = (
        pl.when("alike")
        .then((pl.col("similarity") * _NAME).round())
        .when("same_first")
        .then(_FIRST)
        .otherwise(0)
    )
    relatives = pl.min_horizontal("relatives", pl.lit(_MOST_RELATIVES)) * _RELATIVE
    years = pl.when("same_year").then(_YEAR).when("other_year").then(_OTHER_YEAR).otherwise(0)
    score = pl.when("email").then(_EMAIL).otherwise(0) + name + years + relatives
    return score.cast(pl.Int64).clip(0, 100)


def _evidence() -> pl.Expr:
    said: Sequence[tuple[pl.Expr, pl.Expr]] = (
        (pl.col("email"), pl.lit("the same e-mail")),
        (pl.col("same"), pl.lit("the same name")),
        (
            pl.col("alike") & ~pl.col("same"),
            pl.format("a similar name ({} %)", (pl.col("similarity") * 100).round().cast(pl.Int64)),
        ),
        (pl.col("same_first") & ~pl.col("alike"), pl.lit("the same first name")),
        (pl.col("same_year"), pl.lit("the same graduation year")),
        (pl.col("other_year"), pl.lit("another graduation year")),
        (pl.col("relatives") > 0, pl.format("relatives who match: {}", "relatives")),
    )
    return pl.concat_str(
        [pl.when(holds).then(words) for holds, words in said], separator=", ", ignore_nulls=True
    )
