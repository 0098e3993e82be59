"""A plan in the format of a view, as text and as a file that its owner alone can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Plan


@dataclass(frozen=True, slots=True)
class Appearance:
    """How plans are shown, whatever the view."""

    full: bool = False
    show_names: bool = False
    pseudonyms: bool = False

    def check(self) -> None:
        """See that plans can be shown like this, before any is made.

        Raises:
            ReconcileError: there is no key for pseudonyms.
        """
        if self.pseudonyms:
            from reconciler.environment import pseudonym_key  # noqa: PLC0415 - seldom needed

            pseudonym_key()

    def seen(self, plan: Plan) -> Plan:
        """The plan, with its people under pseudonyms where those are asked for."""
        if not self.pseudonyms:
            return plan
        from reconciler.environment import pseudonym_key  # noqa: PLC0415 - seldom needed
        from reconciler.pseudonyms import pseudonymise  # noqa: PLC0415

        return pseudonymise(plan, pseudonym_key())

    def render(
        self, plan: Plan, view: str, *, brief: bool = False, width: int | None = None, colour: bool = False
    ) -> str:
        """What was `seen`, in one format; without `width` for a file."""
        from reconciler.views import PLAN_VIEWS  # noqa: PLC0415 - polars loads slowly

        return PLAN_VIEWS[view](
            plan, full=self.full, show_names=self.show_names, brief=brief, width=width, colour=colour
        )


def write_view(path: Path, text: str, view: str) -> None:
    """Write a view to a file.

    Raises:
        ReconcileError: it cannot be written.
    """
    from reconciler.private_file import private_file  # noqa: PLC0415 - as above

    with private_file(path, f"the {view}") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
