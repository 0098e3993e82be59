from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.demo.exports import EXPORTS, FOLDER, ROOT, YEARS
from tests.demo.maple_grove import write_maple_grove

if TYPE_CHECKING:
    from pathlib import Path


def all_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_generator_reproduces_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    write_maple_grove(tmp_path)
    assert all_files(tmp_path) == all_files(FOLDER)


def test_generator_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.demo.maple_grove", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT)
    assert sorted(all_files(tmp_path)) == sorted(
        [f"{year}/{name}" for year in YEARS for name in EXPORTS]
        + ["clubs.csv", "email_overrides.csv", "exclude.csv", "same_person.csv"]
    )


def test_every_address_is_fictional() -> None:
    for name, content in all_files(FOLDER).items():
        encoding = "utf-16" if content.startswith(b"\xff\xfe") else "latin-1"
        for address in content.decode(encoding).split("@")[1:]:
            # "nobody@" alone is one of the invalid ones.
            assert not address[0].isalnum() or address.lower().startswith("example.org"), name
