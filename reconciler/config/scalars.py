"""What a scalar of a YAML file means: YAML's core schema, and values from the environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Scalar: TypeAlias = "str | int | float | bool | None"

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
# Only what turns back into the same text is a whole number, so that an id never loses a digit or a sign;
# the length keeps Python's int() from refusing it.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_REFERENCE = re.compile(r"\$(?P<literal>\$\{)|\$\{(?P<inside>[^{}]*)\}|\$\{")
_VARIABLE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)


class VariableError(ValueError):
    """A `${...}` that cannot be replaced: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def resolve(text: str) -> Scalar:
    """The value of a plain scalar: true, false, null, decimal numbers; all else stays text.

    So `NO`, `yes`, dates, `010`, `0o7`, `1_000` and `12:30` are text, as are `.inf` and `.nan`, which no
    setting takes.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def substitute(text: str, env: Mapping[str, str]) -> str:
    """`text` with `${NAME}` and `${NAME:-default}` replaced; `$${` is a literal `${`.

    A variable that is set but blank counts as not set where there is a default.

    Raises:
        VariableError: a variable is not set and has no default, or a `${` is malformed.
    """
    return _REFERENCE.sub(lambda match: _value(match, env), text)


def _value(match: re.Match[str], env: Mapping[str, str]) -> str:
    if match["literal"]:
        return "${"
    variable = _VARIABLE.fullmatch(match["inside"] or "")
    if not variable:
        raise VariableError(
            f"{match[0]!r} is not a variable", "write ${NAME} or ${NAME:-default}; $${ is a literal ${"
        )
    name, default = variable["name"], variable["default"]
    value = env.get(name)
    if default is not None:
        return value or default
    if value is None:
        raise VariableError(
            f"the variable {name} is not set",
            f"set it in the environment (export {name}=...), or give a default: ${{{name}:-...}}",
        )
    return value
