from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.document import Document, Place
from reconciler.config.reader import parse_document
from reconciler.errors import InputError


def parse(text: str, **env: str) -> Document:
    return parse_document(text.encode(), "a.yaml", Path(), env)


def test_data_is_what_yaml_says_by_its_core_schema() -> None:
    text = "a: [1, '1', NO, 010, null, true]\nb: {c: 2026-01-31, d: \"x\\ty\"}\ne: |\n  f\n  g\n"
    assert parse(text).data == {
        "a": [1, "1", "NO", "010", None, True],
        "b": {"c": "2026-01-31", "d": "x\ty"},
        "e": "f\ng\n",
    }


def test_keys_are_always_text() -> None:
    assert parse("10: a\n010: b\ntrue: c\n~: d\n2026-01-31: e\n").data == {
        "10": "a",
        "010": "b",
        "true": "c",
        "~": "d",
        "2026-01-31": "e",
    }


def test_every_key_and_value_has_its_place() -> None:
    document = parse("a:\n  b: 1\n  c:\n    - x\n    - d: y\n")
    assert document.keys == {
        ("a",): Place(1, 1),
        ("a", "b"): Place(2, 3),
        ("a", "c"): Place(3, 3),
        ("a", "c", 1, "d"): Place(5, 7),
    }
    assert document.values == {
        ("a",): Place(2, 3),
        ("a", "b"): Place(2, 6),
        ("a", "c"): Place(4, 5),
        ("a", "c", 0): Place(4, 7),
        ("a", "c", 1): Place(5, 7),
        ("a", "c", 1, "d"): Place(5, 10),
    }


def test_columns_count_characters_and_a_byte_order_mark_is_none() -> None:
    document = parse("\ufeffé😀: {b: 1}\n")
    assert document.keys["é😀", "b"] == Place(1, 6)


def test_place_of_what_is_not_there_is_the_key_around_it() -> None:
    document = parse("a:\n  b: {c: 1}\n")
    assert document.value_place(("a", "b", "x", "y")) == Place(2, 3)
    assert document.value_place(("x",)) == Place(0, 0)


def test_alias_repeats_a_value_and_stands_where_it_is_written() -> None:
    document = parse("a: &x {b: [1]}\nc: *x\n")
    assert document.data == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert document.values["c",] == Place(2, 4)
    assert document.values["c", "b", 0] == Place(1, 12)


def test_anchor_may_be_used_anew() -> None:
    assert parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n").data == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_replaced_variable_is_read_again_unless_it_is_quoted() -> None:
    data = parse("a: ${N}\nb: '${N}'\nc: ${T}\nd: ${E}\ne: x${N}\n", N="10", T="true", E="").data
    assert data == {"a": 10, "b": "10", "c": True, "d": "", "e": "x10"}


def test_keys_and_comments_have_no_variables() -> None:
    document = parse("${A}: 1  # ${B}\n")
    assert (document.data, document.mistakes) == ({"${A}": 1}, [])


def test_value_from_the_environment_is_shown_as_it_was_written() -> None:
    document = parse("a: x${VALUE}\n", VALUE="hunter2")
    assert document.data == {"a": "xhunter2"}
    assert document.shown(("a",), "xhunter2") == "the value of 'x${VALUE}'"


def test_nesting_up_to_the_limit_is_read() -> None:
    assert parse("a: " + "[" * 49 + "]" * 49).data["a"]
    with pytest.raises(InputError, match="nested more than 50 deep"):
        parse("a: " + "[" * 50 + "]" * 50)


def test_very_deep_nesting_is_refused_and_does_not_crash() -> None:
    # libyaml gives up by itself where it has a limit, which is as good.
    with pytest.raises(InputError, match=r"(?s)(nested more than 50 deep|nesting depth).*never that deep"):
        parse("a: " + "[" * 200_000)


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def test_aliases_up_to_the_limit_are_read() -> None:
    assert len(parse(bomb(4)).data) == 4


def test_alias_bomb_is_refused() -> None:
    with pytest.raises(InputError, match="more than 50000 values or 50 levels, with aliases written out"):
        parse(bomb(9))


def test_aliases_cannot_nest_beyond_the_limit() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))
    with pytest.raises(InputError, match="more than 50000 values or 50 levels, with aliases written out"):
        parse(text)


def test_lines_end_as_yaml_says() -> None:
    assert parse("a: 1\rb: 2\r\nc: 3\n").keys == {
        ("a",): Place(1, 1),
        ("b",): Place(2, 1),
        ("c",): Place(3, 1),
    }
