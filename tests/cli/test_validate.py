from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
name: Elm School
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  path: data
  files: {students: s.txt, staff: t.csv, parents: p.csv, contacts: c.csv, emails: e.csv}
target: {kind: embedded, path: elm.db}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "schools").mkdir()
    (tmp_path / "schools" / "elm.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def validate(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as leaving:
        main(["validate", *args])
    captured = capsys.readouterr()
    return int(leaving.value.code or 0), captured.out, captured.err


@pytest.mark.usefixtures("folder")
def test_a_valid_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(capsys) == (0, "1 file is valid.\n", "")
    assert validate(capsys, "schools/elm.yaml") == (0, "1 file is valid.\n", "")


def test_all_mistakes_of_all_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "schools" / "fir.yaml").write_text(GOOD.replace("kind: embedded", "kind: embeded"))
    (folder / "schools" / "oak.yaml").write_text(GOOD.replace("2025-26", "2025-27"))
    code, shown, remark = validate(capsys)
    assert (code, remark) == (1, "2 mistakes.\n")
    assert [line.split(": ")[0] for line in shown.splitlines() if line.startswith("schools")] == [
        "schools/fir.yaml:8:16",
        "schools/oak.yaml:3:14",
    ]


def test_json_is_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(validate(capsys, "--format", "json")[1]) == {
        "format": 1,
        "valid": True,
        "files": 1,
        "mistakes": [],
    }
    (folder / "schools" / "oak.yaml").write_text(GOOD.replace("2025-26", "2025-27"))
    code, shown, remark = validate(capsys, "--format", "json")
    assert (code, remark) == (1, "")
    data = json.loads(shown)
    assert (data["valid"], data["files"]) == (False, 2)
    (mistake,) = data["mistakes"]
    assert (mistake["file"], mistake["line"], mistake["column"]) == ("schools/oak.yaml", 3, 14)
    assert set(mistake) == {"file", "line", "column", "message", "hint", "excerpt"}


@pytest.mark.usefixtures("folder")
def test_a_path_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    message = "elms.yaml: no such school or file, and no folder with .yaml files; check the name or path\n"
    assert validate(capsys, "elms.yaml") == (1, message, "1 mistake.\n")
    code, shown, _ = validate(capsys, "elms.yaml", "--format", "json")
    assert code == 1
    assert json.loads(shown)["mistakes"][0]["file"] == "elms.yaml"


def broken(folder: Path) -> None:
    """Two mistakes: one on a line, one of a file as a whole; the name of one file has a space."""
    (folder / "schools" / "elm.yaml").write_text(GOOD.replace("kind: embedded", "kind: '50%,embeded'"))
    (folder / "schools" / "two words.yaml").write_bytes(b"")


def test_mistakes_are_shown_on_the_lines_of_a_pull_request(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(folder)
    code, shown, remark = validate(capsys, "--format", "github")
    assert (code, remark) == (1, "")
    assert shown == (
        "::error file=schools/elm.yaml,line=8,col=16,title=reconcile::target.kind: '50%25,embeded' is not"
        " known here; did you mean 'embedded'?\n"
        "::error file=schools/two words.yaml,title=reconcile::the file is empty; `reconcile schema school`"
        " says what belongs in it\n"
    )


def test_sarif_names_every_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken(folder)
    code, shown, _ = validate(capsys, "--format", "sarif")
    log = json.loads(shown)
    assert code == 1
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "reconcile"
    assert [driver["rules"][result["ruleIndex"]]["id"] for result in run["results"]] == ["mistake", "mistake"]
    assert [result["ruleId"] for result in run["results"]] == ["mistake", "mistake"]
    assert {result["level"] for result in run["results"]} == {"error"}
    assert [one["physicalLocation"] for result in run["results"] for one in result["locations"]] == [
        {
            "artifactLocation": {"uri": "schools/elm.yaml"},
            "region": {"startLine": 8, "startColumn": 16},
        },
        {"artifactLocation": {"uri": "schools/two%20words.yaml"}},
    ]
    assert run["results"][0]["message"]["text"].startswith("target.kind: '50%,embeded' is not known here")


@pytest.mark.usefixtures("folder")
def test_without_mistakes_there_is_no_annotation_and_an_empty_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(capsys, "--format", "github") == (0, "", "")
    code, shown, _ = validate(capsys, "--format", "sarif")
    assert (code, json.loads(shown)["runs"][0]["results"]) == (0, [])
    assert validate(capsys, "--quiet") == (0, "", "")


def test_a_path_that_is_not_there_hides_no_mistake_of_another(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "schools" / "elm.yaml").write_text("nmae: Elm\n", encoding="utf-8")
    code, shown, remark = validate(capsys, "elms.yaml", "schools/elm.yaml")
    assert code == 1
    assert (
        "elms.yaml: no such school or file, and no folder with .yaml files; check the name or path\n" in shown
    )
    assert "schools/elm.yaml:1:1: unknown key 'nmae'; did you mean 'name'?\n" in shown
    assert not remark.startswith("1 ")


def test_a_file_that_no_command_takes_for_a_school_is_told(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    for name in ("oak.yml", "Ash.YAML", "notes.txt"):
        (folder / "schools" / name).write_text(GOOD, encoding="utf-8")
    told = "not read, as its name does not end in .yaml; rename it"
    said = f"schools/Ash.YAML: {told}\nschools/oak.yml: {told}\n"
    assert validate(capsys) == (1, said, "2 mistakes.\n")
    assert validate(capsys, "schools/oak.yml") == (0, "1 file is valid.\n", "")
