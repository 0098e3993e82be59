"""A returning school, from `match` over the crosswalk to a plan of rekeys: the real command line."""

from __future__ import annotations

import csv
import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from reconciler.pipeline import load, plan_school
from tests.support.grand_bend import SAMPLE, needs_grand_bend
from tests.support.returning import Past, grow_old

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Desk:
    """A school that returns, in a folder of its own."""

    run: Callable[..., tuple[int, str, str]]
    school: Path
    past: Past

    @property
    def crosswalk(self) -> Path:
        return self.school.with_name("crosswalk.csv")

    def rows(self) -> list[dict[str, str]]:
        with self.crosswalk.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def decide(self, decisions: dict[tuple[str, str], str]) -> None:
        """Write a decision into the row of each old and new Host ID."""
        rows = self.rows()
        for row in rows:
            row["decision"] = decisions.get((row["old_host_id"], row["new_host_id"]), row["decision"])
        with self.crosswalk.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


@pytest.fixture(params=["demo", pytest.param("grand-bend", marks=needs_grand_bend)])
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main(args)
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("SCHOOL_YEAR", "2025-26")
    if request.param == "demo":
        kept = shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile")
        shutil.copytree(ROOT / "schools", tmp_path / "schools", ignore=kept)
        school, directory = tmp_path / "schools" / "maple-grove.yaml", tmp_path / "schools" / "maple-grove.db"
    else:
        school, directory = tmp_path / "powerschool.yaml", tmp_path / "directory.db"
        shutil.copyfile(ROOT / "tests" / "acceptance" / "powerschool.yaml", school)
        monkeypatch.setenv("EXPORTS", str(SAMPLE / "2025-26"))
        monkeypatch.setenv("DIRECTORY", str(directory))
    assert run("apply", str(school), "--auto-approve")[0] == 0
    shutil.rmtree(directory.parent / ".reconcile")
    past = grow_old(directory)
    with school.open("a", encoding="utf-8") as file:
        file.write("onboarding: returning\n")
    return Desk(run, school, past)


def name_crosswalk(school: Path) -> None:
    text = school.read_text(encoding="utf-8")
    said = "  crosswalk: crosswalk.csv\n"
    text = (
        text.replace("identity:\n", f"identity:\n{said}")
        if "identity:\n" in text
        else f"{text}identity:\n{said}"
    )
    school.write_text(text, encoding="utf-8")


def test_a_returning_school_is_matched_rekeyed_and_left_with_nothing_to_do(desk: Desk) -> None:
    code, shown, said = desk.run("plan", str(desk.school), "--full")
    assert code == 3
    assert "looks-like-existing" in shown
    assert "@" not in shown + said
    code, shown, said = desk.run("match", str(desk.school), "--out", str(desk.crosswalk), "--accept-sure")
    assert code == 0
    assert "@" not in shown + said
    assert desk.crosswalk.stat().st_mode & 0o777 == 0o600
    truth = desk.past.truth
    sure = {row["old_host_id"]: row["new_host_id"] for row in desk.rows() if row["decision"] == "accept"}
    assert {old for old, new in sure.items() if truth[old] != new} == set()
    assert desk.past.intact - set(sure) <= _ambiguous(desk)

    likely = {row["old_host_id"]: row for row in desk.rows() if row["evidence"].startswith("likely")}
    right = sum(truth[old] == row["new_host_id"] for old, row in likely.items())
    assert right >= 0.95 * len(likely) > 0

    desk.decide(
        {
            (row["old_host_id"], row["new_host_id"]): _decision(row, truth)
            for row in desk.rows()
            if not row["decision"]
        }
    )
    name_crosswalk(desk.school)
    plan = plan_school(load(str(desk.school)))
    matched = {row["new_host_id"] for row in desk.rows() if row["decision"] == "accept"}
    actions = dict(plan.changes.users.select("host_id", "action").rows())
    assert {actions.get(host_id) for host_id in matched} == {"rekey"}
    assert set(plan.changes.users.filter(action="deactivate")["host_id"]) & matched == set()
    assert (
        plan.changes.memberships.filter(plan.changes.memberships["host_id"].is_in(list(matched))).height == 0
    )
    assert not plan.has_errors

    code, shown, _ = desk.run("plan", str(desk.school), "--out", "back.plan")
    assert code == 0, shown[:1500]
    code, shown, said = desk.run("apply", "back.plan", "--auto-approve", "--full")
    assert code == 0
    assert "(an e-mail address) -> S" in shown
    assert "@" not in shown + said
    assert desk.run("plan", str(desk.school), "--detailed-exitcode")[0] == 0


def _ambiguous(desk: Desk) -> set[str]:
    """Accounts whose person shares the e-mail with another account by now."""
    return {row["old_host_id"] for row in desk.rows() if row["evidence"].startswith("several")}


def _decision(row: dict[str, str], truth: dict[str, str]) -> str:
    if not row["new_host_id"]:
        return "set_aside"
    return "accept" if truth[row["old_host_id"]] == row["new_host_id"] else "reject"


def test_decisions_that_stand_are_kept(desk: Desk) -> None:
    desk.run("match", str(desk.school), "--out", str(desk.crosswalk))
    first = next(row for row in desk.rows() if row["new_host_id"])
    assert first["decision"] == ""
    desk.decide({(first["old_host_id"], first["new_host_id"]): "set_aside"})
    name_crosswalk(desk.school)
    code, shown, said = desk.run("match", str(desk.school))
    assert code == 0
    assert "  decided" in shown
    assert ", 1 of them kept as they were." in said
    again = [row for row in desk.rows() if row["old_host_id"] == first["old_host_id"]]
    assert again == [first | {"decision": "set_aside"}]


def test_a_file_that_is_no_crosswalk_is_not_written_over(desk: Desk) -> None:
    desk.crosswalk.write_text("a,b\n1,2\n", encoding="utf-8")
    code, _, said = desk.run("match", str(desk.school), "--out", str(desk.crosswalk))
    assert code == 1
    assert said.startswith(f"{desk.crosswalk}:1: none of the columns is here; looked for old_host_id, ")
    assert desk.crosswalk.read_text(encoding="utf-8") == "a,b\n1,2\n"


def test_decisions_are_kept_before_the_school_file_names_the_crosswalk(desk: Desk) -> None:
    desk.run("match", str(desk.school), "--out", str(desk.crosswalk), "--accept-sure")
    before = desk.rows()
    accepted = [row for row in before if row["decision"] == "accept"]
    code, shown, said = desk.run("match", str(desk.school), "--out", str(desk.crosswalk), "--accept-sure")
    assert code == 0
    assert re.search(rf"^  decided +{len(accepted):,} ", shown, re.MULTILINE)
    assert f"{len(before):,} rows, {len(accepted):,} of them kept as they were." in said
    assert sorted(map(str, desk.rows())) == sorted(map(str, before))
    elsewhere = desk.crosswalk.with_name("elsewhere.csv")
    name_crosswalk(desk.school)
    assert desk.run("match", str(desk.school), "--out", str(elsewhere))[0] == 0
    assert elsewhere.read_bytes() == desk.crosswalk.read_bytes()


def test_what_a_spreadsheet_and_a_hand_made_of_a_crosswalk_stays(desk: Desk) -> None:
    desk.run("match", str(desk.school), "--out", str(desk.crosswalk))
    first, second = [row for row in desk.rows() if row["new_host_id"]][:2]
    by_hand = {"Old Host ID": second["old_host_id"], "New Host ID": "S1", "Decision": "", "Note": "ask Ana"}
    noted = {
        "Old Host ID": first["old_host_id"],
        "New Host ID": first["new_host_id"],
        "Decision": "reject",
        "Note": "Zoë; no",
    }
    with desk.crosswalk.open("w", encoding="windows-1252", newline="") as file:
        writer = csv.DictWriter(file, list(noted), delimiter=";")
        writer.writeheader()
        writer.writerows([noted, by_hand])
    assert desk.run("match", str(desk.school), "--out", str(desk.crosswalk))[0] == 0
    rows = desk.rows()
    assert rows[:2] == [
        {
            "old_host_id": first["old_host_id"],
            "new_host_id": first["new_host_id"],
            "member_type": "",
            "decision": "reject",
            "evidence": "",
            "Note": "Zoë; no",
        },
        {
            "old_host_id": second["old_host_id"],
            "new_host_id": "S1",
            "member_type": "",
            "decision": "",
            "evidence": "",
            "Note": "ask Ana",
        },
    ]
    assert {row["Note"] for row in rows[2:]} == {""}


def test_what_somebody_has_noted_or_corrected_without_deciding_it_stays(desk: Desk) -> None:
    desk.run("match", str(desk.school), "--out", str(desk.crosswalk))
    rows = desk.rows()
    noted, corrected = [row for row in rows if row["new_host_id"]][:2]
    filled = next(row for row in rows if not row["new_host_id"])
    before = corrected["new_host_id"]
    corrected["new_host_id"] = filled["new_host_id"] = "S424242"
    with desk.crosswalk.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*noted, "Note"], restval="")
        writer.writeheader()
        writer.writerows([noted | {"Note": "ask Ana"}, corrected, filled, {}])
    code, _, said = desk.run("match", str(desk.school), "--out", str(desk.crosswalk))
    assert (code, "3 of them kept as they were" in said) == (0, True)
    again = desk.rows()
    blank = {"Note": ""}
    assert again[:3] == [noted | {"Note": "ask Ana"}, corrected | blank, filled | blank]
    assert [row["new_host_id"] for row in again if row["old_host_id"] == corrected["old_host_id"]] == [
        "S424242",
        before,
    ]
    assert sum(row["old_host_id"] == noted["old_host_id"] for row in again) == 1
    assert len(again) == len(rows) + 2
