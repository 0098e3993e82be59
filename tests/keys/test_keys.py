"""Keys are found as a plain join finds them, with hashes or without."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import keys

KEYS = st.tuples(st.sampled_from(["", "S1", "S2", "P1"]), st.sampled_from(["", "a", "b"]))
FEW = st.lists(KEYS, max_size=8)
IDS = st.lists(st.sampled_from(["", "S1", "S2", "P1"]), max_size=8)


@pytest.fixture(autouse=True, params=["hashed", "plain"])
def way(request, monkeypatch):
    """Both ways, whatever the size."""
    monkeypatch.setattr(keys, "MANY", 0 if request.param == "hashed" else 1_000)


@pytest.fixture
def all_alike(monkeypatch):
    """Hashes that all collide."""
    monkeypatch.setattr(keys, "_hashes", lambda frame: pl.Series([7] * frame.height, dtype=pl.UInt64))


def frame_of(rows: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"x": pl.String, "y": pl.String}, orient="row")


def in_python(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> set[tuple[int, int]]:
    return {(i, j) for i, one in enumerate(left) for j, other in enumerate(right) if one == other}


@given(left=FEW, right=FEW)
def test_pairs_are_all_rows_with_equal_keys(left, right):
    found = keys.pairs(frame_of(left), frame_of(right).rename({"x": "u", "y": "v"}))
    assert set(found.iter_rows()) == in_python(left, right)
    assert found.height == len(in_python(left, right))


@given(left=FEW, right=FEW)
def test_a_key_is_among_others_or_not(left, right):
    assert keys.is_among(frame_of(left), frame_of(right)).to_list() == [one in right for one in left]


@given(ids=IDS, among=IDS)
def test_an_id_is_one_of_several_or_not(ids, among):
    frame, values = pl.DataFrame({"id": ids}, schema={"id": pl.String}), pl.Series(among, dtype=pl.String)
    expected = [one in among for one in ids]
    assert frame.select(keys.one_of("id", values)).to_series().to_list() == expected
    assert keys.is_among(frame, values.to_frame()).to_list() == expected


@given(ids=IDS, among=IDS)
def test_an_id_is_found_where_it_first_stands_and_a_blank_nowhere(ids, among):
    places = [among.index(one) if one and one in among else None for one in ids]
    found = keys.find(pl.Series(ids, dtype=pl.String), pl.Series(among, dtype=pl.String))
    assert found.to_list() == places


@given(ids=IDS)
def test_the_first_row_of_each_id(ids):
    assert keys.first_rows(pl.Series(ids, dtype=pl.String)).to_list() == [ids.index(one) for one in ids]


def test_values_are_put_where_they_belong():
    frame = pl.DataFrame({"a": ["x", "y", "z"], "b": ["1", "2", "3"]})
    values = pl.DataFrame({"b": ["9", "8"]})
    assert keys.put(frame, pl.Series([2, 0]), values)["b"].to_list() == ["8", "2", "9"]
    assert frame["b"].to_list() == ["1", "2", "3"]


@given(rows=FEW)
def test_repeated_keys_and_the_first_of_each(rows):
    frame = frame_of(rows)
    assert keys.is_repeated(frame).to_list() == [rows.count(row) > 1 for row in rows]
    assert keys.first_of_each(frame, ["x", "y"]).rows() == list(dict.fromkeys(rows))
    firsts: dict[str, tuple[str, str]] = {}
    for row in rows:
        firsts.setdefault(row[0], row)
    assert keys.first_of_each(frame, ["x"]).rows() == list(firsts.values())


@pytest.mark.usefixtures("all_alike")
def test_one_hash_does_not_make_two_keys_one():
    left, right = frame_of([("S1", ""), ("S2", ""), ("S3", "")]), frame_of([("S2", ""), ("S4", "")])
    assert keys.pairs(left, right).rows() == [(1, 0)]
    assert keys.is_among(left, right).to_list() == [False, True, False]
    assert keys.find(left["x"], right["x"]).to_list() == [None, 0, None]
    assert keys.is_repeated(left).to_list() == [False, False, False]


@given(texts=IDS, values=IDS)
def test_is_one_of_is_is_in(texts, values):
    column = pl.Series(texts, dtype=pl.String)
    assert keys.is_one_of(column, pl.Series(values, dtype=pl.String)).to_list() == [
        text in values for text in texts
    ]
