from __future__ import annotations

from textwrap import dedent

from reconciler.frames import FINDINGS
from reconciler.views.matching_text import matching_text
from tests.support.plans import finding, frame
from tests.support.schools import make_school

COUNTS = {
    "matched": 3,
    "decided": 0,
    "sure": 1204,
    "likely": 12,
    "several": 2,
    "duplicate": 1,
    "none": 40,
    "people": 7,
}
SECOND = frame(
    FINDINGS,
    [
        finding(
            "duplicate-account",
            "ada@example.org",
            detail="looks like a second account of S2 (the same name)",
            others="S2",
        )
    ],
)


def test_accounts_are_counted_and_addresses_left_out() -> None:
    shown = matching_text(make_school(), COUNTS, SECOND, width=100)
    assert shown == dedent("""\
        Maple Grove School (school): 1,262 accounts
          matched         3  by their Host ID
          decided         0  by the crosswalk, and kept as they are there
          sure        1,204  one person has the same e-mail and the same name
          likely         12  one person comes near
          several         2  more than one person, or more than one account, comes near
          duplicates      1  look like a second account of somebody who has one
          none           40  nobody comes near

        People of the SIS without an account: 7

          duplicate-account, a second account: 1
            (an e-mail address)    looks like a second account of S2 (the same name)
            What to do: Decide in the crosswalk: keep_old keeps the old account, and sets the new one aside;
            set_aside leaves both as they are.
    """)


def test_addresses_are_shown_where_they_are_asked_for() -> None:
    assert "ada@example.org" in matching_text(make_school(), COUNTS, SECOND, show_names=True)


def test_without_second_accounts_nothing_is_said_of_them() -> None:
    assert "second account:" not in matching_text(make_school(), COUNTS, SECOND.clear())
