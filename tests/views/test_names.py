"""E-mail addresses stay out of what is shown; the keys of campuses' groups look alike, and stay in."""

from __future__ import annotations

import pytest

from reconciler.pseudonyms import without_addresses
from reconciler.views.names import NOBODY, tell

LEFT_OUT = "(an e-mail address)"


@pytest.mark.parametrize(
    "key",
    [
        "grade:5@101",
        "grade:-1@Upper School",
        "grad_year:2031@St.John",
        "faculty@Upper School",
        "faculty@St. John",
        "division:Lower School@Upper School",
    ],
)
@pytest.mark.parametrize("text", ["{}", "{} has another name", "Academics/Grade 5 ({}): their grade"])
def test_the_key_of_a_group_stays(key: str, text: str) -> None:
    told = text.format(key)
    assert (without_addresses(told), tell("", told, (), NOBODY)) == (told, told)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("old@example.org", LEFT_OUT),
        ("is old@localhost, too", f"is {LEFT_OUT}, too"),
        ("shares it (a@b.org; c@d.org)", f"shares it ({LEFT_OUT}; {LEFT_OUT})"),
        ("faculty@example.org", LEFT_OUT),
        ("the.faculty@example.org", LEFT_OUT),
        ("faculty@Upper School: old@example.org", f"faculty@Upper School: {LEFT_OUT}"),
        ("no group division:Lower and account a@b.org", f"no group division:Lower and account {LEFT_OUT}"),
    ],
)
def test_an_address_does_not(text: str, seen: str) -> None:
    assert without_addresses(text) == seen


@pytest.mark.parametrize(
    ("detail", "others", "seen"),
    [
        ("its graduation year is 2028", [], "its graduation year is 2028"),
        ("shares its e-mail with 2028", ["2028"], "shares its e-mail with 2028 Ada Byron"),
        ("is the parent P2 too", [], "is the parent P2 Bo too"),
    ],
)
def test_a_number_is_a_host_id_only_where_the_finding_is_about_it(
    detail: str, others: list[str], seen: str
) -> None:
    assert tell("3", detail, others, {"2028": "Ada Byron", "P2": "Bo"}) == seen
