"""Columns are worked on as polars's own queries do it, whatever the size."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from reconciler import columns
from reconciler.columns import (
    choose,
    constant,
    equals_any,
    framed,
    is_there,
    piled,
    rows_where,
    where,
    with_values,
)

TEXTS = st.sampled_from(["", "S1", "S2", "P1"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([True, False, None])), max_size=8)


@pytest.fixture(autouse=True, params=["many", "few"])
def way(request, monkeypatch):
    """Both ways, whatever the size."""
    monkeypatch.setattr(columns, "MANY", -1 if request.param == "many" else 1_000)


def frame_of(rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"x": pl.String, "y": pl.String, "mask": pl.Boolean}, orient="row")


@given(ROWS)
def test_where_gives_the_rows_that_filter_gives(rows):
    frame = frame_of(rows)
    assert_frame_equal(where(frame, frame["mask"]), frame.filter("mask"))


@given(ROWS)
def test_rows_where_are_the_numbers_of_those_rows(rows):
    frame = frame_of(rows)
    assert_frame_equal(frame[rows_where(frame["mask"])], frame.filter("mask"))
    assert rows_where(frame["mask"]).dtype == pl.UInt32


@given(ROWS)
def test_choose_is_when_then_otherwise(rows):
    frame = frame_of(rows)
    for yes, no in ((frame["x"], frame["y"]), ("a", frame["y"]), (frame["x"], ""), ("a", "b")):
        chosen = choose(frame["mask"], yes, no)
        query = pl.when("mask").then(_expr(yes)).otherwise(_expr(no))
        assert_series_equal(chosen, frame.select(query).to_series(), check_names=False)


@given(ROWS)
def test_values_stand_in_their_own_place_or_at_the_end(rows):
    frame = frame_of(rows)
    changed = with_values(frame, y=frame["x"], mask=True, z="a", line=7)
    query = frame.with_columns(
        y=pl.col("x"), mask=pl.lit(value=True), z=pl.lit("a"), line=pl.lit(7, pl.UInt32)
    )
    assert_frame_equal(changed, query)
    assert_frame_equal(frame, frame_of(rows))  # as it was


@given(ROWS)
def test_a_frame_of_columns_and_constants(rows):
    frame = frame_of(rows)
    made = framed(z="a", x=frame["y"], line=0, flag=False)
    query = frame.select(
        z=pl.lit("a"), x=pl.col("y"), line=pl.lit(0, pl.UInt32), flag=pl.lit(value=False)
    ).head(frame.height)
    assert_frame_equal(made, query)


@given(ROWS, st.lists(TEXTS, max_size=3))
def test_equals_any_is_is_in(rows, few):
    texts = frame_of(rows)["x"]
    assert_series_equal(equals_any(texts, few), texts.is_in(few), check_names=False)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_frames_in_a_pile_have_all_rows(parts):
    assert_frame_equal(
        piled([frame_of(rows) for rows in parts]), frame_of([row for rows in parts for row in rows])
    )


@given(ROWS)
def test_is_there_is_is_not_null(rows):
    mask = frame_of(rows)["mask"]
    assert_series_equal(is_there(mask), mask.is_not_null(), check_names=False)
    assert is_there(mask.drop_nulls()).all()


def test_a_flag_is_no_number():
    assert constant(value=True, height=2).dtype == pl.Boolean
    assert constant(value=1, height=2).dtype == pl.UInt32
    assert constant(value=1, height=2).to_list() == [1, 1]


def _expr(value) -> pl.Expr:
    return pl.col(value.name) if isinstance(value, pl.Series) else pl.lit(value)
