from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.config import find_school, school_files, validate
from reconciler.errors import InputError, ReconcileError

if TYPE_CHECKING:
    from tests.config.conftest import Write

HERE = Path()


def test_id_stands_for_a_file_in_schools(write: Write) -> None:
    path = write("", "schools/maple-grove.yaml")
    assert find_school("maple-grove", HERE) == path


def test_path_is_taken_from_the_folder_or_as_it_is(write: Write, tmp_path: Path) -> None:
    write("", "elsewhere/oak.yaml")
    assert find_school("elsewhere/oak.yaml", HERE) == Path("elsewhere/oak.yaml")
    assert find_school("oak.yaml", tmp_path / "elsewhere") == tmp_path / "elsewhere/oak.yaml"
    assert find_school(str(tmp_path / "elsewhere/oak.yaml"), HERE) == tmp_path / "elsewhere/oak.yaml"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("maple-grov", "no school 'maple-grov' in schools; did you mean 'maple-grove'?"),
        (
            "x",
            "no school 'x' in schools; schools here: maple-grove, oak; or give a path ending in .yaml",
        ),
        ("../oak", "no school '../oak' in schools; did you mean 'oak'?"),
        ("oak.yaml", "no such school file: oak.yaml; check the path, or give the id of a school"),
        (
            "a" * 5000 + ".yaml",
            f"no such school file: {'a' * 5000}.yaml; check the path, or give the id of a school",
        ),
    ],
)
def test_unknown_school_says_what_there_is(write: Write, name: str, message: str) -> None:
    write("", "schools/maple-grove.yaml")
    write("", "schools/oak.yaml")
    write("", "schools/README.md")
    with pytest.raises(ReconcileError) as caught:
        find_school(name, HERE)
    assert str(caught.value) == message


def test_no_schools_at_all(write: Write) -> None:
    write("", "x")
    with pytest.raises(ReconcileError) as caught:
        find_school("oak", HERE)
    assert str(caught.value) == (
        "no school 'oak' in schools; there are no schools yet; give a path ending in .yaml"
    )


def test_all_schools_are_the_default_and_a_folder_stands_for_its_files(write: Write) -> None:
    for name in ("schools/b.yaml", "schools/a.yaml", "schools/notes.txt", "more/c.yaml", "more/sub/d.yaml"):
        write("", name)
    assert school_files([], HERE) == [Path("schools/a.yaml"), Path("schools/b.yaml")]
    paths = [Path("more"), Path("schools/a.yaml"), Path("more/c.yaml")]
    assert school_files(paths, HERE) == [Path("more/c.yaml"), Path("schools/a.yaml")]


def test_an_id_stands_for_the_file_of_its_school(write: Write) -> None:
    write("", "schools/maple.yaml")
    assert school_files([Path("maple")], HERE) == [Path("schools/maple.yaml")]
    for other in ("schools/maple", "elsewhere/maple"):
        with pytest.raises(InputError, match="no such school or file"):
            school_files([Path(other)], HERE)
    with pytest.raises(InputError, match=r"did you mean 'maple'\?"):
        school_files([Path("mapel")], HERE)


def test_paths_that_lead_nowhere_are_all_told(write: Write) -> None:
    write("", "empty/notes.txt")
    with pytest.raises(InputError) as caught:
        school_files([Path("empty"), Path("nowhere.yaml"), Path("b" * 5000)], HERE)
    assert str(caught.value) == "\n".join(
        f"{path}: no such school or file, and no folder with .yaml files; check the name or path"
        for path in ("b" * 5000, "empty", "nowhere.yaml")
    )


def test_default_without_schools_is_a_mistake(write: Write) -> None:
    write("", "x")
    with pytest.raises(InputError, match="schools: no such school or file, and no folder with"):
        school_files([], HERE)


def test_all_mistakes_of_all_files_are_told_in_order(good: str, write: Write) -> None:
    paths = [
        write(good + "sync: aply\nblank: {emial: keep}\n", "b.yaml"),
        write(good, "good.yaml"),
        write("rule_set: Mine\nname: x\n", "a.yaml"),
    ]
    assert [f"{mistake.where}: {mistake.message}" for mistake in validate(paths, {})] == [
        "a.yaml:1:11: rule_set: 'Mine' is not a name",
        "a.yaml:2:1: unknown key 'name'",
        "b.yaml:14:7: sync: 'aply' is not known here",
        "b.yaml:15:9: blank: unknown key 'emial'",
    ]


def test_mistake_of_a_shared_rule_set_is_told_once(good: str, write: Write) -> None:
    write("rule_set: local\nsync: aply\n", "local.yaml")
    text = good.replace("extends: [", "extends: [local.yaml, ")
    paths = [write(text, "a.yaml"), write(text, "b.yaml"), Path("local.yaml")]
    assert [mistake.where for mistake in validate(paths, {})] == ["local.yaml:2:7"]
