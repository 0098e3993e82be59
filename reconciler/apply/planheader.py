"""The header of a saved plan, out of JSON that may hold anything: each field is what `model` says it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from reconciler.model import Digests, Figures, PlanHeader, TableFigures, Verdict
from reconciler.model.guard import Basis

if TYPE_CHECKING:
    from collections.abc import Callable

_Part = TypeVar("_Part", Digests, Figures, PlanHeader, TableFigures, Verdict)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds  # exactly: True is no number


def _values(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(map(fits, value))


_TEXT_OR_NUMBER = _values(_is(str, int))
FITS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "str": _is(str),
        "bool": _is(bool),
        "int": _is(int),
        "int | None": _is(int, type(None)),
        "float": lambda value: type(value) in (int, float) and math.isfinite(value),
        "Basis": lambda value: value in get_args(Basis),
        "Mapping[str, str]": _values(_is(str)),
        "Mapping[str, int]": _values(_is(int)),
        "Mapping[str, object]": _is(dict),
        "Mapping[str, TableFigures]": _values(_is(TableFigures)),
        "tuple[str, ...]": _each(_is(str)),
        "tuple[Mapping[str, str | int], ...]": _each(_TEXT_OR_NUMBER),
        "tuple[Verdict, ...]": _each(_is(Verdict)),
        "Digests": _is(Digests),
        "Figures": _is(Figures),
    }
)
"""How a field is declared -> whether a value is such a one. Nothing is made to fit."""


def read_header(data: Mapping[str, Any]) -> PlanHeader:
    """The header that was saved as `data`.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is none.
    """
    datetime.fromisoformat(data["created"])
    figures = data["figures"]
    lists = {name: _tuple(figures[name]) for name in ("rows", "groups")}
    parts = {
        "digests": _part(Digests, data["digests"]),
        "figures": _part(Figures, {**figures, **lists}),
        "tables": {name: _part(TableFigures, table) for name, table in data["tables"].items()},
        "verdicts": tuple(_part(Verdict, verdict) for verdict in _tuple(data["verdicts"])),
        "part": _tuple(data["part"]),
    }
    return _part(PlanHeader, {**data, **parts})


def _tuple(value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return tuple(value)


def _part(of: type[_Part], data: Mapping[str, Any]) -> _Part:
    for field in fields(of):
        if field.name in data and not FITS[str(field.type)](data[field.name]):
            raise TypeError(f"{field.name} is not {field.type}")
    return of(**data)
