"""What groups are called: a jinja2 template a kind, rendered once for each distinct group."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

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
    variables = members.drop("host_id", "reason").unique("key", keep="first", maintain_order=True).sort("key")
    if not variables.height:
        return empty(GROUPS)
    if entry == "membership_list":
        return check(variables.with_columns(kind=pl.lit(kind)), GROUPS)
    template = school.groups.templates[entry]
    names = _render(template.name, entry, variables, school)
    groups = pl.DataFrame(
        {"key": variables["key"], "name": names}, schema={"key": pl.String, "name": pl.String}
    ).with_columns(category=pl.lit(template.category), kind=pl.lit(kind))
    _refuse_empty_names(groups, entry, school)
    return check(groups, GROUPS)


def refuse_namesakes(groups: pl.DataFrame, school: School) -> None:
    """See that no two groups, of whatever kind, have the same category and name.

    Raises:
        InputError: with all that have.
    """
    same = groups.filter(pl.struct("category", "name").is_duplicated())
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
    if mistakes:
        raise InputError(mistakes)


def _render(source: str, entry: str, variables: pl.DataFrame, school: School) -> list[str]:
    from jinja2 import TemplateError  # noqa: PLC0415 - loaded where it is needed

    template = _compile(source)
    names = []
    for row in variables.iter_rows(named=True):  # one row a group, not a person
        campus = row.get("school_id", "")
        try:
            names.append(
                template.render(**row, school=school.groups.school_names.get(campus, campus)).strip()
            )
        except TemplateError as error:
            raise InputError(
                [
                    Mistake(
                        school.file,
                        0,
                        0,
                        f"groups.templates.{entry}.name: {error}",
                        f"a template of {entry} may use {', '.join(sorted({*row, 'school'} - {'key'}))}",
                    )
                ]
            ) from error
    return names


@cache
def _compile(source: str) -> Template:
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    # Names are plain text in Vidigami; escaping them would show &amp; to families.
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(source)


def _refuse_empty_names(groups: pl.DataFrame, entry: str, school: School) -> None:
    place = f"groups.templates.{entry}.name"
    mistakes = [
        Mistake(school.file, 0, 0, f"{place} gives an empty name for {key}", "change the template")
        for key in groups.filter(pl.col("name") == "")["key"]
    ]
    if mistakes:
        raise InputError(mistakes)
