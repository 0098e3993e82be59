from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.config import load_school
from reconciler.errors import InputError
from reconciler.model import (
    EmailSettings,
    ExcludeSettings,
    GradeLevel,
    GroupSettings,
    GroupTemplate,
    IdentitySettings,
    MemberRules,
    ParentSettings,
    PlanSettings,
    RowFilter,
    SchoolYear,
    SourceFile,
    TargetSettings,
)
from reconciler.model.settings import Division

if TYPE_CHECKING:
    from tests.config.conftest import Load, Write


def test_school_of_a_few_lines_has_all_it_needs(load: Load) -> None:
    school = load()
    assert (school.id, school.file, school.name, school.sis) == (
        "school",
        "school.yaml",
        "Maple Grove School",
        "PowerSchool",
    )
    assert school.school_year == SchoolYear(2026)
    assert school.source.files["students"] == SourceFile("students.txt", "exports/2025-26/students.txt")
    assert school.target == TargetSettings("embedded", "maple-grove.db")
    assert school.members == {
        "student": MemberRules("students", "S", "[0-9]+"),
        "staff": MemberRules("staff", "T", "[0-9]+"),
        "parent": MemberRules("parents", "P", "[0-9]+"),
    }
    assert school.user_types == {"student": "Student", "staff": "Staff", "parent": "Member"}
    assert school.leaving == {"3": "graduated", "2": "transferred"}
    assert school.groups.templates["faculty"] == GroupTemplate(
        "Internal", "Faculty{% if school %} ({{ school }}){% endif %}"
    )
    assert school.tables["students"].filters == {"status": RowFilter("status", ("0",), "-?[0-9]+")}
    assert school.tables["contacts_dataset"].parts["contacts"].having == "student_id"
    assert school.tables["contacts_dataset"].parts["parents"].sparse


def test_settings_that_are_not_there_keep_the_defaults(load: Load) -> None:
    school = load()
    assert (school.sync, school.school_ids, school.blank, school.leavers) == ("plan_only", (), {}, {})
    assert school.groups == GroupSettings(templates=school.groups.templates)
    assert school.email == EmailSettings()
    assert school.exclude == ExcludeSettings()
    assert school.identity == IdentitySettings()
    assert school.parents == ParentSettings()
    assert school.plan == PlanSettings()


def test_every_setting_reaches_the_school(load: Load) -> None:
    school = load(
        """
sync: apply
school_ids: ['010', 20]
groups:
  mapping: [grade_year_is_not_here]
""".replace("grade_year_is_not_here", "grad_year, divisions, membership_list")
        + """\
  grade_from: grade
  names: enforce
  retired: empty
  adopt: true
  per_school: true
  school_names: {'010': North}
  parents_follow: [divisions]
  divisions: {Lower School: {from: kg, to: 5}, Early Years: {from: PK3, to: '-1'}}
  membership_list: clubs.csv
email: {students: drop, activated: overwrite, overrides: overrides.csv}
exclude: {file: exclude.csv, existing: leave}
identity: {same_person: same-person.csv, merge_staff_parents: false}
parents: {any_of: [lives_with], relationships: [Mother, ' Father '], yes: ['1', Ja]}
blank: {email: clear}
leavers: {graduated: keep}
plan: {max_age: 12 hours}
"""
    )
    assert (school.sync, school.school_ids) == ("apply", ("010", "20"))
    assert school.groups == GroupSettings(
        mapping=("grad_year", "divisions", "membership_list"),
        templates=school.groups.templates,
        grade_from="grade",
        names="enforce",
        retired="empty",
        adopt=True,
        per_school=True,
        school_names={"010": "North"},
        parents_follow=("divisions",),
        divisions=(Division("Lower School", 0, 5), Division("Early Years", -2, -1)),
    )
    assert school.email == EmailSettings("drop", "overwrite")
    assert school.exclude == ExcludeSettings("leave")
    assert school.identity == IdentitySettings(merge_staff_parents=False)
    assert school.parents == ParentSettings(("lives_with",), ("mother", "father"), ("1", "ja"))
    assert (school.blank, school.leavers) == ({"email": "clear"}, {"graduated": "keep"})
    assert school.plan == PlanSettings(0.5)
    assert {name: file for name, file in school.source.files.items() if file.allow_empty} == {
        "exclude": SourceFile("exclude.csv", "exclude.csv", allow_empty=True),
        "email_overrides": SourceFile("overrides.csv", "overrides.csv", allow_empty=True),
        "same_person": SourceFile("same-person.csv", "same-person.csv", allow_empty=True),
        "membership_list": SourceFile("clubs.csv", "clubs.csv", allow_empty=True),
    }


def test_one_word_for_leavers_is_for_all_causes(load: Load) -> None:
    assert load("leavers: keep\n").leavers == {
        "graduated": "keep",
        "transferred": "keep",
        "staff": "keep",
        "parent": "keep",
    }


@pytest.mark.parametrize(
    ("age", "days"), [("7 days", 7), ("1 day", 1), ("36h", 1.5), ("1.5d", 1.5), ("1 hour", 1 / 24)]
)
def test_age_of_a_plan_is_in_days_or_hours(load: Load, age: str, days: float) -> None:
    assert load(f"plan: {{max_age: {age}}}\n").plan.max_age_days == days
    assert load(f"retention: {age}\n").retention_days == days


@pytest.mark.parametrize("year", ["2025-26", "2025-2026", "2026", "'2026'"])
def test_school_year_may_be_written_in_three_ways(load: Load, good: str, year: str) -> None:
    text = good.replace("school_year: ${SCHOOL_YEAR:-2025-26}", f"school_year: {year}")
    assert load(text=text).school_year == SchoolYear(2026)


def test_environment_chooses_year_and_folder(load: Load) -> None:
    school = load(SCHOOL_YEAR="2026-27")
    assert str(school.school_year) == "2026-27"
    assert school.source.files["staff"].path == "exports/2026-27/users.csv"


def test_file_may_say_how_it_is_read(load: Load, good: str) -> None:
    options = r"{file: s.txt, delimiter: tab, encoding: utf-16, quoting: none, allow_empty: true}"
    school = load(
        text=good.replace("students.txt", options).replace("users.csv", '{file: u, delimiter: "\\t"}')
    )
    assert school.source.files["students"] == SourceFile(
        "s.txt", "exports/2025-26/s.txt", "\t", "utf-16", "none", allow_empty=True
    )
    assert school.source.files["staff"].delimiter == "\t"


def test_paths_are_relative_to_the_school_file(good: str, write: Write) -> None:
    text = good.replace("  path: exports/${SCHOOL_YEAR:-2025-26}\n", "") + "exclude: {file: out.csv}\n"
    school = load_school(write(text.replace("users.csv", "/data/users.csv"), "schools/maple.yaml"), {})
    assert school.id == "maple"
    assert school.target.path == "schools/maple-grove.db"
    assert school.source.files["students"].path == "schools/students.txt"
    assert school.source.files["staff"].path == "/data/users.csv"
    assert school.source.files["exclude"].path == "schools/out.csv"


def test_numbers_written_for_text_lose_nothing(load: Load, good: str) -> None:
    school = load("school_ids: [10, 010, -1]\n", text=good.replace("students.txt", "2025"))
    assert school.school_ids == ("10", "010", "-1")
    assert school.source.files["students"].name == "2025"


def test_school_lies_over_its_rule_sets_and_later_ones_over_earlier_ones(good: str, write: Write) -> None:
    write(
        """\
rule_set: local
user_types: {parent: Guardian, staff: Teacher}
parents: {any_of: [lives_with, data_access]}
tables:
  students:
    columns: {email: [mail]}
    filters: {school_id: {in: ['7']}}
""",
        "rules/local.yaml",
    )
    text = good.replace("vidigami-v2]", "vidigami-v2, rules/local.yaml]")
    school = load_school(
        write(
            text
            + """\
user_types: {staff: Faculty}
parents: {any_of: [is_guardian]}
members: {student: {prefix: ''}}
tables: {students: {columns: {grade: [Level], grad_year: null}, filters: {status: null}}}
"""
        ),
        {},
    )
    assert school.user_types == {"student": "Student", "staff": "Faculty", "parent": "Guardian"}
    assert school.parents.any_of == ("is_guardian",)
    assert school.members["student"] == MemberRules("students", "", "[0-9]+")
    students = school.tables["students"]
    assert (students.columns["email"], students.columns["grade"]) == (("mail",), ("level",))
    assert students.columns["id"] == ("student_number",)
    assert "grad_year" not in students.columns
    assert students.filters == {"school_id": RowFilter("school_id", ("7",))}
    assert list(school.rule_set_digests) == ["powerschool", "vidigami-v2", "local"]


def test_grade_levels_are_in_order_and_their_values_folded(load: Load) -> None:
    levels = load(
        "grades: {final: 13, levels: {'13': {label: Grade 13, values: [13, XIII]}}}\n"
    ).grades.levels
    assert [level.number for level in levels] == list(range(-2, 14))
    assert levels[2] == GradeLevel(0, "Kindergarten", ("0", "00", "k", "kg", "kf"))
    assert levels[-1] == GradeLevel(13, "Grade 13", ("13", "xiii"))


def test_school_without_parents_says_so(load: Load, good: str) -> None:
    without = good.replace("    parents: persons.csv\n    contacts: contacts.csv\n", "")
    assert set(load("members: {parent: null}\n", text=without).members) == {"student", "staff"}


def test_contacts_data_set_stands_for_three_tables(load: Load, good: str) -> None:
    three = "    parents: persons.csv\n    contacts: contacts.csv\n    emails: emails.csv\n"
    school = load(text=good.replace(three, "    contacts_dataset: contacts.csv\n"))
    assert set(school.source.files) == {"students", "staff", "contacts_dataset"}


def test_field_of_ones_own_may_have_a_filter(load: Load) -> None:
    school = load("tables: {students: {columns: {consent: [U_Consent]}, filters: {consent: {in: [Yes]}}}}\n")
    assert school.tables["students"].columns["consent"] == ("u_consent",)
    assert school.tables["students"].filters["consent"] == RowFilter("consent", ("yes",))


def test_null_from_a_later_rule_set_can_be_undone(good: str, write: Write) -> None:
    write("rule_set: a\nmembers: {staff: null}\n", "a.yaml")
    write("rule_set: b\nmembers: {staff: {table: staff, prefix: X, id_pattern: x}}\n", "b.yaml")
    text = good.replace("[powerschool,", "[powerschool, a.yaml, b.yaml,")
    assert load_school(write(text), {}).members["staff"] == MemberRules("staff", "X", "x")


def test_missing_variable_is_one_mistake_and_no_more(load: Load) -> None:
    with pytest.raises(InputError) as caught:
        load("members: {staff: {table: '${TABLE}'}}\n")
    assert [mistake.message for mistake in caught.value.mistakes] == [
        "members.staff.table: the variable TABLE is not set"
    ]


def test_loading_imports_nothing_heavy(good: str, write: Write) -> None:
    code = (
        "import sys; from pathlib import Path; from reconciler.config import load_school;"
        f"load_school(Path({str(write(good).absolute())!r}), {{}});"
        "heavy = {'polars', 'deepdiff', 'requests', 'typer', 'jsonschema'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
