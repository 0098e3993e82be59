"""Sources: outside systems -> `Tables`. Every row that they give knows its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.errors import ReconcileError, one_mistake
from reconciler.sources import blackbaud
from reconciler.sources.files import FileSource
from reconciler.sources.oneroster import OneRosterRestSource, OneRosterSource
from reconciler.sources.powerschool import PowerSchoolSource
from reconciler.sources.veracross import VeracrossSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model import School, Tables
    from reconciler.oauth import Consent


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
    return SOURCES[kind](school)


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
