"""A source whose files are on another machine: it is given copies, and told of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.config.addresses import is_address
from reconciler.errors import InputError, ReconcileError
from reconciler.model import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model import School
    from reconciler.sources.interface import Source

_NO_MOMENT = "1970-01-01T00:00:00+00:00"
"""When a copy was changed of which nobody says when it was."""


def is_elsewhere(school: School) -> bool:
    """Whether any export of a school is on another machine."""
    return is_address(school.source.path) or any(is_address(one.path) for one in school.source.files.values())


class FetchedSource:
    """Reads what was fetched for it, and forgets it."""

    def __init__(self, school: School, of_files: Callable[[School], Source]) -> None:
        """`of_files` makes the source that reads such files here."""
        self._school, self._of_files = school, of_files

    def read(self) -> Tables:
        """Every table, whole, as from files here.

        Raises:
            InputError: a file is missing, was changed while it was read, or has mistakes.
            ReconcileError: a server cannot be reached, or does not let us in.
        """
        from reconciler.remote import fetch  # noqa: PLC0415 - slow

        with fetch(self._school) as fetched:
            try:
                tables = self._of_files(fetched.school).read()
            except InputError as error:
                raise fetched.told(error) from None
        return Tables(
            tables.frames,
            {
                name: replace(info, modified="") if info.modified == _NO_MOMENT else info
                for name, info in tables.info.items()
            },
        )

    def digests(self) -> Mapping[str, str]:
        """Those of copies made now; where not all can be had, those of what is here."""
        from reconciler.remote import fetch  # noqa: PLC0415 - slow

        try:
            with fetch(self._school) as fetched:
                return self._of_files(fetched.school).digests()
        except ReconcileError:
            return self._of_files(self._school).digests()
