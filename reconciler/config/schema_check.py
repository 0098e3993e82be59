"""One file against its JSON Schema, each error turned into a message of ours.

jsonschema-rs tells in a moment that a file is right. What is wrong with one, and where, is told by
jsonschema, which takes as long to load as four bare interpreters.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from reconciler.config.document import show
from reconciler.config.resources import schema
from reconciler.config.suggest import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

    from reconciler.config.document import Document, KeyPath

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_TRUTH = {**dict.fromkeys(("yes", "y", "on", "1"), "true"), **dict.fromkeys(("no", "n", "off", "0"), "false")}
_FEW = 8
_SECRET = re.compile(r"(?:password|passwd|secret|token|api_?key)$", re.IGNORECASE)
"""How a key is called of which the value is nobody's to see."""
_SCHEMAS = ("school", "ruleset")


def check_schema(document: Document, name: str) -> None:
    """Note in `document` all that the schema `name` says against it."""
    if _is_right(document.data, name):
        return
    earlier = frozenset(document.taints)
    # Unknown keys first: a misspelt one explains why another is missing.
    errors = sorted(
        _validator(name).iter_errors(document.data), key=lambda error: error.validator == "required"
    )
    for error in errors:
        path: KeyPath = tuple(error.absolute_path)
        if not any(path[: len(taint)] == taint for taint in earlier):
            _MESSAGES.get(str(error.validator), _other)(document, path, error)


def _is_right(data: object, name: str) -> bool:
    """Whether nothing is wrong for certain; where it cannot be told at once, what is said does not matter."""
    try:
        return not _has_fractions(data) and _quick_validator(name).is_valid(data)
    except (ValueError, UnicodeError):  # what YAML can say and JSON cannot
        return False


def _has_fractions(data: object) -> bool:
    """Whether there is any number but whole ones: 12.0 may pass for one, and is to be looked at closely."""
    if isinstance(data, dict):
        return any(map(_has_fractions, data.values()))
    if isinstance(data, list):
        return any(map(_has_fractions, data))
    return isinstance(data, float)


@cache
def _quick_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    schemas = [(f"{one}.schema.json", schema(one)) for one in _SCHEMAS]
    return jsonschema_rs.Draft202012Validator(schema(name), registry=jsonschema_rs.Registry(schemas))


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - loads slowly, and few files are wrong
    from jsonschema.validators import extend  # noqa: PLC0415
    from referencing import Registry, Resource  # noqa: PLC0415

    # jsonschema takes 12.0 for a whole number; as an id it would become text with another spelling.
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    schemas = {f"{one}.schema.json": Resource.from_contents(schema(one)) for one in _SCHEMAS}
    registry: Registry[Any] = Registry().with_resources(schemas.items())
    strict: type[Validator] = extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]
    return strict(schema(name), registry=registry)


def _unknown_keys(document: Document, path: KeyPath, error: ValidationError) -> None:
    known = _subschema(error).get("properties", {})
    for key in [key for key in _mapping(error) if key not in known]:
        meant = closest(key, known)
        listed = f"known here: {', '.join(known)}" if len(known) <= _FEW else _SEE
        secret = bool(_SECRET.search(key))
        document.note(
            path,
            f"unknown key {show(key)}",
            "a secret goes into the environment, never into a file"
            if secret
            else did_you_mean(key, known) or listed,
            place=document.key_place((*path, key)),
            spoils=((*path, key), *([(*path, meant)] if meant else [])),
        )
        if secret:  # the line has it, and what is told may end in the log of a CI job
            document.mistakes[-1] = replace(document.mistakes[-1], excerpt="")


def _missing_keys(document: Document, path: KeyPath, error: ValidationError) -> None:
    schema = _subschema(error)
    for key in schema["required"]:
        if key not in _mapping(error) and (*path, key) not in document.taints:
            meaning = schema["properties"][key]["description"].rstrip(".")
            document.note((*path, key), "missing", f"add it: {meaning[:1].lower()}{meaning[1:]}")


def _wrong_type(document: Document, path: KeyPath, error: ValidationError) -> None:
    types = _subschema(error)["type"]
    wanted = [types] if isinstance(types, str) else types
    # A number may stand for text, but what is wanted is text.
    kinds = [
        _KINDS[kind] for kind in wanted if kind != "null" and (kind, "string" in wanted) != ("integer", True)
    ]
    value = error.instance
    problem = f"is not {' or '.join(kinds)}"
    if own := str(_subschema(error).get("typeErrorMessage", "")):
        problem, _, hint = own.partition("; ")
    else:
        hint = _type_hint(value, wanted)
    document.note(path, "no value" if value is None else f"{document.shown(path, value)} {problem}", hint)


def _type_hint(value: object, wanted: Sequence[str]) -> str:
    if value is None:
        return "write a value after the colon"
    if "boolean" in wanted:
        return f"write {_TRUTH.get(str(value).casefold(), 'true or false')}"
    if "array" in wanted:
        return "write it as a list, [one, another]"
    if "string" in wanted:
        return "write it in quotes" if isinstance(value, bool | float) else "write one text"
    if "object" in wanted:
        return "write lines of 'key: value' below it, indented"
    return "write a number without quotes"


def _not_allowed(document: Document, path: KeyPath, error: ValidationError) -> None:
    values = [value for value in _subschema(error)["enum"] if value is not None]
    options = [show(value) if value.strip() != value or len(value) == 1 else value for value in values]
    value = error.instance
    hint = did_you_mean(value, values) if isinstance(value, str) and path not in document.raw else ""
    document.note(
        path, f"{document.shown(path, value)} is not known here", hint or f"write {_either(options)}"
    )


def _either(options: list[str]) -> str:
    return " or ".join([", ".join(options[:-1]), options[-1]] if len(options) > 1 else options)


def _wrong_form(document: Document, path: KeyPath, error: ValidationError) -> None:
    message, _, hint = str(_subschema(error)["patternErrorMessage"]).partition("; ")
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(error.instance))
        document.note(path, f"it {message}", hint, place=document.key_place(path))
    else:
        document.note(path, f"{document.shown(path, error.instance)} {message}", hint or "write a value")


def _too_short(document: Document, path: KeyPath, error: ValidationError) -> None:
    message = f"{show(error.instance)} is blank" if isinstance(error.instance, str) else "nothing in it"
    document.note(path, message, "write a value")


def _too_long(document: Document, path: KeyPath, error: ValidationError) -> None:
    document.note(path, f"longer than {_subschema(error)['maxLength']} characters", "shorten it")


def _repeated(document: Document, path: KeyPath, error: ValidationError) -> None:
    values: list[object] = list(error.instance) if isinstance(error.instance, list) else []
    for index, value in enumerate(values):
        if value in values[:index]:
            shown = document.shown((*path, index), value)
            document.note((*path, index), f"{shown} stands twice", "take one out")


def _out_of_range(document: Document, path: KeyPath, error: ValidationError) -> None:
    low, high = (_subschema(error).get(end) for end in ("minimum", "maximum"))
    hint = f"write {low} to {high}" if high is not None else f"write {low} or more"
    hint = _subschema(error).get("rangeErrorMessage", hint)
    document.note(path, f"{document.shown(path, error.instance)} is out of range", hint)


def _other(document: Document, path: KeyPath, error: ValidationError) -> None:
    document.note(path, f"{document.shown(path, error.instance)} breaks the rule '{error.validator}'", _SEE)


def _subschema(error: ValidationError) -> Mapping[str, Any]:
    if not isinstance(error.schema, dict):
        raise TypeError("only a schema that is a mapping has keywords to break")
    return error.schema


def _mapping(error: ValidationError) -> Mapping[str, Any]:
    return error.instance if isinstance(error.instance, dict) else {}


_SEE = "`reconcile schema school` prints what belongs here"
_MESSAGES: Mapping[str, Callable[[Document, KeyPath, ValidationError], None]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "type": _wrong_type,
    "enum": _not_allowed,
    "pattern": _wrong_form,
    "minLength": _too_short,
    "minItems": _too_short,
    "minProperties": _too_short,
    "maxLength": _too_long,
    "uniqueItems": _repeated,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
}
