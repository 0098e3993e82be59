from __future__ import annotations

import pytest

from reconciler.config.patterns import regex_problem, template_problem


@pytest.mark.parametrize(
    "pattern",
    [
        *("[0-9]+", "-?[0-9]+", "(?:0|false|no|n)?", "", ".*", r"\d{3}-\w+", "(?i:a|b)", "(?P<x>a)"),
        *(r"[(?=]", r"\(\?=", r"\\1", r"[]a]", r"[^]a]", r"a\.b", r"[\]\d]+", "[*+]+", "é+"),
    ],
)
def test_pattern_that_both_engines_take(pattern: str) -> None:
    assert regex_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("(?=x)", "(?="),
        ("a(?!x)", "(?!"),
        ("(?<=x)a", "(?<="),
        ("(?<!x)a", "(?<!"),
        (r"(a)\1", r"\1"),
        (r"\\\1", r"\1"),
        ("(?P<a>x)(?P=a)", "(?P="),
        ("(?>a)b", "(?>"),
        ("a++", "++"),
        (r"a\Z", r"\Z"),
        ("(?#note)", "(?#"),
    ],
)
def test_pattern_that_rust_does_not_take_is_refused(pattern: str, what: str) -> None:
    assert regex_problem(pattern) == (
        f"a regular expression cannot have '{what}' here",
        "look-around and references are not taken",
    )


@pytest.mark.parametrize("pattern", ["[0-9", "(", "*", "a{2,1}", "[[a]", "a{99999999999}", "(?i)a(?i)", "\\"])
def test_pattern_that_is_none_is_refused(pattern: str) -> None:
    assert regex_problem(pattern) is not None


@pytest.mark.parametrize(
    "template",
    ["{{ label }}", "Class of {{ grad_year|upper }}", "{% if a is defined %}b{% endif %}", "plain"],
)
def test_template_that_can_be_used(template: str) -> None:
    assert template_problem(template) is None


@pytest.mark.parametrize(
    "template",
    [
        *(
            "{{ label",
            "{% if a %}",
            "{{ }}",
            "{{ a|nope }}",
            "{% if a is nope %}{% endif %}",
            "{% include %}",
        ),
        *("{{ " + "(" * 240 + ")" * 240 + " }}", "{{ " + "9" * 5000 + " }}"),
    ],
)
def test_template_that_cannot_be_used_is_refused(template: str) -> None:
    assert template_problem(template) is not None


def test_template_is_not_worked_out() -> None:
    assert template_problem("{{ 10 ** 10 ** 10 }}") is None
