"""A YAML file -> Document: values by the core schema, variables replaced, every place kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.document import Document, Place, YamlFile
from reconciler.config.nodes import (
    DEEPEST,
    AliasNode,
    ListNode,
    MappingNode,
    ScalarNode,
    place_of,
    read_nodes,
    split_lines,
)
from reconciler.config.scalars import Scalar, VariableError, resolve, substitute
from reconciler.errors import InputError, one_mistake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from reconciler.config.document import KeyPath
    from reconciler.config.nodes import Node

LARGEST = 2**20
MOST_VALUES = 50_000


def read_document(path: Traversable, name: str, env: Mapping[str, str]) -> Document:
    """Read a YAML file whose top level is a mapping; `name` is its name in messages.

    Mistakes that leave the rest readable (a variable that is not set, a duplicate key) are kept in the
    document.

    Raises:
        InputError: the file cannot be read as YAML at all.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise one_mistake(name, "no such file", "check the name") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise one_mistake(name, f"cannot be read: {reason}") from None
    return parse_document(data, name, Path(str(path)).parent, env)


def parse_document(data: bytes, name: str, folder: Path, env: Mapping[str, str]) -> Document:
    """As `read_document`, of bytes at hand.

    Raises:
        InputError: they are too many, not UTF-8, not YAML, or no mapping.
    """
    if len(data) > LARGEST:
        raise one_mistake(
            name, "larger than 1 MiB", "keep lists of people in CSV files beside the school file"
        )
    text = _decode(data, name)
    file = YamlFile(name, folder, hashlib.sha256(data).hexdigest(), split_lines(text))
    root = read_nodes(text, file)
    if root is None or (isinstance(root, ScalarNode) and not root.text):
        raise one_mistake(name, "the file is empty", "`reconcile schema school` says what belongs in it")
    document = Document(file)
    if not isinstance(root, MappingNode):
        hint = "write settings as 'key: value', one a line"
        raise InputError([file.mistake(root.place, "the top level is not a mapping", hint)])
    document.data = _Expansion(document, env).mapping(root, ())
    return document


def is_file(path: Traversable) -> bool:
    """Whether a path leads to a file; a name that no file can have does not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = place_of(data[: error.start].decode("utf-8-sig", "replace"), error.start)
        message = f"byte 0x{data[error.start]:02X} is not UTF-8"
        lines = split_lines(data.decode("utf-8", "replace"))
        mistake = YamlFile(name, Path(), "", lines).mistake(
            Place(line, column), message, "save the file as UTF-8"
        )
        raise InputError([mistake]) from None


class _Expansion:
    """Turns nodes into plain data, writing down places; aliases are repeated, up to a limit."""

    def __init__(self, document: Document, env: Mapping[str, str]) -> None:
        self._document = document
        self._env = env
        self._left = MOST_VALUES

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value in node.entries:
            if (key := self._key(key_node, path, data)) is not None:
                self._document.keys[*path, key] = key_node.place
                data[key] = self._value(value, (*path, key))
        return data

    def _key(self, node: Node, path: KeyPath, data: dict[str, object]) -> str | None:
        text_node = node.target if isinstance(node, AliasNode) else node
        note = self._document.note
        if not isinstance(text_node, ScalarNode):
            note(path, "a key must be text", "write it as 'key: value'", place=node.place)
        elif text_node.plain and text_node.text == "<<":
            note(path, "merge keys (<<) are not taken", "write the settings out", place=node.place)
        elif text_node.text in data:
            first = self._document.keys[*path, text_node.text]
            message = f"the key stands twice, first at line {first.line}, column {first.column}"
            note((*path, text_node.text), message, "keep one of them", place=node.place)
        else:
            return text_node.text
        return None

    def _value(self, node: Node, path: KeyPath) -> object:
        self._document.values[path] = node.place
        self._left -= 1
        if isinstance(node, AliasNode):
            node = node.target
        if self._left < 0 or len(path) > DEEPEST:
            message = f"more than {MOST_VALUES} values or {DEEPEST} levels, with aliases written out"
            raise InputError([self._document.file.mistake(node.place, message, "use fewer aliases")])
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, ListNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.items)]
        return self.mapping(node, path)

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Scalar:
        text = node.text
        if "${" in text:
            self._document.raw[path] = text
            try:
                text = substitute(text, self._env)
            except VariableError as error:
                self._document.note(path, error.message, error.hint)
                return node.text
            if not text:  # a blank variable is blank text: null would take the entry out
                return text
        if any(not (sign.isprintable() or sign in "\t\n") and ord(sign) < 0xA0 for sign in text):
            self._document.note(path, "a control character", "remove it")
        return resolve(text) if node.plain else text
