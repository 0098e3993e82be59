from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("deepdiff", "polars", "requests", "sqlalchemy")
"""Each takes a fifth of a second or more to load."""

FOR_FILES = ("jinja2", "jsonschema", "yaml")
"""What reading school files takes, which help does not."""

_RUN = f"""
import sys
from reconciler.cli.main import main
try:
    main()
except SystemExit as stop:
    code = stop.code or 0
else:
    code = 0
print("exit", code, "loaded", sorted(set(sys.modules) & {{*{HEAVY!r}, *{FOR_FILES!r}}}))
"""


def last_line(*arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-c", _RUN, *arguments]
    run = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    return run.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments", [("--help",), ("plan", "--help"), ("apply", "--help"), ("explain",)], ids=" ".join
)
def test_help_loads_next_to_nothing(arguments: tuple[str, ...]) -> None:
    assert last_line(*arguments) == "exit 0 loaded []"


def test_help_loads_no_settings() -> None:
    """Nor does anything that every command begins with: their classes alone take three bare interpreters."""
    code = "import reconciler.cli.main, sys; print('reconciler.model' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "False\n"


def test_a_command_that_reads_no_people_loads_nothing_heavy() -> None:
    assert last_line("validate", "schools/maple-grove.yaml") == "exit 0 loaded ['jinja2', 'yaml']"


def test_a_command_that_reads_people_does_load_polars() -> None:
    # Else the test above could not fail.
    assert last_line("findings", "maple-grove") == "exit 0 loaded ['jinja2', 'polars', 'yaml']"


def test_wheel_holds_every_rule_set_and_schema(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if "/_data/" in name}
    assert packed == {
        f"reconciler/_data/{path.relative_to(ROOT).as_posix()}": path.read_bytes()
        for folder, ending in (("rules", "*.yaml"), ("schemas", "*.json"))
        for path in (ROOT / folder).glob(ending)
    }
