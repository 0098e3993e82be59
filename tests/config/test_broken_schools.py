from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.config import load_school, validate
from reconciler.errors import InputError

if TYPE_CHECKING:
    from tests.config.conftest import Write

CASES: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("broken_schools.yaml").read_text(encoding="utf-8")
)
ENV = {"SECRET": "hunter2"}


def broken(good: str, case: dict[str, Any]) -> str:
    if "whole" in case:
        return str(case["whole"])
    if "add" in case:
        return good + str(case["add"])
    old, new = case["replace"]
    assert old in good
    return good.replace(old, new)


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_told_with_its_place_and_what_to_do(name: str, good: str, write: Write) -> None:
    path = write(broken(good, CASES[name]))
    with pytest.raises(InputError) as caught:
        load_school(path, ENV)
    assert str(caught.value) == CASES[name]["says"]
    assert validate([path], ENV) == caught.value.mistakes


def test_bytes_that_are_not_utf_8_are_placed(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        load_school(write(b"name: x\nsis: caf\xe9\n"), {})
    assert str(caught.value) == (
        "school.yaml:2:9: byte 0xE9 is not UTF-8; save the file as UTF-8\n    sis: caf�\n            ^"
    )


def test_file_over_the_limit_is_refused(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        load_school(write("#" * (2**20 + 1)), {})
    assert str(caught.value) == (
        "school.yaml: larger than 1 MiB; keep lists of people in CSV files beside the school file"
    )


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: no such file; check the name"):
        load_school(tmp_path / "nowhere.yaml", {})


def test_folder_is_no_school(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_school(tmp_path, {})


def test_mistake_in_a_rule_set_is_told_with_the_rule_set(good: str, write: Write) -> None:
    write("rule_set: local\nsnyc: apply\n", "rules/local.yaml")
    path = write(good.replace("extends: [", "extends: [rules/local.yaml, "))
    with pytest.raises(InputError) as caught:
        load_school(path, {})
    assert str(caught.value) == (
        "rules/local.yaml:2:1: unknown key 'snyc'; did you mean 'sync'?\n    snyc: apply\n    ^"
    )


def test_mistakes_of_school_and_rule_set_come_at_once(good: str, write: Write) -> None:
    write("sync: aply\n", "local.yaml")
    path = write(good.replace("extends: [", "extends: [local.yaml, ") + "blank: {emial: clear}\n")
    with pytest.raises(InputError) as caught:
        load_school(path, {})
    assert [(mistake.file, mistake.line) for mistake in caught.value.mistakes] == [
        ("local.yaml", 0),
        ("local.yaml", 1),
        ("school.yaml", 14),
    ]


def test_rule_set_that_is_no_yaml_does_not_hide_the_schools_mistakes(good: str, write: Write) -> None:
    write("rule_set: [\n", "local.yaml")
    path = write(good.replace("extends: [", "extends: [local.yaml, ") + "sync: aply\n")
    with pytest.raises(InputError) as caught:
        load_school(path, {})
    assert [mistake.where for mistake in caught.value.mistakes] == ["local.yaml:2:1", "school.yaml:14:7"]


def test_excerpt_keeps_the_caret_below_its_place(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        load_school(write("a: 1\n\tb: 2\n"), {})
    (mistake,) = caught.value.mistakes
    assert (mistake.column, mistake.excerpt) == (1, " b: 2")


def test_long_line_is_cut_and_a_place_beyond_it_has_no_excerpt(good: str, write: Write) -> None:
    far = " " * 200
    with pytest.raises(InputError) as caught:
        load_school(write(f"{good}email: {{{far}student: drop}}\nsync: aply {far}# x\n"), {})
    beyond, cut = caught.value.mistakes
    assert (beyond.column, beyond.excerpt) == (209, "")
    assert cut.excerpt == "sync: aply" + " " * 149 + "…"
