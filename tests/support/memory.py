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

    def keep_first(self, kept: Kept) -> Kept:
        """Remember this, unless something was kept before; gives what is kept now."""
        self.kept = self.kept or kept
        return self.kept


class LateMemory:
    """The same, as one finds it who looks just before another process keeps something."""

    def __init__(self, memory: HeldMemory) -> None:
        self._memory, self._looked = memory, False

    def load(self) -> Kept | None:
        """Nothing at first, then what was kept last."""
        if self._looked:
            return self._memory.load()
        self._looked = True
        return None

    def keep(self, kept: Kept) -> None:
        """Remember this."""
        self._memory.keep(kept)

    def keep_first(self, kept: Kept) -> Kept:
        """Remember this, unless something was kept before; gives what is kept now."""
        return self._memory.keep_first(kept)
