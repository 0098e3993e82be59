"""What a source is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Tables


class Source(Protocol):
    """A place where a school's tables come from."""

    def read(self) -> Tables:
        """Every table and side list of the school, whole.

        Raises:
            InputError: anything could not be read whole, so that a failed read never looks like a
                school whose people have left.
        """

    def digests(self) -> Mapping[str, str]:
        """Logical table or list -> SHA-256 of the bytes it comes from; what is missing is left out."""
