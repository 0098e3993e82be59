"""Typical people and groups of the demo school, explained; the whole texts stand beside."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TOLD = re.findall(
    r"^== (\S+) (.+)\n((?:(?!== ).*\n)*)",
    Path(__file__).with_name("maple_grove.txt").read_text(encoding="utf-8"),
    re.MULTILINE,
)

Run = tuple[int, str, str]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo school, applied to in its first year."""
    folder = tmp_path_factory.mktemp("demo")
    kept = shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile")
    shutil.copytree(ROOT / "schools", folder / "schools", ignore=kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SCHOOL_YEAR", "2025-26")
        patch.setattr("sys.stdin", io.StringIO())
        with pytest.raises(SystemExit) as leaving:
            main(["apply", "maple-grove", "--auto-approve"])
    assert leaving.value.code == 0
    return folder


@pytest.fixture
def explain(
    applied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Run]:
    def invoke(*args: str) -> Run:
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main(["explain", *args])
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    monkeypatch.chdir(applied)
    monkeypatch.setenv("SCHOOL_YEAR", "2025-26")
    return invoke


@pytest.mark.parametrize(("year", "name", "text"), TOLD, ids=[f"{year} {name}" for year, name, _ in TOLD])
def test_the_whole_text(
    explain: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, year: str, name: str, text: str
) -> None:
    monkeypatch.setenv("SCHOOL_YEAR", year)
    assert explain("maple-grove", name) == (0, text, "")


def test_names_and_e_mails_are_told_only_when_asked_for(explain: Callable[..., Run]) -> None:
    assert all("@" not in text and "Garlandine" not in text for _, _, text in TOLD)
    shown = explain("maple-grove", "P1101", "--show-names")[1]
    assert "  persons.csv:2  parent: counts  [José Garlandine" in shown


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "P9999",
            (
                "maple-grove: no row of an export, no account and no group is called 'P9999'"
                " (looked for P9999, SP9999, TP9999, PP9999)\n"
            ),
        ),
        ("1131", "maple-grove: 1131 may be S1131 or P1131; say which\n"),
    ],
)
def test_what_nobody_knows_is_told(explain: Callable[..., Run], name: str, says: str) -> None:
    assert explain("maple-grove", name) == (1, "", says)


def test_campuses_are_told_by_their_names_in_rows_and_in_the_keys_of_groups(
    explain: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "schools", tmp_path / "schools")
    staff = tmp_path / "schools" / "maple-grove" / "2025-26" / "users.csv"
    text = staff.read_text(encoding="utf-8")
    for number, name in (("101", "Lower School"), ("102", "St. John"), ("103", "Upper School")):
        text = text.replace(f'"{number}"', f'"{name}"')
    staff.write_text(text, encoding="utf-8")
    file = tmp_path / "schools" / "maple-grove.yaml"
    text = file.read_text(encoding="utf-8").replace("groups:\n", "groups:\n  per_school: true\n", 1)
    file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    _, told, _ = explain("maple-grove", "T1161")
    assert "(status 1, school_id Lower School and St. John and Upper School): counts\n" in told
    assert "  Internal/Faculty (Lower School) (faculty@Lower School): member of staff\n" in told
    assert "  Internal/Faculty (St. John) (faculty@St. John): member of staff\n" in told
    title = "Internal/Faculty (St. John) (faculty@St. John)"
    assert explain("maple-grove", "faculty@St. John")[1].startswith(f"{title}\n")


def test_a_school_without_a_name_is_no_finding_code(explain: Callable[..., Run]) -> None:
    code, shown, log = explain("maple-grove")
    assert (code, shown) == (2, "")
    assert "maple-grove is a school; name whom it is about" in " ".join(log.split())
