"""Run by diffsync's own environment: load both sides, compare them, print the differences.

`python diffsync_plan.py CURRENT.json DESIRED.json`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

# Types are checked where diffsync is not installed.
from diffsync import Adapter, DiffSyncModel  # type: ignore[import-not-found]
from diffsync.logging import enable_console_logging  # type: ignore[import-not-found]


class Person(DiffSyncModel):  # type: ignore[misc]
    """A person, told by their Host ID."""

    _modelname = "person"
    _identifiers = ("host_id",)
    _attributes = (
        "member_type",
        "first_name",
        "last_name",
        "preferred_name",
        "email",
        "grad_year",
        "active",
        "groups",
        "children",
    )

    host_id: str
    member_type: str
    first_name: str
    last_name: str
    preferred_name: str
    email: str
    grad_year: str
    active: str
    groups: str = ""
    children: str = ""


class People(Adapter):  # type: ignore[misc]
    """All people of one side."""

    person = Person
    top_level = ("person",)

    def load_file(self, path: Path) -> None:
        """Take the people of a JSON file."""
        for host, values in json.loads(path.read_text(encoding="utf-8")).items():
            self.add(Person(host_id=host, **values))


def main() -> None:
    """Compare, and print what differs."""
    enable_console_logging(verbosity=0)
    sides = []
    for path in sys.argv[1:3]:
        people = People()
        people.load_file(Path(path))
        sides.append(people)
    current, desired = sides
    diff = current.diff_from(desired)
    sys.stdout.write(f"{diff.str()}\n{json.dumps(diff.summary())}\n")


if __name__ == "__main__":
    main()
