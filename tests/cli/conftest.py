"""The command line, run in this process through its real entry point; and a checkout with the demo school."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from reconciler.cli.screen import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _as_if_anew() -> Iterator[None]:
    """A command may set variables, and be quiet: the next test begins without either."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    settle(quiet=False, verbose=False)


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command; gives its exit code, and what it wrote on standard output and standard error."""

    def invoke(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main(args)
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return invoke


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the demo school, without a directory yet; the present one of the test."""
    ignored = shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile")
    shutil.copytree(ROOT / "schools", tmp_path / "schools", ignore=ignored)
    monkeypatch.chdir(tmp_path)
    for name in ("SCHOOL_YEAR", "DIRECTORY", "RECONCILE_STATE", "RECONCILE_IDENTITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path
