"""Rule sets and a school's own file, laid over each other; every setting still knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.config.document import about, is_tainted

if TYPE_CHECKING:
    from reconciler.config.document import Document, KeyPath
    from reconciler.errors import Mistake


@dataclass(slots=True)
class Settings:
    """Merged settings as plain data."""

    data: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, Document] = field(default_factory=dict)
    """The file that gave each setting, or took it out; the last one for a mapping."""
    removed: set[KeyPath] = field(default_factory=set)
    """What a file took out with null."""
    taints: set[KeyPath] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)

    def get(self, *path: str) -> Any:  # noqa: ANN401  plain data; the schema has checked its types
        """The value at a path, None where there is none."""
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def table(self, *path: str) -> dict[str, Any]:
        """The mapping at a path, empty where there is none."""
        value = self.get(*path)
        return value if isinstance(value, dict) else {}

    def texts(self, *path: str) -> list[str]:
        """The list of texts at a path, empty where there is none."""
        value = self.get(*path)
        return [str(item) for item in value] if isinstance(value, list) else []

    def located(self, *path: str) -> str:
        """The path of a file, written relative to the file that says it."""
        return str(self.origin(path).file.folder / str(self.get(*path)))

    def origin(self, path: KeyPath) -> Document:
        """The file that gave the value at `path`, or what is nearest around it."""
        ends = range(len(path), -1, -1)
        return next(self.origins[path[:end]] for end in ends if path[:end] in self.origins)

    def note(
        self, path: KeyPath, message: str, hint: str = "", *, key: bool = False, at: KeyPath = ()
    ) -> None:
        """Keep a mistake about the setting at `path`, unless one there is known already.

        It points at the value, or the `key`, or where else `at` says.
        """
        if is_tainted(path, self.taints):
            return
        where = at or path
        document = self.origin(where)
        place = document.key_place(where) if key else document.value_place(where)
        self.mistakes.append(document.file.mistake(place, about(path, message), hint))

    def note_unshown(self, path: KeyPath, message: str, hint: str) -> None:
        """Likewise, without a glimpse of the line, on which there may be a secret."""
        before = len(self.mistakes)
        self.note(path, message, hint)
        self.mistakes[before:] = [replace(one, excerpt="") for one in self.mistakes[before:]]

    def shown(self, path: KeyPath) -> str:
        """A value as a message says it."""
        value: Any = self.data
        for part in path:
            value = value[part]
        return self.origin(path).shown(path, value)


@lru_cache(maxsize=16)
def merge(*documents: Document) -> Settings:
    """Lay documents over each other, later ones over earlier ones; not to be changed.

    Kept, for many schools extend the same rule sets.
    """
    settings = Settings()
    for document in documents:
        settings = lay_over(settings, document)
    return settings


def lay_over(below: Settings, document: Document) -> Settings:
    """Settings with a document over them; those below stay as they are.

    Mappings merge, all else is replaced, and null takes an entry out. What a mistake was found in is
    left out, and marked as tainted.
    """
    settings = Settings(
        origins={**below.origins, (): document},
        removed=set(below.removed),
        taints=below.taints | document.taints,
    )
    settings.data = _merged(settings, below.data, document, document.data, ())
    return settings


def _merged(
    settings: Settings, base: dict[str, Any], document: Document, over: dict[str, Any], path: KeyPath
) -> dict[str, Any]:
    """What `over` says nothing of is not copied: it is in both."""
    data = dict(base)
    for key, value in over.items():
        here = (*path, key)
        if _is_spoilt(here, value, document):
            continue
        settings.origins[here] = document
        if value is None:
            data.pop(key, None)
            settings.removed.add(here)
            continue
        settings.removed.discard(here)
        if isinstance(value, dict):
            below = data.get(key)
            data[key] = _merged(settings, below if isinstance(below, dict) else {}, document, value, here)
        else:
            data[key] = value
    return data


def _is_spoilt(path: KeyPath, value: object, document: Document) -> bool:
    """Whether a mistake is here, or in an item of the list that stands here."""
    if path in document.taints:
        return True
    return isinstance(value, list) and is_tainted(path, document.taints)
