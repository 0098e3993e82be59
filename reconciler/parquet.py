"""Frames as Parquet, for plan files and mirrors: a column that holds one value is that value alone.

Nearly everybody has the same role, origin or reason: as columns these would take a third of the memory, and
most of the time that a file takes to be written.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from reconciler.frames import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.frames import Schema

Same: TypeAlias = "Mapping[str, str | bool | int]"
"""Column -> the value that it holds in every row."""
_TYPES: dict[object, type] = {pl.String: str, pl.Boolean: bool, pl.UInt32: int}
"""What a value in JSON has to be: nothing is made to fit."""


def pack(frame: pl.DataFrame) -> tuple[memoryview, Same]:
    """A frame as the bytes of a Parquet file, and what is not in it because it is the same in every row."""
    columns = frame.get_columns()[1:] if frame.height else []  # the first one tells how many rows there are
    same = {column.name: column[0] for column in columns if (column == column[0]).all()}
    file = io.BytesIO()
    # One group of rows is read a sixth faster than several, and lz4 as fast as no compression.
    frame[[name for name in frame.columns if name not in same]].write_parquet(
        file, compression="lz4", statistics=False, row_group_size=max(frame.height, 1)
    )
    return file.getbuffer(), same


def unpack(data: bytes, same: Same, schema: Schema) -> pl.DataFrame:
    """The frame of `schema` that was packed; a column of one value takes no memory.

    Raises:
        KeyError, TypeError, ValueError, PolarsError: what was read is no such frame.
    """
    frame = pl.read_parquet(data)
    values = dict(same)  # a damaged file may hold anything here
    for name, value in values.items():
        if type(value) is not _TYPES[schema[name]]:
            raise TypeError(f"{name} is not {schema[name]}")
    once = [pl.lit(value, schema[name]).alias(name) for name, value in values.items()]
    return check(frame.with_columns(once), schema)
