from __future__ import annotations

import re

import pytest

from reconciler.config.scalars import VariableError, resolve, substitute


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("", None),
        ("~", None),
        ("Null", None),
        ("0", 0),
        ("-12", -12),
        ("2026", 2026),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("1E5", 100000.0),
    ],
)
def test_core_schema_values(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "yes", "on", "off", "y", "tRUE", "nULL"),
        *("010", "-0", "+5", "0o7", "0x1F", "1_000", "12:30", "1,000", "9" * 19),
        *("2026-01-31", "2025-26", ".inf", ".nan", "1.", ".5", "1e", "\u0661"),
    ],
)
def test_all_else_stays_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "one"),
        ("a/${A}-${B}/b", "a/one-two/b"),
        ("${C:-three}", "three"),
        ("${C:-}", ""),
        ("${BLANK:-default}", "default"),
        ("${BLANK}", ""),
        ("$${A}", "${A}"),
        ("$A ${A}$", "$A one$"),
        ("no variable", "no variable"),
        ("${C:-a:-b}", "a:-b"),
    ],
)
def test_variables_are_replaced(text: str, expected: str) -> None:
    assert substitute(text, {"A": "one", "B": "two", "BLANK": ""}) == expected


def test_value_of_a_variable_is_not_searched_for_variables() -> None:
    assert substitute("${A}", {"A": "${B}"}) == "${B}"


@pytest.mark.parametrize("text", ["${", "${}", "${A", "${1A}", "${A-b}", "${A:+b}", "${ A }", "${A${B}}"])
def test_malformed_variable_is_refused(text: str) -> None:
    with pytest.raises(VariableError, match="is not a variable"):
        substitute(text, {"A": "one", "B": "two"})


def test_missing_variable_says_how_to_set_it() -> None:
    with pytest.raises(VariableError, match=re.escape("the variable NOPE is not set")) as caught:
        substitute("${NOPE}", {})
    assert caught.value.hint == (
        "set it in the environment (export NOPE=...), or give a default: ${NOPE:-...}"
    )
