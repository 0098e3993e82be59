"""What the embedded directory holds is read as it is, whatever stands in it, all at once or in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.targets.embedded import reading
from tests.support import directories as d

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.targets import Target

TEXTS = [
    '"Kim"',
    "back\\slash",
    "tab\tand\nline",
    "\x00\x1f\x7f",
    "Élodie 李 👩‍🎓",
    "[1, null]",
    "null",
    "{}",
    "\u2028",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


@pytest.fixture
def target(path: Path) -> Target:
    return d.new_directory(path)


def test_any_text_is_read_as_it_was_written(target: Target) -> None:
    rows = [d.creation(f"S{n}", first_name=text) for n, text in enumerate(TEXTS)]
    assert d.apply(target, "users", *rows) == [("applied", "")] * len(TEXTS)
    assert target.read().users["first_name"].to_list() == TEXTS
    assert d.apply(target, "users", *rows) == [("already", "")] * len(TEXTS)


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 8])
def test_a_directory_is_read_in_parts_as_it_is_at_once(
    target: Target, path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    d.apply(target, "groups", d.group_creation("Grade 1"), d.group_creation("Grade 2"))
    d.apply(
        target, "users", *(d.creation(f"S{n}") for n in (3, 1, 2)), *(d.creation(f"P{n}") for n in range(5))
    )
    d.execute(path, "UPDATE users SET id = -7 WHERE host_id = 'S2'")
    d.apply(target, "memberships", *(d.joining(f"S{n}", f"Grade {g}") for n in (1, 2, 3) for g in (2, 1)))
    d.apply(target, "relationships", *(d.linking(f"S{n}", f"P{m}") for n in (2, 3) for m in (4, 0, 1)))
    whole = target.read()
    monkeypatch.setattr(reading, "_AT_ONCE", at_once)
    parts = target.read()
    for table in ("users", "groups", "memberships", "relationships"):
        assert getattr(parts, table).equals(getattr(whole, table))
    assert whole.users["host_id"].to_list() == ["S2", "S3", "S1", "P0", "P1", "P2", "P3", "P4"]
    assert [whole.memberships.height, whole.relationships.height] == [6, 6]
