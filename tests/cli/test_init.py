"""A newcomer's first minutes: from a folder of exports to a plan, with no edits."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from reconciler import pipeline
from tests.support.grand_bend import SAMPLE, needs_grand_bend

ROOT = Path(__file__).parents[2]
DEMO = "schools/maple-grove"
EXPORTS = f"{DEMO}/2025-26"


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self):
        return True


def counts(shown):
    """Kind -> what the plan's table of counts says."""
    kinds = ("users", "groups", "memberships", "relationships")
    lines = (line.split(maxsplit=1) for line in shown.splitlines() if line.strip().startswith(kinds))
    return {words[0]: words[1].replace(" ", "") for words in lines if words[1].startswith(("+", "no"))}


@pytest.mark.parametrize(("year", "students"), [("2025-26", "students.txt"), ("2026-27", "students.txt")])
def test_the_demo_schools_exports_lead_to_a_plan_with_no_edits(demo, reconcile, year, students):
    code, shown, log = reconcile("init", "riverside", "--exports", f"{DEMO}/{year}")
    assert (code, log) == (0, "")
    assert f"students  {students}" in shown
    assert f"School year {year}: grade and graduation year of " in shown
    assert reconcile("validate", "schools/riverside.yaml")[0] == 0
    plan = pipeline.plan_school(pipeline.load("riverside"))
    assert plan.verdict == "changes"
    assert counts(shown)["users"] == f"+{plan.changes.users.height}create"
    assert (demo / "schools" / "riverside.yaml").read_text().count("sync: plan_only") == 1


def test_it_says_what_it_took_for_what(demo, reconcile):
    (demo / f"{DEMO}/2025-26/notes.txt").write_text("Ask Ada about the contacts\n")
    (demo / f"{DEMO}/2025-26/old.xlsx").write_bytes(b"PK\x03\x04")
    code, shown, _ = reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26", "--name", "Riverside")
    assert code == 0
    assoc, mails = "STUDENTCONTACTASSOC", "PERSONEMAILADDRESSASSOC"
    assert shown == dedent(f"""\
        Wrote schools/riverside.yaml, for PowerSchool:

          students  students.txt  399 rows  by Student_Number, First_Name, ...
          staff     users.csv      56 rows  by TEACHERS.USERS_DCID, TEACHERS.First_Name, ...
          parents   persons.csv   489 rows  by PERSON.ID, PERSON.FirstName, ...
          contacts  contacts.csv  818 rows  by {assoc}.StudentDCID, {assoc}.PersonID, ...
          emails    emails.csv    431 rows  by {mails}.PersonID, EMAILADDRESS.EmailAddress, ...

        School year 2025-26: grade and graduation year of 382 of 384 students say so.
        Several schools are in the exports, and all are taken: 101, 102, 103. school_ids takes some.
        Not used: old.xlsx (this is a workbook or a zip file, not text)
        Not used: contacts_dataset.csv (parents, contacts and emails have files of their own)
        Not used: notes.txt (no table has such columns)

        Riverside (riverside), 2025-26, a new directory
        No baseline: there is no last good run to hold the exports against; absolute minimums hold.
        On trial (sync: plan_only): this plan can be read, but not applied.

          users          +   813 create
          groups         +    15 create
          memberships    + 1,074 add
          relationships  +   646 add

        Next:
          reconcile plan riverside    all of the plan
          reconcile report riverside  what became of every row, and who is blocked
          reconcile apply riverside   once schools/riverside.yaml says sync: apply
    """)


@needs_grand_bend
@pytest.mark.parametrize("with_data_set", [True, False])
def test_grand_bends_files_give_the_known_figures(demo, reconcile, with_data_set):
    exports = demo / "exports"
    shutil.copytree(SAMPLE / "2025-26", exports)
    gone = ("persons.csv", "contacts.csv", "emails.csv") if with_data_set else ("contacts_dataset.csv",)
    for name in gone:
        (exports / name).unlink()
    code, shown, _ = reconcile("init", "grand-bend", "--exports", "exports")
    assert code == 0
    assert counts(shown) == {
        "users": "+2,900create",
        "groups": "+13create",
        "memberships": "+2,900add",
        "relationships": "+1,872add",
    }
    assert ("contacts_dataset: " in Path("schools/grand-bend.yaml").read_text()) is with_data_set


@needs_grand_bend
def test_of_three_files_and_a_data_set_the_three_are_read(demo, reconcile):
    code, shown, _ = reconcile("init", "grand-bend", "--exports", str(SAMPLE / "2025-26"))
    assert code == 0
    assert "contacts_dataset.csv (it could be contacts_dataset, which another file is)" not in shown
    assert "Not used: contacts_dataset.csv (parents, contacts and emails have files of their own)" in shown
    assert counts(shown)["relationships"] == "+1,872add"
    assert demo


@pytest.mark.parametrize(
    ("system", "name", "users"), [("veracross", "Veracross", 12), ("blackbaud", "Blackbaud", 9)]
)
def test_other_systems_are_known_by_their_columns(demo, reconcile, system, name, users):
    exports = demo / "exports"
    shutil.copytree(
        ROOT / "tests" / "sis" / system, exports, ignore=shutil.ignore_patterns("*.yaml", "*.db*")
    )
    code, shown, _ = reconcile("init", "larkspur", "--exports", "exports")
    assert code == 3  # so small a school is held, until somebody says that it is
    assert shown.startswith(f"Wrote schools/larkspur.yaml, for {name}:\n")
    assert counts(shown)["users"] == f"+{users}create"
    assert "too-few-rows" in shown


# -- where it is not clear ------------------------------------------------------------------------------


def test_two_files_that_fit_one_table_are_told_and_one_is_chosen(demo, reconcile):
    shutil.copy(f"{DEMO}/2025-26/students.txt", f"{DEMO}/2025-26/students_old.txt")
    code, shown, log = reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26")
    assert (code, shown) == (1, "")
    assert log == (
        f"{DEMO}/2025-26: not all of what PowerSchool exports is clear:\n"
        "  students: students.txt and students_old.txt could each be it; say which with --table"
        " students=students.txt\n"
    )
    assert not Path("schools/riverside.yaml").exists()
    chosen = ("--table", "students=students_old.txt")
    assert reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26", *chosen)[0] == 0
    assert "students: students_old.txt\n" in Path("schools/riverside.yaml").read_text()
    assert demo


def test_a_table_that_is_missing_is_told_with_the_file_that_comes_nearest(demo, reconcile):
    text = Path(f"{DEMO}/2025-26/users.csv").read_text(encoding="utf-8-sig")
    Path(f"{DEMO}/2025-26/users.csv").write_text(text.replace("USERS_DCID", "ID"))
    code, _, log = reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26")
    assert code == 1
    assert "  staff: no file has its columns; users.csv comes nearest: no column for 'id' (looked for " in log
    assert demo


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--exports", "nowhere"), "nowhere: no such folder; name the folder that holds the exports\n"),
        (("--exports", "empty"), "empty: no export is in this folder; README.md says what to export\n"),
        (
            ("--exports", EXPORTS, "--sis", "powerscool"),
            "--sis powerscool: no such rule set of a system; did you mean 'powerschool'?\n",
        ),
        (("--exports", EXPORTS, "--table", "students=x.txt"), "--table students=x.txt: "),
        (
            ("--exports", EXPORTS, "--table", "pupils=users.csv"),
            "--table pupils: PowerSchool has no",
        ),
        (
            ("--exports", EXPORTS, "--table", "students=users.csv"),
            "--table students=users.csv: no col",
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(demo, reconcile, words, told):
    Path("empty").mkdir()
    code, shown, log = reconcile("init", "riverside", *words)
    assert (code, shown) == (1, "")
    assert log.startswith(told)
    assert sorted(path.name for path in (demo / "schools").glob("*.yaml")) == ["maple-grove.yaml"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("riverside",), "name the folder that holds the exports"),
        (("a/b c", "--exports", "x"), "is no id"),
        (("riverside", "--exports", EXPORTS, "--table", "students"), "write TABLE=FILE"),
        (("riverside", "--exports", EXPORTS, "--school-year", "2025-29"), "is not a school year"),
    ],
)
@pytest.mark.usefixtures("demo")
def test_a_command_line_that_cannot_be_right_is_told_so(reconcile, words, told):
    code, _, log = reconcile("init", *words)
    assert code == 2
    assert told in " ".join(log.split())


def test_a_school_that_is_there_is_not_written_over(demo, reconcile):
    before = (demo / "schools/maple-grove.yaml").read_text()
    code, _, log = reconcile("init", "maple-grove", "--exports", f"{DEMO}/2025-26")
    assert (code, log) == (1, "schools/maple-grove.yaml is there already; edit it, or choose another id\n")
    assert (demo / "schools/maple-grove.yaml").read_text() == before


def test_a_half_export_is_an_error_and_no_school(demo, reconcile):
    path = demo / f"{DEMO}/2025-26/contacts.csv"
    path.write_bytes(path.read_bytes()[:-9])
    code, shown, log = reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26")
    assert (code, shown) == (1, "")
    assert "the file may be cut off: export it again" in log
    assert not Path("schools/riverside.yaml").exists()


def test_a_column_that_decides_who_gets_access_is_not_waived(demo, reconcile):
    path = demo / f"{DEMO}/2025-26/students.txt"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Enroll_Status", b"Something_Else", 1))
    code, shown, log = reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26")
    assert code == 1
    assert shown.startswith("Wrote schools/riverside.yaml, for PowerSchool:\n")
    assert log.startswith(
        "schools/riverside.yaml was written; mend it, or the exports, and run: reconcile plan"
    )
    assert "status" in log
    assert Path("schools/riverside.yaml").exists()


def test_without_graduation_years_the_files_tell_the_year(demo, reconcile):
    path = demo / f"{DEMO}/2025-26/students.txt"
    path.write_bytes(path.read_bytes().replace(b"ClassOf", b"Klasse_", 1))
    for file in path.parent.iterdir():
        os.utime(file, (1_790_000_000, 1_790_000_000))  # 2026-09-21
    _, shown, _ = reconcile("init", "riverside", "--exports", f"{DEMO}/2025-26")
    assert "School year 2026-27: the newest file is of 2026-09-21; check it." in shown


@pytest.mark.parametrize(
    "name", ['Say: "no" #1', "yes", "2026", "${HOME} & co", "Š \u200f school", "- a", "'"]
)
def test_any_name_and_any_folder_is_safe_in_the_file(demo, reconcile, name):
    folder = demo / ("exports of " + name.replace("/", ""))
    shutil.copytree(demo / f"{DEMO}/2025-26", folder)
    code, _, log = reconcile("init", "riverside", "--exports", str(folder), "--name", name)
    assert code == 0, log
    school = pipeline.load("riverside")
    assert school.name == name
    assert Path(school.source.files["students"].path).parent.resolve() == folder.resolve()


def test_at_a_terminal_it_asks_for_what_is_missing(demo, reconcile, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal(f"{DEMO}/2025-26\nRiverside Academy\n"))
    code, shown, _ = reconcile("init", "riverside")
    assert code == 0
    assert "Riverside Academy (riverside), 2025-26, a new directory\n" in shown
    assert demo


def demo_students(demo, edit):
    """Edit the lines of the demo's students, whose fields are told apart by tabs."""
    path = demo / f"{DEMO}/2025-26/students.txt"
    lines = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").splitlines()
    path.write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")


def test_who_has_left_says_nothing_of_the_school_year_and_its_campuses(demo, reconcile):
    def with_leavers(lines):
        leavers = [f"{n}\tFay\tAlder\t\t\t5\t2030\t2\t999999\t\t{n}" for n in range(70_000, 71_000)]
        columns = ["Student_Number", "First_Name", "Last_Name", "Preferred_Name", "Student_Email"]
        columns += ["Grade_Level", "ClassOf", "Enroll_Status", "SchoolID", "ExitDate", "DCID"]
        old = lines[0].split("\t")
        return lines + ["\t".join(one.split("\t")[columns.index(name)] for name in old) for one in leavers]

    demo_students(demo, with_leavers)
    code, shown, log = reconcile("init", "riverside", "--exports", EXPORTS)
    assert (code, log) == (0, "")
    assert "School year 2025-26: grade and graduation year of " in shown
    assert "999999" not in shown + (demo / "schools/riverside.yaml").read_text()


def test_what_stands_in_the_exports_never_becomes_a_setting(demo, reconcile):
    staff = demo / f"{DEMO}/2025-26/users.csv"
    data = staff.read_bytes()
    assert b',"101"' in data
    staff.write_bytes(data.replace(b',"101"', b',"7\nsync: apply\nx"', 1))
    reconcile("init", "riverside", "--exports", EXPORTS)
    assert pipeline.load("riverside").sync == "plan_only"
    text = (demo / "schools/riverside.yaml").read_text()
    line = next(line for line in text.splitlines() if line.startswith("# school_ids: "))
    (demo / "schools/riverside.yaml").write_text(text.replace(line, line.removeprefix("# ")))
    assert "7\nsync: apply\nx" in pipeline.load("riverside").school_ids


def test_a_file_that_cannot_be_read_is_told_where_a_table_is_missing(demo, reconcile):
    (demo / f"{DEMO}/2025-26/students.txt").write_text("")
    code, _, log = reconcile("init", "riverside", "--exports", EXPORTS)
    assert code == 1
    assert "  students.txt is not read: the file is empty (0 bytes)\n" in log


def test_files_without_column_names_are_no_system_s_exports(demo, reconcile):
    folder = demo / "bare"
    folder.mkdir()
    (folder / "students.csv").write_text("1,Una,Osprey,5\n2,Bo,Heron,6\n")
    code, _, log = reconcile("init", "riverside", "--exports", "bare")
    assert code == 1
    assert "bare: no file has the columns of a table of PowerSchool or Veracross or Blackbaud; " in log
    assert not {"Una", "Osprey"} & set(log.replace(",", " ").split())


def test_what_is_advised_can_be_typed(demo, reconcile):
    folder = demo / f"{DEMO}/2025-26"
    shutil.copyfile(folder / "students.txt", folder / "students (1).txt")
    _, _, log = reconcile("init", "riverside", "--exports", EXPORTS)
    assert "say which with --table 'students=students (1).txt'" in log


@pytest.mark.parametrize("school", ["sub/riverside", "../riverside", "sub.yaml/riverside"])
def test_an_id_is_no_path(demo, reconcile, school):
    code, _, log = reconcile("init", school, "--exports", EXPORTS)
    assert code == 2
    assert "is no id" in log
    assert sorted(path.name for path in demo.rglob("riverside*")) == []


@pytest.mark.usefixtures("demo")
def test_each_table_option_that_is_wrong_is_told(reconcile):
    words = ["init", "riverside", "--exports", EXPORTS]
    _, _, log = reconcile(*words, "--table", "students=a.txt", "--table", "staff=b.csv")
    assert [line.split(":")[0] for line in log.splitlines()] == [
        "--table students=a.txt",
        "--table staff=b.csv",
    ]
    _, _, log = reconcile(*words, "--table", "students=users.csv", "--table", "staff=emails.csv")
    assert [line.split(":")[0] for line in log.splitlines()] == [
        "--table students=users.csv",
        "--table staff=emails.csv",
    ]
    code, _, log = reconcile(*words, "--table", "students=students.txt", "--table", "students=users.csv")
    assert code == 2
    assert "students is students.txt and users.csv; a table has one file" in " ".join(log.split())
