"""Rows found by their keys, a million as fast as a thousand.

A key is a row of text columns. Many of them are matched by 64-bit hashes, which takes half the time of
comparing the texts themselves; whatever matches is then compared as text, so that two keys of one hash are
never taken for one, and the hashes are thrown away.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, xor

import polars as pl

from reconciler.columns import equals_any

MANY = 20_000
"""Rows from which on hashing is worth its own, fixed cost."""
FEW = 8
"""How many times fewer keys are looked up one by one faster than by a join."""
COMPARED = 2
"""Up to so many values, comparing with them takes a third of the time of looking them up."""
COMPARED_IN_COLUMNS = 5
"""The same of columns, of few rows and of many."""
_NO = pl.Series([False])
_NULL = pl.Series([None], dtype=pl.UInt32)
_NO_TEXT = pl.Series([None], dtype=pl.String)


def pairs(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """`left, right`: the row numbers of every two rows with equal keys, in no order.

    The columns of the two frames are compared by their place, whatever they are called.
    """
    if left.height + right.height < MANY:
        return _plain_pairs(left, right)
    found = (
        pl.LazyFrame({"left": _numbers(left), "key": _hashes(left)})
        .join(pl.LazyFrame({"right": _numbers(right), "key": _hashes(right)}), on="key")
        .select("left", "right")
        .collect(engine="streaming")
    )
    partner = nowhere(left.height).scatter(found["left"], found["right"])
    if partner.len() - partner.null_count() < found.height:  # some have several
        equal = (
            ours[found["left"]] == theirs[found["right"]] for ours, theirs in zip(left, right, strict=True)
        )
        return found.filter(*equal)
    # In the order of the rows, texts are compared twice as fast as at random.
    equal = (ours == theirs[partner] for ours, theirs in zip(left, right, strict=True))
    alike = reduce(and_, equal).fill_null(value=False)
    return pl.DataFrame({"left": alike.arg_true(), "right": partner.filter(alike)})


def find(ids: pl.Series, among: pl.Series) -> pl.Series:
    """For each id the number of the first row of `among` that has it, null where there is none.

    A blank id is nobody's.
    """
    if ids.len() + among.len() < MANY:
        return _plain_find(ids, among)
    found = pairs(ids.to_frame(), among.to_frame())
    if (ids == "").any():
        found = found.filter(ids[found["left"]] != "")
    numbers = nowhere(ids.len()).scatter(found["left"], found["right"])
    if numbers.len() - numbers.null_count() == found.height:
        return numbers
    several = found.filter(numbers[found["left"]] != found["right"])["left"].unique()
    first = found.filter(found["left"].is_in(listed(several))).group_by("left").agg(pl.col("right").min())
    return numbers.scatter(first["left"], first["right"])


def is_among(left: pl.DataFrame, right: pl.DataFrame) -> pl.Series:
    """For each row of `left` whether any row of `right` has its key."""
    if right.width == 1 and (left.height + right.height < MANY or right.height * FEW < left.height):
        return left.to_series().is_in(listed(right.to_series()))
    if is_repeated(left).any() and is_repeated(right).any():
        right = right.unique()  # else a key that is here and there many times would make a pair of each two
    return flags(left.height, pairs(left, right)["left"])


def is_repeated(keys: pl.DataFrame) -> pl.Series:
    """For each row whether another has the same key."""
    if keys.height < MANY:
        return keys.is_duplicated()
    hashes = _hashes(keys)
    in_order = hashes.sort()
    several = in_order.filter(in_order == in_order.shift(1)).unique()
    suspects = hashes.is_in(listed(several)) if several.len() else flags(keys.height, several)
    return flags(keys.height, suspects.arg_true().filter(keys.filter(suspects).is_duplicated()))


def first_rows(keys: pl.Series) -> pl.Series:
    """For each row the number of the first row with the same key: its own, but for those that come again."""
    numbers = pl.int_range(keys.len(), dtype=pl.UInt32, eager=True)
    repeated = is_repeated(keys.to_frame())
    if not repeated.any():
        return numbers
    some = pl.DataFrame({"key": keys.filter(repeated), "row": numbers.filter(repeated)})
    return numbers.scatter(some["row"], some.select(pl.col("row").min().over("key"))["row"])


def put(frame: pl.DataFrame, rows: pl.Series, values: pl.DataFrame) -> pl.DataFrame:
    """The frame with other values, in the columns of `values`, at these row numbers."""
    if not rows.len():
        return frame
    changed = frame.clone()
    for column in values:
        place = frame.get_column_index(column.name)
        changed.replace_column(place, frame.to_series(place).clone().scatter(rows, column))
    return changed


def first_of_each(frame: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """The first row of each key, in the order in which they stand."""
    repeated = is_repeated(frame[on]) if frame.height > 1 else flags(frame.height)
    if not repeated.any():
        return frame
    if frame.height < MANY:
        return frame.unique(on, keep="first", maintain_order=True)
    some = frame.select(on).with_row_index("_row").filter(repeated)
    later = some.filter(~some.select(pl.struct(on).is_first_distinct()).to_series())["_row"]
    return frame.filter(~flags(frame.height, later))


def listed(values: pl.Series) -> pl.Series:
    """The values as one list: what `is_in` looks them up in."""
    return pl.Series([values]) if values.len() < MANY else values.implode()


def one_of(column: str, values: pl.Series) -> pl.Expr:
    """Whether a text is one of the values."""
    text = pl.col(column)
    if not values.len():  # as often as not; then no row has to be looked at
        return text.is_null() & pl.lit(value=False)
    if values.len() <= COMPARED:
        return text.eq(values[0]) | text.eq(values[-1])
    return text.is_in(listed(values))


def is_one_of(texts: pl.Series, values: pl.Series) -> pl.Series:
    """Whether each text is one of the values."""
    if texts.is_empty():
        return flags(0)
    return equals_any(texts, values) if values.len() <= COMPARED_IN_COLUMNS else texts.is_in(listed(values))


def flags(height: int, true: pl.Series | None = None) -> pl.Series:
    """A column of that height which is true at the given row numbers, if any."""
    none = _NO.new_from_index(0, height)
    return none if true is None or not true.len() else none.scatter(true, values=True)


def nowhere(height: int) -> pl.Series:
    """Row numbers of that height, all of them unknown."""
    return _NULL.new_from_index(0, height)


def _hashes(keys: pl.DataFrame) -> pl.Series:
    # Each column with a seed of its own, or (a, b) and (b, a) would be alike.
    return reduce(xor, (column.hash(seed) for seed, column in enumerate(keys)))


def _numbers(keys: pl.DataFrame) -> pl.Series:
    return pl.int_range(keys.height, dtype=pl.UInt32, eager=True)


def _plain_find(ids: pl.Series, among: pl.Series) -> pl.Series:
    there = among.to_frame("key").with_row_index("row")
    if among.n_unique() < among.len():
        there = there.unique("key", keep="first")
    asked = ids.zip_with(ids != "", _NO_TEXT)  # what is null is found nowhere
    return asked.to_frame("key").join(there, on="key", how="left", maintain_order="left")["row"]


def _plain_pairs(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    ours, theirs = left.with_row_index("left"), right.with_row_index("right")
    return ours.join(theirs, left_on=left.columns, right_on=right.columns)[["left", "right"]]
