"""Sources: outside systems -> `Tables`. Every row that they give knows its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError, one_mistake
from reconciler.sources import blackbaud
from reconciler.sources.elsewhere import FetchedSource, is_elsewhere
from reconciler.sources.files import FileSource
from reconciler.sources.interface import Source
from reconciler.sources.oneroster import OneRosterRestSource, OneRosterSource
from reconciler.sources.powerschool import PowerSchoolSource
from reconciler.sources.veracross import VeracrossSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model import School
    from reconciler.oauth import Consent


__all__ = ["CONSENTS", "SOURCES", "Source", "open_consent", "open_source"]

SOURCES: dict[str, Callable[[School], Source]] = {
    "blackbaud": blackbaud.BlackbaudSource,
    "files": FileSource,
    "oneroster": OneRosterSource,
    "oneroster_rest": OneRosterRestSource,
    "powerschool": PowerSchoolSource,
    "veracross": VeracrossSource,
}
"""The kinds of source, by their name in `source.kind`."""

CONSENTS: dict[str, Callable[[School, str], Consent]] = {"blackbaud": blackbaud.open_consent}
"""Kind of source that somebody has to sign in to -> their consent, given the redirect URI."""


def open_source(school: School) -> Source:
    """The source that the school's settings name.

    Raises:
        InputError: there is no such kind of source.
    """
    kind = school.source.kind
    if kind not in SOURCES:
        raise one_mistake(school.file, f"source.kind: no source {kind!r}", f"there is {', '.join(SOURCES)}")
    return FetchedSource(school, SOURCES[kind]) if is_elsewhere(school) else SOURCES[kind](school)


def open_consent(school: School, redirect_uri: str) -> Consent:
    """The consent that the school's source wants.

    Raises:
        ReconcileError: it wants none.
    """
    kind = school.source.kind
    if kind not in CONSENTS:
        raise ReconcileError(
            f"{school.file}: a source of the kind {kind} takes no sign-in; only {', '.join(CONSENTS)} does"
        )
    return CONSENTS[kind](school, redirect_uri)
