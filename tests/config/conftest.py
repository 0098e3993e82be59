from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from reconciler.config import load_school

if TYPE_CHECKING:
    from reconciler.model import School

_GOOD = """\
name: Maple Grove School
extends: [powerschool, vidigami-v2]
school_year: ${SCHOOL_YEAR:-2025-26}
source:
  kind: files
  path: exports/${SCHOOL_YEAR:-2025-26}
  files:
    students: students.txt
    staff: users.csv
    parents: persons.csv
    contacts: contacts.csv
    emails: emails.csv
target: {kind: embedded, path: maple-grove.db}
"""


class Write(Protocol):
    def __call__(self, text: str | bytes, name: str = "school.yaml") -> Path: ...


class Load(Protocol):
    def __call__(self, more: str = "", *, text: str = _GOOD, **env: str) -> School: ...


@pytest.fixture
def good() -> str:
    """A school file without a mistake, of 13 lines."""
    return _GOOD


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file into a folder of its own, from where it is named without the folder."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str | bytes, name: str = "school.yaml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture
def load(write: Write) -> Load:
    """Loads the good school with more lines at its end."""

    def load_text(more: str = "", *, text: str = _GOOD, **env: str) -> School:
        return load_school(write(text + more), env)

    return load_text
