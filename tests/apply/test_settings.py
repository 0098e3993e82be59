"""How settings differ, in words."""

from __future__ import annotations

import pytest

from reconciler.apply.settings import describe_differences


@pytest.mark.parametrize(
    ("planned", "present", "words"),
    [
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, "a.b: x -> y"),
        ({"a": ["x", "y"]}, {"a": ["x", "z"]}, "a[1]: y -> z"),
        ({"a": ["x"]}, {"a": ["x", "y"]}, "a[1]: not set -> y"),
        ({"a": {"b": 1}}, {}, 'a: {"b": 1} -> not set'),
        ({"a": "1"}, {"a": 1}, "a: 1 -> 1"),
        ({"a": ""}, {"a": None}, 'a: "" -> null'),
        ({"a": ("x",)}, {"a": ["x"]}, ""),
    ],
)
def test_each_difference_has_its_place_and_both_values(planned, present, words):
    assert describe_differences(planned, present) == words


def test_many_differences_are_counted():
    planned, present = ({f"k{n}": str(n + add) for n in range(8)} for add in (0, 1))
    assert describe_differences(planned, present).endswith("k4: 4 -> 5 and 3 more")
