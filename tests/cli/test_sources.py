"""What a source gives: columns, counts and shapes, and nobody's values."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from textwrap import dedent

import pytest


@pytest.fixture
def seen(demo, reconcile):
    for path in (demo / "schools/maple-grove/2025-26").iterdir():
        os.utime(path, (1_756_713_600, 1_756_713_600))
    code, shown, log = reconcile("sources", "maple-grove")
    assert (code, log) == (0, "")
    return shown


def test_each_field_is_told_with_its_column_and_the_shape_of_its_values(seen):
    assert seen.startswith("Maple Grove School (maple-grove): files, PowerSchool\n\n")
    students = seen.partition("\n\n")[2].partition("\n\nstaff:")[0]
    assert (
        students
        == dedent("""\
        students: students.txt, 399 rows, utf-8, of 2025-09-01T08:00:00+00:00
          id              Student_Number  1 blank    9999, 9999, 9999
          alternate_id    DCID                       9999, 9999, 9999
          first_name      First_Name                 Xxxx, Xxxx, Xxxxx
    """).rstrip("\n")
        + students[students.index("\n  last_name") :]
    )
    assert "\n  No column for: person_id" in students


def test_a_column_that_nothing_is_read_from_is_named(seen):
    persons = seen.partition("\nparents: ")[2].partition("\n\n")[0]
    assert "\n  Not read: PERSON.DCID" in persons


def test_nobodys_values_are_told(seen):
    shapes = [line[35:] for line in seen.splitlines() if re.match(r"  [a-z_]+ {2,}[A-Z]", line)]
    assert len(shapes) > 15
    assert not re.search(r"@example|[0-8]\d{3}|P1|S1", " ".join(shape.split("blank")[-1] for shape in shapes))


def test_json_has_all_of_it(demo, reconcile):
    document = json.loads(reconcile("sources", "maple-grove", "--format", "json")[1])
    tables = {table["name"]: table for table in document["tables"]}
    assert list(tables) == ["students", "staff", "parents", "contacts", "emails"]
    assert document["format"] == 1
    email = next(one for one in tables["emails"]["fields"] if one["field"] == "email")
    assert email["header"] == "EMAILADDRESS.EmailAddress"
    assert re.fullmatch(r"x+\.x+@xxxxxxx\.xxx", email["samples"][0])
    assert demo


def test_what_cannot_be_read_is_an_error(demo, reconcile):
    Path("schools/maple-grove/2025-26/users.csv").unlink()
    code, shown, log = reconcile("sources", "maple-grove")
    assert (code, shown) == (1, "")
    assert log.startswith("schools/maple-grove/2025-26/users.csv: no such file; export the staff table there")
    assert demo
