"""A school whose exports are elsewhere -> the same school, with copies of them in their place.

The copies are in a folder that nobody else may enter, and which goes when it is left. What was changed while
they were made is an error: what the server says of each before is compared with what it says once all are
here, since files of two exports are no school.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.config.addresses import is_address, join_address
from reconciler.errors import InputError, Mistake, one_mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import School
    from reconciler.remote.interface import Place, Seen

NO_MOMENT = 0.0
"""When a copy was changed, in seconds since 1970, of which its server does not say when it was."""
_ARCHIVE = ".zip"


@dataclass(slots=True)
class Fetched:
    """A school whose exports are all here."""

    school: School
    origins: dict[str, str] = field(default_factory=dict)
    """Copy -> its address, for messages."""

    def told(self, error: InputError) -> InputError:
        """The same mistakes, of what is elsewhere."""
        return InputError(
            [
                Mistake(
                    self._named(one.file),
                    one.line,
                    one.column,
                    self._named(one.message),
                    self._named(one.hint),
                    one.excerpt,
                )
                for one in error.mistakes
            ]
        )

    def _named(self, text: str) -> str:
        for copy, address in self.origins.items():
            text = text.replace(copy, address)
        return text


@contextmanager
def fetch(school: School) -> Iterator[Fetched]:
    """Copies of everything that the school has elsewhere, for as long as they are needed.

    Raises:
        InputError: all files that are missing, cannot be read, or were changed while they were read.
        ReconcileError: a server cannot be reached, or does not let us in.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconcile-")))
        yield _Copies(folder, school.source.credentials, stack).of(school)


class _Copies:
    """What was copied so far: each address once."""

    def __init__(self, folder: Path, credentials: str, stack: ExitStack) -> None:
        self._folder, self._credentials, self._stack = folder, credentials, stack
        self._places: dict[str, Place] = {}
        self._known: dict[str, Path] = {}
        self._seen: dict[str, tuple[int, Seen]] = {}
        """Address -> how many bytes came, and what was said of the file before."""
        self._mistakes: list[Mistake] = []

    def of(self, school: School) -> Fetched:
        files = {
            name: replace(file, path=self._local(file.path)) if is_address(file.path) else file
            for name, file in school.source.files.items()
        }
        path = school.source.path
        if is_address(path) and not school.source.files.keys() & school.tables.keys():
            path = self._bundle(path)
        for address in self._seen:
            self._see_that_it_is_whole(address)
        if self._mistakes:
            raise InputError(self._mistakes)
        origins = {str(copy): address for address, copy in self._known.items()}
        return Fetched(replace(school, source=replace(school.source, files=files, path=path)), origins)

    def _local(self, address: str) -> str:
        """The copy of a file, or of the archive that it is in."""
        stored, inside = _archive_in(address)
        try:
            return str(self._copy(stored) / inside) if inside else str(self._copy(stored))
        except InputError as error:
            self._mistakes += error.mistakes
            return address

    def _bundle(self, address: str) -> str:
        """The copy of a bundle: of an archive, or of the CSV files of a folder."""
        if address.rstrip("/").casefold().endswith(_ARCHIVE):
            return self._local(address)
        place, path = self._place(address)
        names = [name for name in place.names(path) if name.casefold().endswith(".csv") and "/" not in name]
        if not names:
            raise one_mistake(address, "no CSV file is in this folder", "see where the bundle is put")
        folder = self._folder / "bundle"
        folder.mkdir()
        for name in sorted(names):
            self._copy(join_address(address, name), folder / name)
        self._known[address] = folder
        return str(folder)

    def _copy(self, address: str, to: Path | None = None) -> Path:
        if address in self._known:
            return self._known[address]
        place, path = self._place(address)
        if to is None:
            # A folder of its own: two files elsewhere may be called alike.
            to = self._folder / str(len(self._known)) / path.rstrip("/").rpartition("/")[2]
            to.parent.mkdir(exist_ok=True)
        with to.open("wb") as file:
            seen = place.copy(path, file)
            self._seen[address] = file.tell(), seen
        moment = NO_MOMENT if seen.modified is None else seen.modified
        os.utime(to, (moment, moment))
        self._known[address] = to
        return to

    def _see_that_it_is_whole(self, address: str) -> None:
        (size, before), (place, path) = self._seen[address], self._place(address)
        try:
            _compare(address, size, before, place.look(path))
        except InputError as error:
            self._mistakes += error.mistakes

    def _place(self, address: str) -> tuple[Place, str]:
        """The server of an address, reached once, and the path there."""
        parts = urlsplit(address)
        where = f"{parts.scheme}://{parts.netloc}"
        if where not in self._places:
            self._places[where] = _open(address, self._credentials)
            self._stack.callback(self._places[where].close)
        return self._places[where], parts.path


def _open(address: str, credentials: str) -> Place:
    parts = urlsplit(address)
    if parts.scheme == "sftp":
        from reconciler.remote.sftp import SftpPlace  # noqa: PLC0415 - slow

        return SftpPlace(parts.hostname or "", parts.port, parts.username or "", credentials)
    from reconciler.remote.https import HttpsPlace  # noqa: PLC0415 - slow

    return HttpsPlace(parts.netloc, credentials)


def _compare(address: str, size: int, before: Seen, after: Seen) -> None:
    if before != after:
        raise one_mistake(address, "was changed while it was read", "run it again once it is written")
    if size != before.size:
        message = f"{size:,} bytes came, and it has {before.size:,}"
        raise one_mistake(address, message, "run it again")


def _archive_in(address: str) -> tuple[str, str]:
    """The archive that is a folder of an address, and the path within; else all of it, and ''."""
    parts = urlsplit(address)
    folders = parts.path.split("/")
    for number, folder in enumerate(folders[:-1], start=1):
        if folder.casefold().endswith(_ARCHIVE):
            stored = "/".join(folders[:number])
            return f"{parts.scheme}://{parts.netloc}{stored}", "/".join(folders[number:])
    return address, ""
