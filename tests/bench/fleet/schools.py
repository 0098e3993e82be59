"""`python -m tests.bench.fleet.schools FOLDER SCHOOLS LEAST MOST [--filled]`: a checkout of many schools.

Each has its file, its exports, and people of its own; seeded, so every run measures the same.
"""

from __future__ import annotations

import argparse
import random
import subprocess
from pathlib import Path

from tests.bench.generate import write_exports
from tests.bench.measure import python

SCHOOL = """\
name: School {name}
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  path: ../exports/{name}/${{WHEN:-now}}
  files: {{students: students.txt, staff: users.csv, parents: persons.csv, contacts: contacts.csv,
          emails: emails.csv}}
target: {{kind: embedded, path: ../directories/{name}.db}}
sync: apply
"""


def write_schools(folder: Path, schools: int, least: int, most: int, *, filled: bool) -> None:
    """Write schools of so many people; with `filled`, apply them, and write what they are a little later."""
    sizes = random.Random(schools)
    for name in ("schools", "directories"):
        (folder / name).mkdir(parents=True)
    for number in range(schools):
        name = f"s{number:05}"
        people = sizes.randint(least, most)
        for when in ("now", "later") if filled else ("now",):
            write_exports(folder / "exports" / name / when, people, later=when == "later", seed=number)
        (folder / "schools" / f"{name}.yaml").write_text(SCHOOL.format(name=name), encoding="utf-8")
    if filled:
        command = python("-m", "reconciler", "--quiet", "apply", "--all", "--auto-approve")
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fleet.schools", description=__doc__)
    parser.add_argument("folder", type=Path)
    for number in ("schools", "least", "most"):
        parser.add_argument(number, type=int)
    parser.add_argument("--filled", action="store_true")
    given = parser.parse_args()
    write_schools(given.folder, given.schools, given.least, given.most, filled=given.filled)
