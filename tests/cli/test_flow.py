"""The demo school through the command line: plan, show, apply, report, findings."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]

Run = tuple[int, str, str]


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo school's file in a folder of its own, without a directory yet."""
    shutil.copytree(
        ROOT / "schools", tmp_path / "schools", ignore=shutil.ignore_patterns("*.db*", "*.sqlite*")
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCHOOL_YEAR", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path / "schools" / "maple-grove.yaml"


@pytest.fixture
def run(reconcile: Callable[..., Run]) -> Callable[..., Run]:
    return reconcile


@pytest.mark.usefixtures("school")
@pytest.mark.parametrize("command", ["show", "apply", "report", "findings"])
def test_a_plan_that_is_missing_or_empty_is_not_taken_for_a_school(
    run: Callable[..., Run], command: str
) -> None:
    missing = "x.plan: cannot read the plan: No such file or directory; check the path\n"
    assert run(command, "x.plan") == (1, "", missing)
    Path("x.plan").touch()
    assert run(command, "x.plan") == (1, "", "x.plan: not a whole plan file; plan again with --out\n")


@pytest.mark.usefixtures("school")
def test_a_school_is_planned_and_applied_and_then_unchanged(run: Callable[..., Run]) -> None:
    code, shown, remark = run("plan", "maple-grove", "--detailed-exitcode")
    assert (code, remark) == (5, "")
    assert shown.startswith("Maple Grove School (maple-grove), 2025-26, a new directory\n")

    code, shown, remark = run("apply", "maple-grove", "--auto-approve")
    assert (code, remark) == (0, "")
    assert "\nImport summary: Maple Grove School (maple-grove), 2025-26\n" in shown

    code, shown, _ = run("plan", "maple-grove", "--detailed-exitcode")
    assert code == 0
    assert shown.startswith("No changes. ")
    code, shown, _ = run("apply", "maple-grove")
    assert code == 0
    assert shown.startswith("No changes. ")


def test_a_saved_plan_is_shown_applied_and_private(school: Path, run: Callable[..., Run]) -> None:
    code, planned, remark = run("plan", "maple-grove", "--out", "elm.plan")
    assert (code, remark) == (0, "Saved to elm.plan; 'reconcile apply elm.plan' applies it.\n")
    assert stat.S_IMODE(Path("elm.plan").stat().st_mode) == 0o600
    assert run("show", "elm.plan") == (0, planned, "")

    (school.parent / "maple-grove" / "2025-26" / "users.csv").unlink()
    code, shown, _ = run("apply", "elm.plan", "--auto-approve")
    assert code == 0
    assert shown.startswith(planned)
    code, again, _ = run("apply", "elm.plan", "--auto-approve")
    assert code == 0
    assert again == shown


@pytest.mark.usefixtures("school")
def test_nothing_is_applied_without_a_yes(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, remark = run("apply", "maple-grove")
    assert (code, remark) == (
        1,
        (
            "apply asks before it writes, and there is no terminal to ask on; nothing was written. Review the"
            " plan, then run apply with --auto-approve.\n"
        ),
    )
    for answer in ("", "y\n", "YES\n", "no\n"):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        code, shown, remark = run("apply", "maple-grove")
        assert (code, remark) == (1, "Not applied; nothing was written.\n")
        assert shown.endswith("\nApply these changes? Only 'yes' goes on: ")
    assert run("plan", "maple-grove")[1].startswith(
        "Maple Grove School (maple-grove), 2025-26, a new directory"
    )


@pytest.mark.usefixtures("school")
def test_yes_applies(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    code, shown, _ = run("apply", "maple-grove")
    assert code == 0
    assert "Only 'yes' goes on: \nImport summary: " in shown


def test_a_school_on_trial_is_refused_before_anybody_is_asked(school: Path, run: Callable[..., Run]) -> None:
    school.write_text(school.read_text(encoding="utf-8").replace("sync: apply", "sync: plan_only"))
    code, shown, remark = run("apply", "maple-grove", "--auto-approve")
    assert code == 3
    assert "On trial (sync: plan_only): this plan can be read, but not applied.\n" in shown
    assert remark == (
        "The school is on trial (sync: plan_only); write sync: apply in the school file to end that.\n"
    )


@pytest.mark.usefixtures("school")
def test_an_earlier_school_year_is_held(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHOOL_YEAR", "2026-27")
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    monkeypatch.setenv("SCHOOL_YEAR", "2025-26")
    code, shown, _ = run("plan", "maple-grove")
    assert code == 3
    assert "\nHeld: nothing of this plan can be applied before this is mended.\n" in shown
    code, _, remark = run("apply", "maple-grove", "--auto-approve")
    assert code == 3
    assert "The plan is held by errors (school-year-mismatch" in remark
    code, shown, _ = run("findings", "maple-grove", "--code", "school-year-mismatch")
    assert code == 3
    assert shown.startswith("Findings: 1 error\n")


@pytest.mark.usefixtures("school")
def test_json_is_the_document_alone(run: Callable[..., Run]) -> None:
    for command, name in (("plan", "plan"), ("report", "report")):
        code, shown, remark = run(command, "maple-grove", "--format", "json")
        schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        data = json.loads(shown)
        assert (code, remark) == (0, "")
        assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []
        assert data["school"] == "maple-grove"


@pytest.mark.usefixtures("school")
def test_rows_of_the_demo_school_add_up(run: Callable[..., Run]) -> None:
    """Every row of the three tables is in exactly one figure."""
    data = json.loads(run("report", "maple-grove", "--format", "json")[1])
    for counts in data["members"]:
        figures = {
            name: value for name, value in counts.items() if name not in ("member_type", "rows", "left_out")
        }
        assert counts["rows"] == sum(figures.values()) + sum(counts["left_out"].values())
    rows = {counts["member_type"]: counts["rows"] for counts in data["members"]}
    csv_rows = csv.DictReader(io.StringIO(run("report", "maple-grove", "--format", "csv")[1]))
    assert rows == {
        row["member_type"]: int(row["count"])
        for row in csv_rows
        if (row["section"], row["code"]) == ("rows", "rows")
    }


@pytest.mark.usefixtures("school")
def test_findings_of_one_code(run: Callable[..., Run]) -> None:
    code, shown, _ = run("findings", "maple-grove", "--code", "missing-id", "--format", "json")
    assert code == 0
    assert {found["code"] for found in json.loads(shown)["findings"]} == {"missing-id"}
    message = "no finding code 'missing-ids'; did you mean 'missing-id'?\n"
    assert run("findings", "maple-grove", "--code", "missing-ids") == (1, "", message)


FAMILY = {
    "students.txt": "Student_Number\tFirst_Name\tLast_Name\tClassOf\tEnroll_Status\n91\tZo\tHay\t2035\t0\n",
    "users.csv": "Users_DCID,First_Name,Last_Name,Status\n",
    "persons.csv": "ID,FirstName,LastName\n9101,Pam,Quill\n9102,Pim,Quill\n",
    "contacts.csv": "Student_Number,PersonID,IsActive,IsCustodial\n91,9101,1,1\n91,9102,1,1\n",
    "emails.csv": "PersonID,EmailAddress\n9101,pam@example.org\n9102,pim@example.org\n",
}


def test_a_new_family_is_let_in_and_nobody_else_is_touched(run: Callable[..., Run], school: Path) -> None:
    run("apply", "maple-grove", "--auto-approve")
    for name, text in FAMILY.items():
        (school.parent / "maple-grove" / "2025-26" / name).write_text(text)
    assert run("plan", "maple-grove")[2].startswith("schools/maple-grove/2025-26/users.csv: no rows below")
    code, shown, _ = run("apply", "maple-grove", "--additions-only", "--auto-approve")
    assert code == 0
    assert "Create 3 users (new in the SIS): 1 student, 2 parents\n" in shown
    assert "remove" not in shown.replace("nothing is removed", "")
    # Of all on the lists of clubs one is not in the directory either.
    assert "  unknown-member, a list names nobody at the school: 1\n" in shown
    code, shown, _ = run("plan", "maple-grove", "--additions-only", "--detailed-exitcode")
    assert (code, shown) == (0, "No changes. Nothing is to be added.\nFindings: 1 unknown-member\n")


@pytest.mark.usefixtures("school")
def test_a_saved_plan_cannot_become_additions_only(run: Callable[..., Run]) -> None:
    run("plan", "maple-grove", "--out", "elm.plan")
    code, _, message = run("apply", "elm.plan", "--additions-only")
    assert code == 2
    assert "a saved plan is what it is" in message


@pytest.mark.usefixtures("school")
def test_names_are_shown_only_when_asked_for(run: Callable[..., Run]) -> None:
    hidden = run("plan", "maple-grove", "--full")[1] + run("report", "maple-grove")[1]
    assert "@" not in hidden
    assert "@example.org" in run("plan", "maple-grove", "--full", "--show-names")[1]


@pytest.mark.usefixtures("school")
def test_each_change_of_a_person_tells_the_row_that_it_comes_from(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those who leave, too: the row that says so."""
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    monkeypatch.setenv("SCHOOL_YEAR", "2026-27")
    rows = list(csv.DictReader(io.StringIO(run("plan", "maple-grove", "--format", "csv")[1])))
    users = [row for row in rows if row["kind"] == "user"]
    assert {row["file"] for row in users if row["action"] == "deactivate"} >= {"students.txt", "users.csv"}
    folder = Path("schools/maple-grove/2026-27")
    for row in users:
        if row["file"] == "students.txt":
            line = (folder / row["file"]).read_text(encoding="utf-16").splitlines()[int(row["line"]) - 1]
            assert line.split("\t")[0].strip().removesuffix(".0") == row["host_id"].removeprefix("S")
