"""The ends of a link by its id, as each target writes it, and as one did before."""

from __future__ import annotations

import polars as pl
import pytest

from reconciler.undo.ends import name_ends

USERS = pl.Series(["7", "8", "new:S1", "new:P1", "a%3Ab", "9:", "9", ":9"])


@pytest.mark.parametrize(
    ("target_id", "left", "right"),
    [
        ("7:8", "7", "8"),
        ("new%3AS1:new%3AP1", "new:S1", "new:P1"),
        ("a%3Ab:7", "a%3Ab", "7"),
        ("new:S1:new:P1", "new:S1", "new:P1"),
        ("new:S1:7", "new:S1", "7"),
        (":8", None, "8"),
        ("7:", "7", None),
        ("9::9", None, None),  # of two accounts each, either way
        ("7:6", None, None),
        ("new:S2:new:P1", None, None),
        ("", None, None),
    ],
)
def test_ends_of_a_relationship(target_id: str, left: str | None, right: str | None) -> None:
    links = pl.DataFrame({"id": [1], "target_id": [target_id]})
    assert name_ends(links, USERS, of_groups=False).rows() == [(1, target_id, left, right)]


@pytest.mark.parametrize(
    ("target_id", "account"),
    [
        ("1:7", "7"),
        ("new%3Agrade%3A1:new%3AS1", "new:S1"),
        ("new:grade:1:new:S1", "new:S1"),
        ("grade:1:8", "8"),
        ("grade:1:6", None),
    ],
)
def test_a_membership_is_told_by_its_account_whatever_became_of_the_group(
    target_id: str, account: str | None
) -> None:
    links = pl.DataFrame({"id": [1], "target_id": [target_id]})
    assert name_ends(links, USERS, of_groups=True)["_right"].to_list() == [account]
