"""One YAML file as read: its data, and where each key and value stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from reconciler.errors import Mistake

if TYPE_CHECKING:
    from pathlib import Path

KeyPath: TypeAlias = "tuple[str | int, ...]"

_WIDEST = 160  # a line that is cut here still fits a terminal's screen
_LONGEST = 60


class Place(NamedTuple):
    """Line and column, counted from 1; 0 is no place."""

    line: int
    column: int


NOWHERE = Place(0, 0)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The text of a file, to point into."""

    name: str
    """As the user named it."""
    folder: Path
    """What paths in it are relative to."""
    digest: str
    """SHA-256 of its bytes."""
    lines: tuple[str, ...]

    def mistake(self, place: Place, message: str, hint: str = "") -> Mistake:
        """A mistake at a place, with the line as it was written: never a value from the environment."""
        return Mistake(self.name, place.line, place.column, message, hint, self._excerpt(place))

    def _excerpt(self, place: Place) -> str:
        if not 1 <= place.line <= len(self.lines) or place.column > _WIDEST:
            return ""
        line = self.lines[place.line - 1].rstrip()
        if len(line) > _WIDEST:
            line = line[: _WIDEST - 1] + "…"
        # One column each, so that the caret stays below its place.
        return "".join(sign if sign.isprintable() else " " for sign in line) if line.strip() else ""


@dataclass(slots=True, eq=False)  # one is equal to itself alone
class Document:
    """A YAML file's data, with places, and what of it is not to be relied on."""

    file: YamlFile
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)
    raw: dict[KeyPath, str] = field(default_factory=dict)
    """Scalars that took a value from the environment, as they were written."""
    mistakes: list[Mistake] = field(default_factory=list)
    taints: set[KeyPath] = field(default_factory=set)
    """Where a mistake is: what builds on it would only repeat it."""

    def value_place(self, path: KeyPath) -> Place:
        """Where the value at `path` stands, or the nearest thing around it."""
        return self.values.get(path) or self.key_place(path)

    def key_place(self, path: KeyPath) -> Place:
        """Where the key at `path` stands, or the nearest thing around it."""
        for end in range(len(path), 0, -1):
            if place := self.keys.get(path[:end]) or self.values.get(path[:end]):
                return place
        return NOWHERE

    def note(
        self,
        path: KeyPath,
        message: str,
        hint: str = "",
        *,
        place: Place | None = None,
        spoils: tuple[KeyPath, ...] | None = None,
    ) -> None:
        """Keep a mistake about the value at `path`, and distrust what it spoils: that value, unless told."""
        where = self.value_place(path) if place is None else place
        self.mistakes.append(self.file.mistake(where, about(path, message), hint))
        self.taints.update((path,) if spoils is None else spoils)

    def shown(self, path: KeyPath, value: object) -> str:
        """A value as a message says it; one from the environment may be a secret, so as it was written."""
        if path in self.raw:
            return f"the value of {show(self.raw[path])}"
        return show(value)


def about(path: KeyPath, message: str) -> str:
    """A message that begins with the setting's name; a list's items go by the name of the list."""
    name = ".".join(cut(part) for part in path if isinstance(part, str))
    return f"{name}: {message}" if name else message


def show(value: object) -> str:
    """A value as a message says it, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return "nothing" if value is None else cut(repr(value))


def cut(text: str) -> str:
    """`text`, shortened so that a message stays readable."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def is_tainted(path: KeyPath, taints: set[KeyPath]) -> bool:
    """Whether a mistake was found at `path`, above it or below it."""
    return any(path[: len(taint)] == taint or taint[: len(path)] == path for taint in taints)
