"""YAML text -> a tree of nodes with their places. Nothing is interpreted here.

Built from the parser's events rather than by its composer: a composer recurses without a limit, and
takes duplicate keys without a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import yaml

from reconciler.config.document import Place
from reconciler.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.config.document import YamlFile

DEEPEST = 50

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HINTS = (
    ("tab character", "indent with spaces"),
    ("mapping values are not allowed", "put text that holds ': ' in quotes, or mend the indentation"),
    ("cannot start any token", "put text that begins with a sign like @, % or ` in quotes"),
    ("expected key", "mend the indentation"),
    ("expected <block end>", "mend the indentation"),
    ("',' or ']'", "close the list with ]"),
    ("',' or '}'", "close the mapping with }"),
    ("unexpected end of stream", "close the quotes"),
    ("escape", "put text that holds a backslash in single quotes"),
    ("could not find expected ':'", "write a key as 'key: value'"),
    ("nesting depth", "a school's settings are never that deep"),  # libyaml's own limit, where it has one
)


@dataclass(slots=True)
class ScalarNode:
    """A text; a plain one (without quotes) may mean a number or a truth value."""

    place: Place
    text: str
    plain: bool


@dataclass(slots=True)
class ListNode:
    """A sequence."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MappingNode:
    """Keys and values in the order of the file, duplicates and odd keys included."""

    place: Place
    entries: list[tuple[Node, Node]] = field(default_factory=list)


@dataclass(slots=True)
class AliasNode:
    """A place that stands for another node."""

    place: Place
    target: ScalarNode | ListNode | MappingNode


Node = ScalarNode | ListNode | MappingNode | AliasNode


def read_nodes(text: str, file: YamlFile) -> Node | None:
    """The tree of a file's one document; None for an empty file.

    Raises:
        InputError: the text is not YAML, or has tags, deep nesting or several documents.
    """
    if bad := _UNPRINTABLE.search(text):
        raise InputError(
            [file.mistake(place_of(text, bad.start()), "not YAML: a control character", "remove it")]
        )
    try:
        return _Tree(file, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        place = _blamed(error, file)
        problem = _named(error.problem or "cannot be parsed", place, file)
        hint = next((hint for words, hint in _HINTS if words in problem), "")
        raise InputError([file.mistake(place, f"not YAML: {problem}", hint)]) from None
    except yaml.YAMLError as error:
        raise InputError([file.mistake(Place(0, 0), f"not YAML: {error}")]) from None


def place_of(text: str, offset: int) -> Place:
    """The place of a character, as libyaml counts lines."""
    lines = split_lines(text[:offset])
    return Place(len(lines), len(lines[-1]) + 1)


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text, by the line ends that YAML's parser knows."""
    return tuple(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))


def _blamed(error: yaml.MarkedYAMLError, file: YamlFile) -> Place:
    """Where the parser gave up, or what it was reading then if that is the end of the file."""
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark]
    places = [Place(mark.line + 1, mark.column + 1) for mark in marks]
    at_text = (
        place for place in places if place.line <= len(file.lines) and file.lines[place.line - 1].strip()
    )
    return next(at_text, places[0] if places else Place(0, 0))


def _named(problem: str, place: Place, file: YamlFile) -> str:
    """The parser's words; but a tab, which nobody can see, by its name."""
    line = file.lines[place.line - 1] if 1 <= place.line <= len(file.lines) else ""
    is_tab = line[place.column - 1 : place.column] == "\t"
    return problem.replace("found character", "found a tab character") if is_tab else problem


class _Tree:
    def __init__(self, file: YamlFile, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events = events
        self._anchors: dict[str, ScalarNode | ListNode | MappingNode] = {}
        self._open: list[object] = []

    def document(self) -> Node | None:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events))
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._fail(after, "a second document", "keep one document a file, without another ---")
        return root

    def _node(self, event: yaml.Event) -> Node:
        place = _place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise TypeError(f"no node begins with {event}")
        if event.tag is not None:
            self._fail(
                event,
                f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')}",
                "leave it out; tags are not used here",
            )
        node: ScalarNode | ListNode | MappingNode
        if isinstance(event, yaml.ScalarEvent):
            node = ScalarNode(place, event.value, plain=event.implicit[0])
        else:
            node = ListNode(place) if isinstance(event, yaml.SequenceStartEvent) else MappingNode(place)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if not isinstance(node, ScalarNode):
            self._fill(node, event)
        return node

    def _fill(self, node: ListNode | MappingNode, event: yaml.Event) -> None:
        if len(self._open) >= DEEPEST:
            self._fail(event, f"nested more than {DEEPEST} deep", "a school's settings are never that deep")
        self._open.append(node)
        while not isinstance(event := next(self._events), yaml.CollectionEndEvent):
            if isinstance(node, ListNode):
                node.items.append(self._node(event))
            else:
                key = self._node(event)
                node.entries.append((key, self._node(next(self._events))))
        self._open.pop()

    def _alias(self, event: yaml.AliasEvent) -> AliasNode:
        target = self._anchors.get(event.anchor or "")
        if target is None:
            self._fail(
                event, f"the alias *{event.anchor} has no &{event.anchor} before it", "write the value out"
            )
        if any(target is node for node in self._open):
            self._fail(
                event, f"the alias *{event.anchor} stands inside what it repeats", "write the value out"
            )
        return AliasNode(_place(event), target)

    def _fail(self, event: yaml.Event, message: str, hint: str) -> NoReturn:
        raise InputError([self._file.mistake(_place(event), message, hint)])


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(0, 0)
