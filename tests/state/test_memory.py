"""What a target remembers comes back as it was, on each database, and can be forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from reconciler import frames
from reconciler.errors import ReconcileError
from reconciler.model import Directory, DirectoryInfo, Kept
from reconciler.state.erasure import forget
from reconciler.state.memory import StoredMemory
from reconciler.state.store import find_store, open_store
from tests.support.plans import frame

DIRECTORY = Directory(
    users=frame(
        frames.CURRENT_USERS,
        [
            {"host_id": host_id, "member_type": "student", "first_name": "Kím", "target_id": host_id}
            for host_id in ("S1", "S12")
        ],
    ),
    groups=frame(frames.CURRENT_GROUPS, [{"key": "grade:1", "name": "Grade 1"}]),
    memberships=frame(frames.CURRENT_MEMBERSHIPS, [{"group_key": "grade:1", "host_id": "S1"}]),
    relationships=frame(
        frames.CURRENT_RELATIONSHIPS,
        [
            {"student_host_id": "S1", "parent_host_id": "P1"},
            {"student_host_id": "S12", "parent_host_id": "P1"},
        ],
    ),
)
KEPT = Kept(DirectoryInfo("dir-1", "2025-26"), DIRECTORY, {"folder": "7"})


def rows(kept: Kept | None) -> list[list[tuple[object, ...]]]:
    assert kept is not None
    held = kept.directory
    return [part.rows() for part in (held.users, held.groups, held.memberships, held.relationships)]


def test_nothing_is_known_where_there_is_no_store_and_none_is_made(where: str) -> None:
    assert StoredMemory(where, "maple-grove", "sheets").load() is None
    assert find_store(where) is None


def test_what_was_kept_comes_back_whole(where: str) -> None:
    memory = StoredMemory(where, "maple-grove", "sheets")
    memory.keep(KEPT)
    found = StoredMemory(where, "maple-grove", "sheets").load()
    assert found is not None
    assert (found.info, found.notes) == (KEPT.info, KEPT.notes)
    assert rows(found) == rows(KEPT)


def test_of_those_who_want_to_be_first_one_is(where: str) -> None:
    others = Kept(DirectoryInfo("dir-2", ""), DIRECTORY)
    assert StoredMemory(where, "maple-grove", "sheets").keep_first(KEPT).info == KEPT.info
    assert StoredMemory(where, "maple-grove", "sheets").keep_first(others).info == KEPT.info
    assert rows(StoredMemory(where, "maple-grove", "sheets").load()) == rows(KEPT)
    assert StoredMemory(where, "elm", "sheets").keep_first(others).info == others.info


def test_the_last_one_stands_for_its_school_and_place_alone(where: str) -> None:
    memory = StoredMemory(where, "maple-grove", "sheets")
    memory.keep(KEPT)
    StoredMemory(where, "maple-grove", "scim https://one.example.org").keep(KEPT)
    memory.keep(Kept(DirectoryInfo("dir-1", "2026-27"), DIRECTORY))
    found = memory.load()
    assert found == Kept(DirectoryInfo("dir-1", "2026-27"), found.directory if found else DIRECTORY)
    other = StoredMemory(where, "maple-grove", "scim https://one.example.org").load()
    assert other is not None
    assert other.info.school_year == "2025-26"
    assert StoredMemory(where, "elm", "sheets").load() is None


def test_a_damaged_memory_is_no_empty_one(where: str) -> None:
    memory = StoredMemory(where, "maple-grove", "sheets")
    memory.keep(KEPT)
    with open_store(where).write() as tx:
        tx.execute(text("UPDATE memories SET users = :bytes"), {"bytes": b"PAR1"})
    with pytest.raises(ReconcileError, match=r"what is remembered of sheets is damaged; restore a backup"):
        memory.load()


def test_whoever_is_forgotten_is_taken_out_and_nobody_else(where: str) -> None:
    memory = StoredMemory(where, "maple-grove", "sheets")
    memory.keep(KEPT)
    forget(open_store(where), "maple-grove", "S1")
    assert [[row for row in part if "S1" in row] for part in rows(memory.load())] == [[], [], [], []]
    found = memory.load()
    assert found is not None
    assert found.directory.users["host_id"].to_list() == ["S12"]
    assert found.directory.relationships.select("student_host_id", "parent_host_id").rows() == [("S12", "P1")]
