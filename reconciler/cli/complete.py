"""What a shell may offer while somebody types: schools, saved plans, finding codes, guards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def schools(incomplete: str) -> list[str]:
    """The ids in `schools/` that begin so."""
    return _beginning(incomplete, (path.stem for path in Path("schools").glob("*.yaml")))


def schools_and_plans(incomplete: str) -> list[str]:
    """The same, and saved plans of this folder."""
    plans = (path.name for path in Path().glob("*.plan") if not path.name.startswith("."))  # no drafts
    return schools(incomplete) + _beginning(incomplete, plans)


def codes(incomplete: str) -> list[str]:
    """Finding codes that begin so."""
    from reconciler.model import FINDING_CODES

    return _beginning(incomplete, FINDING_CODES)


def codes_and_schools(incomplete: str) -> list[str]:
    """Schools and finding codes, as explain takes either."""
    return schools(incomplete) + codes(incomplete)


def guards(incomplete: str) -> list[str]:
    """Guards that begin so."""
    from reconciler.model import CALENDAR_GUARDS, DEFAULT_GUARDS

    return _beginning(incomplete, [*DEFAULT_GUARDS, *CALENDAR_GUARDS])


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if word.startswith(incomplete))
