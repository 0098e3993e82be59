from __future__ import annotations

import pytest

from reconciler.config import did_you_mean


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("studnets", "did you mean 'students'?"),
        ("STUDENTS", "did you mean 'students'?"),
        ("sTaf", "did you mean 'Staff'?"),
        ("zebra", ""),
        ("", ""),
    ],
)
def test_nearest_option_is_suggested(word: str, expected: str) -> None:
    assert did_you_mean(word, ["students", "Staff"]) == expected


def test_nothing_is_suggested_without_options() -> None:
    assert not did_you_mean("students", [])
