"""Plans of many schools, and of those that a pull request touches; what it does to settings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.workers import for_workers

ROOT = Path(__file__).parents[2]

SCHOOL = """\
name: {name}
extends: [powerschool, vidigami-v2, ../rules/house.yaml]
school_year: 2025-26
source:
  kind: files
  path: maple-grove/2025-26
  files: {{students: students.txt, staff: users.csv, parents: persons.csv, contacts: contacts.csv,
          emails: emails.csv}}
target: {{kind: embedded, path: ../{school}.db}}
sync: apply
groups: {{mapping: [grade, faculty, membership_list], membership_list: {school}.csv}}
"""
HOUSE = """\
rule_set: house
guards:
  users: {create: {percent: 50}}
"""
ELM = "schools/elm.yaml"


def git(*words, folder="."):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(message):
    git("add", "-A")
    git("commit", "-q", "-m", message)


def edit(file, old, new):
    path = Path(file)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def checkout(demo):
    """Elm, oak and fir, which read the demo school's exports and extend a rule set of the checkout's own."""
    git("init", "-q", "-b", "main")
    Path(".gitignore").write_text("*.db*\n.reconcile/\nout/\n")
    Path("schools/maple-grove.yaml").unlink()
    Path("rules").mkdir()
    Path("rules/house.yaml").write_text(HOUSE)
    for school in ("elm", "oak", "fir"):
        Path(f"schools/{school}.yaml").write_text(SCHOOL.format(name=school.title(), school=school))
        Path(f"schools/{school}.csv").write_text("group,category,host_id\nChess,Clubs,S1012\n")
    commit("three schools")
    return demo


def planned(reconcile, *options):
    """School -> verdict, of those that are planned; the exit code; and what was remarked."""
    code, shown, log = reconcile("plan", "--changed-since", "main", "--format", "json", *options)
    assert not log.startswith("Usage"), log
    schools = json.loads(shown)["schools"]
    return {school["school"]: school["verdict"] for school in schools}, code, log


# -- all of them ----------------------------------------------------------------------------------------


def test_one_broken_school_hides_no_other_and_the_worst_comes_first(checkout, reconcile):
    assert reconcile("apply", "fir", "--auto-approve")[0] == 0
    edit(ELM, "name: Elm", "nam: Elm")
    assert reconcile("apply", "oak", "--auto-approve")[0] == 0
    edit("schools/oak.yaml", "students: students.txt", "students: ../../../half.txt")
    whole = Path("schools/maple-grove/2025-26/students.txt").read_bytes().splitlines(keepends=True)
    Path("half.txt").write_bytes(b"".join(whole[:150]))
    code, shown, log = reconcile("plan", "--all")
    lines = shown.splitlines()
    assert (code, log) == (1, "")
    assert lines[0] == "3 schools: 1 failed, 1 held, 1 up to date"
    assert lines[2] == "  elm  failed        schools/elm.yaml:1:1: unknown key 'nam'; did you mean 'name'?"
    assert lines[3].startswith("  oak  held          by users.deactivate, ")
    assert "rows-dropped" in lines[3]
    assert lines[4] == "  fir  up to date    nothing to change"
    assert lines[6:9] == [
        "elm",
        "  schools/elm.yaml:1:1: unknown key 'nam'; did you mean 'name'?",
        "      nam: Elm",
    ]
    edit(ELM, "nam: Elm", "name: Elm")
    assert reconcile("plan", "--all")[0] == 3
    assert reconcile("plan", "elm", "fir", "--detailed-exitcode")[0] == 5
    assert reconcile("plan", "elm", "fir")[0] == 0
    assert checkout


@pytest.mark.usefixtures("checkout")
def test_plans_are_saved_a_file_a_school_and_can_be_applied(reconcile):
    folders = ("--out", "out/plans", "--out-html", "out/pages", "--out-csv", "out/sheets")
    Path("out").mkdir()
    code, _, log = reconcile("plan", "--all", *folders, "--out-markdown", "out/c.md")
    assert code == 0, log
    assert log.splitlines()[-1] == "Saved to out/plans; 'reconcile apply out/plans/SCHOOL.plan' applies one."
    for folder, ending in (("plans", "plan"), ("pages", "html"), ("sheets", "csv")):
        assert sorted(path.name for path in Path("out", folder).iterdir()) == [
            f"{school}.{ending}" for school in ("elm", "fir", "oak")
        ]
    comment = Path("out/c.md").read_text(encoding="utf-8")
    assert comment.startswith("### 3 schools: 3 with changes\n")
    assert [line for line in comment.splitlines() if line.startswith("### \U0001f7e1")] == [
        f"### \U0001f7e1 Changes: {name} ({name.lower()}), 2025-26" for name in ("Elm", "Fir", "Oak")
    ]
    assert reconcile("apply", "out/plans/elm.plan", "--auto-approve")[0] == 0


@pytest.mark.usefixtures("checkout")
def test_a_comment_on_a_thousand_schools_fits(reconcile):
    for number in range(60):
        Path(f"schools/s{number}.yaml").write_text("name: x\n" + "nonsense_key: 1\n" * 1)
    code, shown, _ = reconcile("plan", "--all", "--format", "markdown")
    assert code == 1
    assert len(shown) <= 65_536
    assert shown.startswith("### 63 schools: 60 failed, 3 with changes\n")


@pytest.mark.usefixtures("checkout")
def test_it_has_to_be_said_which_schools_are_meant(reconcile):
    for words in ((), ("--all", "elm"), ("--all", "--changed-since", "main")):
        code, _, log = reconcile("plan", *words)
        assert code == 2
        assert "name a school, or say --all or --changed-since REF, one of the three" in log
    code, _, log = reconcile("plan", "--all", "--format", "html")
    assert code == 2
    assert "use --out-html FOLDER" in log


@pytest.mark.usefixtures("checkout")
def test_a_defect_in_one_school_hides_no_other_and_tells_no_values(reconcile, monkeypatch):
    for_workers(monkeypatch, oak="raise ZeroDivisionError('Ada Byron')")
    for command in (("plan", "--all"), ("status",)):
        code, shown, log = reconcile(*command)
        assert code == 1
        assert shown.startswith("3 schools: 1 failed, 2 with changes\n")
        assert "a defect in reconcile (ZeroDivisionError): plan this school alone" in shown
        assert "Ada" not in shown + log


# -- those that a branch touches ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (lambda: edit(ELM, "name: Elm", "name: Elm School"), {"elm"}),
        (lambda: edit("schools/oak.csv", "Chess", "Go"), {"oak"}),
        (lambda: edit("rules/house.yaml", "50", "60"), {"elm", "fir", "oak"}),
        (lambda: Path("README").write_text("nothing"), set()),
        (lambda: Path("schools/maple-grove/clubs.csv").write_text("group,category,host_id\n"), set()),
        (lambda: Path("schools/fir.csv").unlink(), {"fir"}),
    ],
    ids=["its file", "its list", "a rule set", "something else", "a list of nobody's", "a list that is gone"],
)
@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.usefixtures("checkout")
def test_only_schools_that_a_branch_touches_are_planned(reconcile, change, touched, committed):
    git("switch", "-q", "-c", "branch")
    change()
    if committed:
        commit("a change")
    schools, _, _ = planned(reconcile)
    assert set(schools) == touched


@pytest.mark.usefixtures("checkout")
def test_in_a_checkout_of_a_merge_only_the_branch_counts(reconcile):
    git("switch", "-q", "-c", "branch")
    edit(ELM, "name: Elm", "name: Elm School")
    commit("elm")
    git("switch", "-q", "main")
    edit("schools/oak.yaml", "name: Oak", "name: Oak School")
    commit("oak, meanwhile")
    git("switch", "-q", "--detach", "main")
    git("merge", "-q", "--no-ff", "-m", "merge", "branch")
    assert set(planned(reconcile)[0]) == {"elm"}
    git("switch", "-q", "branch")  # which main has left behind
    assert set(planned(reconcile)[0]) == {"elm"}


@pytest.mark.usefixtures("checkout")
def test_a_new_school_is_planned_and_one_that_went_is_told(reconcile):
    git("switch", "-q", "-c", "branch")
    Path("schools/ash.yaml").write_text(SCHOOL.format(name="Ash", school="elm"))
    Path("schools/fir.yaml").unlink()
    schools, code, log = planned(reconcile)
    assert (set(schools), code) == ({"ash"}, 0)
    assert log == "schools/fir.yaml was removed: that school is not planned, and all stays as it is.\n"


@pytest.mark.usefixtures("checkout")
def test_a_school_that_cannot_be_read_counts_as_touched(reconcile):
    edit(ELM, "name: Elm", "nam: Elm")
    commit("broken on main")
    git("switch", "-q", "-c", "branch")
    Path("README").write_text("nothing")
    assert planned(reconcile)[0] == {}
    edit("schools/oak.yaml", "name: Oak", "name: Oak School")
    schools, code, _ = planned(reconcile)
    assert (schools, code) == ({"elm": "failed", "oak": "changes"}, 1)


def test_a_checkout_without_history_is_an_error_that_says_what_to_do(checkout, reconcile, monkeypatch):
    git("switch", "-q", "-c", "branch")
    edit(ELM, "name: Elm", "name: Elm School")
    commit("elm")
    shallow = checkout / "shallow"
    git("clone", "-q", "--depth", "1", "--branch", "branch", checkout.as_uri(), str(shallow))
    monkeypatch.chdir(shallow)
    code, _, log = reconcile("plan", "--changed-since", "origin/main")
    assert code == 1
    assert log.startswith(
        "git knows no commit 'origin/main' here; check the name, or fetch the whole history ("
    )
    monkeypatch.chdir(checkout.parent)
    assert reconcile("plan", "--changed-since", "main")[0] == 1


def test_no_option_of_git_can_be_smuggled_in(checkout, reconcile):
    code, _, log = reconcile("plan", "--changed-since", "--output=/tmp/x")
    assert code == 1
    assert log.startswith("git knows no commit '--output=/tmp/x' here")
    assert checkout


# -- settings -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checkout")
def test_a_change_to_a_rule_set_is_told_for_each_school_that_extends_it(reconcile):
    git("switch", "-q", "-c", "branch")
    edit("rules/house.yaml", "create: {percent: 50}", "create: {percent: 60}, rename: off")
    edit("schools/oak.yaml", "sync: apply", "sync: plan_only")
    edit("schools/fir.yaml", ", ../rules/house.yaml]", "]")
    code, shown, log = reconcile("diff-config", "main", "--all")
    assert (code, log) == (0, "")
    assert shown == dedent("""\
        elm: 2 settings
          guards.users.create.percent  50 -> 60
          guards.users.rename          {"percent": 10, "count": 5, "floor": 50} -> off

        fir: 1 setting
          guards.users.create.percent  50 -> 30

        oak: 3 settings
          guards.users.create.percent  50 -> 60
          guards.users.rename          {"percent": 10, "count": 5, "floor": 50} -> off
          sync                         apply -> plan_only
    """)


@pytest.mark.usefixtures("checkout")
def test_schools_whose_settings_differ_alike_stand_together(reconcile):
    edit("rules/house.yaml", "50", "60")
    Path("schools/ash.yaml").write_text(SCHOOL.format(name="Ash", school="elm"))
    edit("schools/fir.yaml", "name: Fir", "nam: Fir")
    code, shown, _ = reconcile("diff-config", "main", "--all")
    assert code == 1
    assert shown == dedent("""\
        elm, oak: 1 setting
          guards.users.create.percent  50 -> 60

        ash
          new since main

        fir
          schools/fir.yaml:1:1: unknown key 'nam'; did you mean 'name'?
              nam: Fir
              ^
    """)
    code, shown, _ = reconcile("diff-config", "main", "elm", "--format", "json")
    assert code == 0
    assert json.loads(shown) == {
        "format": 1,
        "ref": "main",
        "schools": [
            {
                "school": "elm",
                "changes": [{"setting": "guards.users.create.percent", "before": "50", "after": "60"}],
                "note": None,
            }
        ],
    }


@pytest.mark.usefixtures("checkout")
def test_nothing_differs_from_where_the_branch_began(reconcile):
    assert reconcile("diff-config", "main", "--all") == (0, "3 schools as at main.\n", "")


def test_shipped_rule_sets_are_compared_where_the_tool_is_in_the_checkout(tmp_path):
    for folder in ("reconciler", "rules", "schemas", "schools"):
        ignored = shutil.ignore_patterns("__pycache__", "*.db*", ".reconcile")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    git("init", "-q", "-b", "main", folder=tmp_path)
    git("add", "-A", folder=tmp_path)
    git("commit", "-q", "-m", "all", folder=tmp_path)
    rules = tmp_path / "rules" / "powerschool.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("sis: PowerSchool", "sis: PowerSchool SIS"), encoding="utf-8")
    command = [sys.executable, "-m", "reconciler", "diff-config", "HEAD", "--all"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "maple-grove: 1 setting\n  sis  PowerSchool -> PowerSchool SIS\n"
