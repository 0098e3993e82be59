"""Frames come back from Parquet as they were, columns of one value too."""

from __future__ import annotations

import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.parquet import pack, unpack

SCHEMA = {"id": pl.String, "active": pl.Boolean, "step": pl.UInt32, "reason": pl.String}
ROW = st.tuples(
    st.sampled_from(["S1", "S2"]),
    st.booleans(),
    st.sampled_from([0, 1, 2**32 - 1]),
    st.sampled_from(["", "é", "new"]),
)


@given(rows=st.lists(ROW, max_size=4))
def test_a_frame_comes_back_as_it_was(rows):
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    data, same = pack(frame)
    assert unpack(bytes(data), same, SCHEMA).equals(frame)


def test_what_is_the_same_in_every_row_is_not_in_the_file():
    frame = pl.DataFrame([("S1", True, 1, "x"), ("S2", True, 1, "y")], schema=SCHEMA, orient="row")
    data, same = pack(frame)
    assert same == {"active": True, "step": 1}
    assert pl.read_parquet(io.BytesIO(data)).columns == ["id", "reason"]


@pytest.mark.parametrize(
    "wrong", [{"active": 1}, {"step": True}, {"step": "1"}, {"reason": 1}, {"reason": None}, {"step": -1}]
)
def test_a_value_of_another_type_is_refused(wrong):
    data, same = pack(pl.DataFrame([("S1", True, 1, "x")], schema=SCHEMA, orient="row"))
    with pytest.raises((TypeError, pl.exceptions.PolarsError)):
        unpack(bytes(data), {**same, **wrong}, SCHEMA)
