"""What a target has to remember of its directory, kept in the store: one memory a school and place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import Directory, DirectoryInfo, Kept

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.frames import Schema


class StoredMemory:
    """The memory of a school's target at a place; nothing is opened before it is asked for."""

    def __init__(self, where: str | Path, school_id: str, place: str) -> None:
        self._where, self._school_id, self._place = where, school_id, place

    def load(self) -> Kept | None:
        """What was kept last; None before anything was.

        Raises:
            ReconcileError: the store cannot be used, or what it holds is damaged.
        """
        from sqlalchemy import select  # noqa: PLC0415 - loads slowly, and most targets keep nothing

        from reconciler.errors import ReconcileError  # noqa: PLC0415
        from reconciler.state.packing import unpack  # noqa: PLC0415
        from reconciler.state.store import find_store  # noqa: PLC0415
        from reconciler.state.tables import memories  # noqa: PLC0415

        store = find_store(self._where)
        if store is None:
            return None
        of_place = (memories.c.school_id == self._school_id, memories.c.place == self._place)
        with store.read() as tx:
            found = tx.execute(select(memories).where(*of_place)).one_or_none()
        if found is None:
            return None
        try:
            frames = {kind: unpack(getattr(found, kind), schema) for kind, schema in schemas().items()}
        except ValueError:
            raise ReconcileError(
                f"{store}: what is remembered of {self._place} is damaged; restore a backup of the store"
            ) from None
        return Kept(DirectoryInfo(found.directory_id, found.school_year), Directory(**frames), found.notes)

    def keep(self, kept: Kept) -> None:
        """Remember this instead of what was kept before, in one transaction.

        Raises:
            ReconcileError: the store cannot be used.
        """
        from sqlalchemy import delete, insert  # noqa: PLC0415 - as above

        from reconciler.state.store import open_store  # noqa: PLC0415
        from reconciler.state.tables import memories  # noqa: PLC0415

        of_place = (memories.c.school_id == self._school_id, memories.c.place == self._place)
        with open_store(self._where).write() as tx:
            tx.execute(delete(memories).where(*of_place))
            tx.execute(insert(memories).values(**self._row(kept)))

    def keep_first(self, kept: Kept) -> Kept:
        """Remember this, unless something was kept before; gives what is kept now. Of several, one is first.

        Raises:
            ReconcileError: the store cannot be used.
        """
        from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415 - as above

        from reconciler.state.store import open_store  # noqa: PLC0415
        from reconciler.state.tables import memories  # noqa: PLC0415

        with open_store(self._where).write() as tx:
            insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(memories)
            tx.execute(insert.values(**self._row(kept)).on_conflict_do_nothing())
        return self.load() or kept

    def _row(self, kept: Kept) -> dict[str, object]:
        from reconciler.state.packing import pack  # noqa: PLC0415 - polars loads slowly

        return {
            "school_id": self._school_id,
            "place": self._place,
            "directory_id": kept.info.directory_id,
            "school_year": kept.info.school_year,
            "notes": dict(kept.notes),
            **{kind: pack(getattr(kept.directory, kind)) for kind in schemas()},
        }


def schemas() -> dict[str, Schema]:
    """Kind -> the columns that are kept."""
    from reconciler import frames  # noqa: PLC0415 - polars loads slowly

    return {
        "users": frames.CURRENT_USERS,
        "groups": frames.CURRENT_GROUPS,
        "memberships": frames.CURRENT_MEMBERSHIPS,
        "relationships": frames.CURRENT_RELATIONSHIPS,
    }
