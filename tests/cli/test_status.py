"""How schools stand: one fine, one with changes, one on trial, one held, one broken, one without exports."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.oneroster import bundle, user, write_folder

DAY = 24 * 3600
SCHOOL = """\
name: {name}
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  path: {exports}
  files: {{students: students.txt, staff: users.csv, parents: persons.csv, contacts: contacts.csv,
          emails: emails.csv}}
target: {{kind: embedded, path: ../{school}.db}}
sync: {sync}
"""


def add(school, exports="maple-grove/2025-26", sync="apply"):
    Path(f"schools/{school}.yaml").write_text(
        SCHOOL.format(name=school.title(), school=school, exports=exports, sync=sync)
    )


@pytest.fixture
def schools(demo, reconcile):
    Path("schools/maple-grove.yaml").unlink()
    exports = demo / "schools/maple-grove/2025-26"
    now = time.time()
    for path in exports.iterdir():
        os.utime(path, (now - 3600, now - 3600))
    for school in ("fine", "held", "new"):
        add(school)
    add("trial", sync="plan_only")
    add("gone", exports="nowhere")
    for school in ("fine", "held"):
        assert reconcile("apply", school, "--auto-approve")[0] == 0
    shutil.copytree(exports, demo / "half")
    lines = (demo / "half/students.txt").read_bytes().splitlines(keepends=True)
    (demo / "half/students.txt").write_bytes(b"".join(lines[:150]))
    for path in (demo / "half").iterdir():
        os.utime(path, (now - 12 * DAY - 5, now - 12 * DAY - 5))
    add("held", exports="../half")
    broken = SCHOOL.format(name="x", school="broken", exports="maple-grove/2025-26", sync="apply")
    Path("schools/broken.yaml").write_text(broken.replace("name:", "nam:"))
    return demo


def test_the_worst_comes_first_and_none_hides_another(schools, reconcile):
    code, shown, log = reconcile("status")
    assert (code, log) == (1, "")
    lines = [line.rstrip() for line in shown.splitlines()]
    assert lines[0] == "6 schools: 2 failed, 1 held, 2 with changes, 1 up to date"
    table = lines[2:9]
    starts = [table[0].index(head) for head in ("school", "state", "last apply", "exports", "pending")]
    ends = [*starts[1:], None]
    cells = [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in table[1:]]
    assert [row[:4] for row in cells] == [
        ["broken", "failed", "never", "none"],
        ["gone", "failed", "never", "none"],
        ["held", "held", "run 1, today, done", "12 days ago, 109 kB"],
        ["new", "with changes", "never", "today, 125 kB"],
        ["trial (trial)", "with changes", "never", "today, 125 kB"],
        ["fine", "up to date", "run 1, today, done", "today, 125 kB"],
    ]
    assert cells[2][4].startswith("by users.deactivate, ")
    assert "rows-dropped" in cells[2][4]
    assert cells[5][4] == "nothing to change"
    assert "\nbroken\n  schools/broken.yaml:1:1: unknown key 'nam'; did you mean 'name'?\n" in shown
    assert schools


@pytest.mark.usefixtures("schools")
def test_exit_code_and_schools_are_those_asked_for(reconcile):
    assert reconcile("status", "fine", "new")[0] == 0
    assert reconcile("status", "fine", "held")[0] == 3
    code, shown, _ = reconcile("status", "fine", "trial", "--no-plan")
    assert code == 0
    assert [line.rstrip() for line in shown.splitlines()] == [
        "2 schools: 2 not planned",
        "",
        "  school         state        last apply          exports        pending",
        "  fine           not planned  run 1, today, done  today, 125 kB",
        "  trial (trial)  not planned  never               today, 125 kB",
    ]


@pytest.mark.usefixtures("schools")
def test_json_holds_no_names_and_all_figures(reconcile):
    code, shown, _ = reconcile("status", "fine", "held", "trial", "broken", "--format", "json")
    assert code == 1
    document = json.loads(shown)
    told = {one["school"]: one for one in document["schools"]}
    assert document["format"] == 1
    assert [one["state"] for one in document["schools"]] == ["none", "held", "changes", "failed"]
    assert told["trial"]["on_trial"] is True
    assert told["trial"]["pending"]["users"]["create"] == 813
    assert told["fine"]["last_apply"]["outcome"] == "done"
    assert "users.deactivate" in told["held"]["held_by"]
    assert told["broken"]["error"].startswith("schools/broken.yaml:1:1: ")
    assert "@" not in shown


def test_an_open_handshake_is_told(demo, reconcile):
    assert reconcile("apply", "maple-grove", "--auto-approve")[0] == 0
    file = demo / "schools/maple-grove.yaml"
    text = file.read_text().replace("extends: [powerschool,", "onboarding: returning\nextends: [powerschool,")
    file.write_text(text + "\nmembers: {student: {prefix: X}}\n")
    code, shown, _ = reconcile("status")
    assert code == 3
    assert "the handshake is open (" in shown
    assert dedent(shown).startswith("1 school: 1 held\n")


def test_of_a_bundle_its_files_are_the_exports(demo, reconcile):
    (demo / "schools/maple-grove.yaml").unlink()
    people = [user("s1", "student", grades="05"), user("t1", "teacher"), user("p1", "parent", agents="s1")]
    write_folder(demo / "bundle", bundle(people, "1.1"))
    (demo / "schools/larkspur.yaml").write_text(
        "name: L\nextends: [oneroster, vidigami-v2]\nschool_year: 2025-26\n"
        "source: {kind: oneroster, path: ../bundle}\ntarget: {kind: embedded, path: l.db}\nsync: apply\n"
        "preflight: {minimum: {students: 0, staff: 0, parents: 0}}\n"
    )
    code, shown, _ = reconcile("status", "--format", "json")
    (told,) = json.loads(shown)["schools"]
    size = sum(path.stat().st_size for path in (demo / "bundle").iterdir())
    assert (code, told["state"], told["exports"]["bytes"]) == (0, "changes", size)
