"""What groups are called: a jinja2 template a kind, rendered once for each distinct group."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import framed, where, with_values
from reconciler.errors import InputError, Mistake
from reconciler.frames import GROUPS, check, empty

if TYPE_CHECKING:
    from jinja2 import Template

    from reconciler.model import School


def name_groups(members: pl.DataFrame, entry: str, kind: str, school: School) -> pl.DataFrame:
    """GROUPS of the distinct keys in `members`.

    A membership list brings category and name along; all others render the template of their kind with
    the other columns of `members`, and `school` for the campus.

    Raises:
        InputError: a template fails, or gives an empty name.
    """
    if members.is_empty():
        return empty(GROUPS)
    names = [name for name in members.columns if name not in ("host_id", "reason")]
    variables = members[names].unique("key", keep="first", maintain_order=True).sort("key")
    if entry == "membership_list":
        return check(with_values(variables, kind=kind), GROUPS)
    template = school.groups.templates[entry]
    names = _render(template.name, entry, variables, school)
    _refuse_empty_names(variables["key"], names, entry, school)
    return framed(
        key=variables["key"],
        category=template.category,
        name=pl.Series(names, dtype=pl.String),
        kind=kind,
    )


def refuse_namesakes(groups: pl.DataFrame, school: School) -> None:
    """See that no two groups, of whatever kind, have the same category and name.

    Raises:
        InputError: with all that have.
    """
    same = where(groups, groups[["category", "name"]].is_duplicated())
    if same.is_empty():
        return
    mistakes = [
        Mistake(
            school.file,
            0,
            0,
            f"{' and '.join(sorted(frame['key']))} would have the same category and name",
            "change groups.templates, or the membership list, so that the names differ",
        )
        for _, frame in same.group_by("category", "name")
    ]
    raise InputError(mistakes)


def _render(source: str, entry: str, variables: pl.DataFrame, school: School) -> list[str]:
    from jinja2 import TemplateError  # noqa: PLC0415 - loaded where it is needed

    names = []
    for row in variables.iter_rows(named=True):  # one row a group, not a person
        usable = _usable(row, entry, school)
        try:
            names.append(_name(source, tuple(usable.items())))
        except TemplateError as error:
            raise InputError(
                [
                    Mistake(
                        school.file,
                        0,
                        0,
                        f"groups.templates.{entry}.name: {error}",
                        f"a template of {entry} may use {', '.join(sorted(usable.keys() - {'key'}))}",
                    )
                ]
            ) from error
    return names


def _usable(row: dict[str, str], entry: str, school: School) -> dict[str, str]:
    """What a template may use: what is known of the group, its grade's label, and its campus's name."""
    campus = row.get("school_id", "")
    usable = {**row, "school": school.groups.school_names.get(campus, campus)}
    if entry == "grade":
        labels = (level.label for level in school.grades.levels if str(level.number) == row["grade"])
        usable["label"] = next(labels, row["grade"])
    return usable


@lru_cache(maxsize=4096)
def _name(source: str, usable: tuple[tuple[str, str], ...]) -> str:
    """A group's name; the schools of one SIS have much the same groups."""
    return _compile(source).render(dict(usable)).strip()


@cache
def _compile(source: str) -> Template:
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    # Names are plain text in Vidigami; escaping them would show &amp; to families.
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(source)


def _refuse_empty_names(keys: pl.Series, names: list[str], entry: str, school: School) -> None:
    if all(names):
        return
    place = f"groups.templates.{entry}.name"
    mistakes = [
        Mistake(school.file, 0, 0, f"{place} gives an empty name for {key}", "change the template")
        for key, name in zip(keys, names, strict=True)
        if not name
    ]
    raise InputError(mistakes)
