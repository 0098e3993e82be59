"""The rule sets and schemas that come with the package."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.config.suggest import did_you_mean
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_SCHEMA = ".schema.json"
_RULE_SET = ".yaml"


def rule_set_names() -> tuple[str, ...]:
    """The rule sets that `extends` can name."""
    return _names("rules", _RULE_SET)


def rule_set_file(name: str) -> Traversable:
    """The file of a shipped rule set."""
    return _folder("rules").joinpath(name + _RULE_SET)


def rule_set_folder() -> Path:
    """Where the shipped rule sets are: in the wheel, or in the checkout."""
    return Path(str(_folder("rules")))


def schema_names() -> tuple[str, ...]:
    """The schemas that `schema_text` knows."""
    return _names("schemas", _SCHEMA)


def schema_text(name: str) -> str:
    """The text of a JSON Schema.

    Raises:
        ReconcileError: there is none of that name.
    """
    if name not in schema_names():
        hint = did_you_mean(name, schema_names()) or f"known are {', '.join(schema_names())}"
        raise ReconcileError(f"no schema '{name}'; {hint}")
    return _folder("schemas").joinpath(name + _SCHEMA).read_text(encoding="utf-8")


@cache
def schema(name: str) -> dict[str, Any]:
    """A JSON Schema as data; not to be changed."""
    data: dict[str, Any] = json.loads(schema_text(name))
    return data


def _names(kind: str, ending: str) -> tuple[str, ...]:
    names = (entry.name for entry in _folder(kind).iterdir())
    return tuple(sorted(name.removesuffix(ending) for name in names if name.endswith(ending)))


def _folder(kind: str) -> Traversable:
    """An installed wheel carries the folders inside the package; a checkout has them at its top."""
    package = files("reconciler")
    installed = package.joinpath("_data", kind)
    return installed if installed.is_dir() else Path(str(package)).parent / kind
