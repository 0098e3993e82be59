from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load_school, schema_check
from reconciler.config.reader import parse_document
from reconciler.errors import InputError

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

FULL = """\
name: Maple Grove School
extends: [powerschool, vidigami-v2]
school_year: ${SCHOOL_YEAR:-2025-26}
source:
  kind: files
  path: exports/${SCHOOL_YEAR:-2025-26}
  files:
    students: {file: students.txt, delimiter: tab, allow_empty: false}
    staff: users.csv
    parents: persons.csv
    contacts: contacts.csv
    emails: emails.csv
target: {kind: embedded, path: maple-grove.db}
sync: apply
school_ids: ['10', 20]
groups:
  mapping: [grade, divisions, membership_list]
  templates: {grade: {category: &a Academics, name: '{{ label }}'}}
  school_names: {'10': North}
  divisions:
    Lower School: {from: K, to: '5'}
  membership_list: clubs.csv
email: {students: drop, overrides: overrides.csv}
members: {student: {prefix: '', id_pattern: '[0-9]+'}}
tables:
  students:
    columns: {consent: [u_consent]}
    required: [[id], [grade, grad_year]]
    filters: {consent: {in: [yes], known: 'no?'}, status: null}
grades: {levels: {'13': {label: *a, values: [13]}}}
parents: {any_of: [], relationships: [Mother]}
leavers: {staff: keep}
plan: {max_age: 7 days}
"""
BRIEF = """\
name: Maple Grove School
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source: {kind: files, path: exports, files: {students: a, staff: b, parents: c, contacts: d, emails: e}}
target: {kind: embedded, path: maple-grove.db}
"""
SIGNS = st.sampled_from(
    [*" \n\t:-[]{},#&*!|>'\"%@`?~$<\\0aZé\x00\x7f\u2028", "${", "null", "- ", "<<: ", "*a"]
)


@st.composite
def mutated(draw: DrawFn) -> str:
    """The full school file with lines left out, repeated or moved, and signs changed."""
    lines = FULL.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["delete", "double", "move", "sign", "cut"]))
        line = lines[index]
        at = draw(st.integers(0, len(line) - 1)) if line else 0
        if kind == "delete":
            lines[index] = ""
        elif kind == "double":
            lines[index] = line * 2
        elif kind == "move":
            lines.insert(draw(st.integers(0, len(lines))), lines.pop(index))
        elif kind == "sign":
            lines[index] = line[:at] + draw(SIGNS) + line[at + 1 :]
        else:
            lines[index] = line[:at] + "\n"
    return "".join(lines)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "school.yaml"


def load_or_refuse(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        load_school(path, {"A": "one", "B": ""})
    except InputError as error:
        assert error.mistakes  # noqa: PT017  either outcome is right, another exception is not
        for mistake in error.mistakes:
            assert mistake.message
            assert mistake.excerpt.isprintable()


def test_full_school_is_right(path: Path) -> None:
    path.write_text(FULL)
    assert load_school(path, {}).name == "Maple Grove School"


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_mutated_school_loads_or_is_refused_with_mistakes(path: Path, text: str) -> None:
    load_or_refuse(path, text.encode())


def is_right_to_both(text: str) -> tuple[bool, bool]:
    """Whether a school file is right to the quick validator, and to the one that says what is wrong."""
    data = parse_document(text.encode(), "school.yaml", Path(), {"A": "one", "B": ""}).data
    return schema_check._is_right(data, "school"), not any(
        schema_check._validator("school").iter_errors(data)
    )


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_what_is_right_at_a_glance_is_right(text: str) -> None:
    try:
        at_a_glance, closely = is_right_to_both(text)
    except InputError:
        return
    assert closely or not at_a_glance


@pytest.mark.parametrize(
    ("line", "at_a_glance", "closely"),
    [
        ("plan: {max_age: 7 days}", True, True),
        ("grades: {final: 12}", True, True),
        ("grades: {final: 12.0}", False, False),  # JSON has no other whole numbers
        ("nam: Maple", False, False),
    ],
)
def test_a_number_with_a_point_is_no_whole_number(line: str, *, at_a_glance: bool, closely: bool) -> None:
    assert is_right_to_both(BRIEF + line + "\n") == (at_a_glance, closely)


@given(st.text())
@settings(max_examples=150, deadline=None)
def test_any_text_is_refused_with_mistakes(path: Path, text: str) -> None:
    load_or_refuse(path, text.encode())


@given(st.binary())
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_with_mistakes(path: Path, data: bytes) -> None:
    load_or_refuse(path, data)


VALUES = st.sampled_from(
    [
        "",
        "[]",
        "{}",
        "null",
        "true",
        "1.5",
        "-1",
        "x",
        "[x, x]",
        "[[1]]",
        "{a: b}",
        "[null]",
        "'\\'",
        "'${A}'",
        "${B}",
    ]
)
KEYS = [line.split(":")[0] for line in FULL.splitlines() if not line.startswith(" ")]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_value_of_a_setting_loads_or_is_refused(path: Path, values: dict[str, str]) -> None:
    blocks: dict[str, str] = {}
    for line in FULL.splitlines(keepends=True):
        key = line.split(":")[0] if not line.startswith(" ") else list(blocks)[-1]
        blocks[key] = blocks.get(key, "") + line
    blocks |= {key: f"{key}: {value}\n" for key, value in values.items()}
    load_or_refuse(path, "".join(blocks.values()).encode())
