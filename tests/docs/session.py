"""The session that README.md records, done again; `python -m tests.docs.session` writes it anew.

What makes the virtual environment is told and not done: CI does that, with the same line, as the main job.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docs.readme import ROOT, block

MARKER = "session"
_SKIPPED = "python3 -m venv"
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_AN_ID = "0f3c9e2a7b5d4c61a8e0d2b49c7f1e35"
"""In place of whatever id a directory gets."""


def commands() -> list[str]:
    """What is typed, in its order."""
    return [line.removeprefix("$ ") for line in block(MARKER).splitlines() if line.startswith("$ ")]


def play(folder: Path) -> str:
    """The session, done in a folder of its own."""
    origin = folder / "origin"
    _copy_tracked(origin)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("RECONCILE_") and name not in {"SCHOOL_YEAR", "DIRECTORY"}
    }
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "REPOSITORY": str(origin),
        "PYTHONPATH": str(ROOT),
    }
    told = []
    there = folder
    for command in commands():
        shown = ""
        if not command.startswith(_SKIPPED):
            script = f"set -euo pipefail; {command}; pwd >&3"
            with tempfile.TemporaryFile("w+") as place:
                run = f"exec 3>&{place.fileno()}; {script}"
                done = subprocess.run(
                    ["bash", "-c", run],
                    cwd=there,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                    pass_fds=[place.fileno()],
                )
                place.seek(0)
                there = Path(place.read().strip())
            shown = done.stdout + done.stderr
        told.append(f"$ {command}\n{_ID.sub(_AN_ID, shown)}")
    return "".join(told)


def _copy_tracked(to: Path) -> None:
    """A repository with one commit of what git tracks here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "schools", "README.md"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((ROOT / name).read_bytes())
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *identity, *words], cwd=to, check=True)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    with tempfile.TemporaryDirectory() as scratch:
        readme.write_text(
            readme.read_text(encoding="utf-8").replace(block(MARKER), play(Path(scratch))), encoding="utf-8"
        )
