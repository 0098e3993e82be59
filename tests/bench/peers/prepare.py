"""`python -m tests.bench.peers.prepare FOLDER PEOPLE`: all that the tools need; none of it is measured."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.bench.generate import write_exports
from tests.bench.measure import measure
from tests.bench.peers.formats import write_json, write_octodns, write_terraform
from tests.bench.peers.people import count_changes, read_people
from tests.bench.peers.world import SCHOOL, World, reconcile, school


def prepare(world: World, people: int) -> None:
    """Make the exports, fill the directory, and write both sides in the tools' own formats.

    The desired side is a copy of the directory to which our plan has been applied.
    """
    now, desired = world.folder / "now", world.folder / "desired.db"
    write_exports(now, people)
    write_exports(world.later, people, later=True)
    _apply(now, world.directory)
    shutil.copyfile(world.directory, desired)
    _apply(world.later, desired)
    before, after = read_people(world.directory), read_people(desired)
    write_json(world.folder / "current.json", before)
    write_json(world.folder / "desired.json", after)
    write_octodns(world.folder / "octodns", before, after)
    write_terraform(world.folder / "terraform", before, after)
    write_json(world.folder / "differences.json", count_changes(before, after))


def _apply(exports: Path, directory: Path) -> None:
    measure(reconcile("apply", str(SCHOOL), "--auto-approve"), school(exports, directory))


if __name__ == "__main__":
    prepare(World(Path(sys.argv[1])), int(sys.argv[2]))
