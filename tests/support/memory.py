"""What a target remembers, held in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model import Kept


class HeldMemory:
    """Gone with the process, as that of a tool whose state store was lost."""

    def __init__(self) -> None:
        self.kept: Kept | None = None

    def load(self) -> Kept | None:
        """What was kept last."""
        return self.kept

    def keep(self, kept: Kept) -> None:
        """Remember this."""
        self.kept = kept
