"""Whether the merged settings of groups, grades, parents and the school year fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.config.check_tables import provided_tables
from reconciler.config.document import is_tainted
from reconciler.config.suggest import did_you_mean
from reconciler.model import MEMBER_TYPES, SchoolYear, fold_header
from reconciler.model.settings import GroupSettings, ParentSettings

if TYPE_CHECKING:
    from reconciler.config.merge import Settings

_VIDIGAMI = "extend vidigami-v2 or vidigami-v3, or add it"
_FROM_GRADES = {"grade", "grad_year", "divisions"}


def check_groups(settings: Settings) -> None:
    """Note what is missing or contradictory in groups, grades, user types, parents and the school year."""
    _check_year(settings)
    if not settings.table("user_types"):
        settings.note(("user_types",), "missing", _VIDIGAMI)
    for member_type in MEMBER_TYPES if settings.table("user_types") else ():
        if settings.get("members", member_type) and not settings.get("user_types", member_type):
            settings.note(("user_types", member_type), "missing", _VIDIGAMI)
    if settings.get("parents", "any_of") == [] and not settings.texts("parents", "relationships"):
        hint = f"list flags, such as {ParentSettings().any_of[0]}, or relationships"
        settings.note(("parents", "any_of"), "empty, so nobody would be a parent", hint)
    _check_grades(settings)
    _check_divisions(settings)
    for index, kind in enumerate(group_kinds(settings)):
        _check_kind(settings, kind, index)
    mapped = "membership_list" in group_kinds(settings) or is_tainted(("groups", "mapping"), settings.taints)
    if settings.get("groups", "membership_list") and not mapped:
        message = "the list is not used"
        settings.note(("groups", "membership_list"), message, "add membership_list to groups.mapping")


def group_kinds(settings: Settings) -> list[str]:
    """The kinds of groups that the school keeps."""
    if settings.get("groups", "mapping") is None:
        return list(GroupSettings().mapping)
    return settings.texts("groups", "mapping")


def grade_numbers(settings: Settings) -> dict[str, int]:
    """Raw value (folded), or number as text, -> the grade's number; raw values decide."""
    levels = settings.table("grades", "levels")
    numbers = {number: int(number) for number in levels}
    for number in levels:
        raw = settings.texts("grades", "levels", number, "values")
        numbers |= {fold_header(value): int(number) for value in raw}
    return numbers


def _check_year(settings: Settings) -> None:
    path = ("school_year",)
    if settings.get(*path) is None:
        return
    try:
        SchoolYear.parse(str(settings.get(*path)))
    except ValueError:
        message = f"{settings.shown(path)} is not a school year"
        settings.note(path, message, "write 2025-26, 2025-2026, or the year in which it ends, 2026")


def _check_grades(settings: Settings) -> None:
    levels = settings.table("grades", "levels")
    if not levels and _FROM_GRADES & set(group_kinds(settings)):
        settings.note(
            ("grades", "levels"), "missing", "extend the rule set of the school's SIS, or add the grades"
        )
    final = settings.get("grades", "final")
    if levels and final is not None and str(final) not in levels:
        settings.note(("grades", "final"), f"{final} is not one of the levels", "add it to grades.levels")
    seen: dict[str, str] = {}
    for number, level in levels.items():
        path = ("grades", "levels", number)
        for key in ("label", "values"):
            if not level.get(key):
                settings.note((*path, key), "missing", "a grade has a label and its raw values")
        for index, value in enumerate(settings.texts(*path, "values")):
            if (other := seen.setdefault(fold_header(value), number)) != number:
                message = f"{settings.shown((*path, 'values', index))} is a value of level {other} too"
                settings.note(
                    (*path, "values"), message, "keep it in one of them", at=(*path, "values", index)
                )


def _check_divisions(settings: Settings) -> None:
    numbers = grade_numbers(settings)
    for name in settings.table("groups", "divisions"):
        path = ("groups", "divisions", name)
        ends: list[int] = []
        for key in ("from", "to"):
            value = settings.get(*path, key)
            if value is None:
                settings.note((*path, key), "missing", "a division goes from one grade to another")
            elif fold_header(str(value)) in numbers:
                ends.append(numbers[fold_header(str(value))])
            elif numbers:
                hint = did_you_mean(str(value), numbers) or "write a grade as the SIS does, or its number"
                settings.note((*path, key), f"{settings.shown((*path, key))} is not a known grade", hint)
        if len(ends) == 2 and ends[0] > ends[1]:
            settings.note(path, "it ends before it begins", "write the lower grade under from", key=True)


def _check_kind(settings: Settings, kind: str, index: int) -> None:
    groups, at = ("groups",), ("groups", "mapping", index)
    if kind == "membership_list":
        if not settings.get("groups", kind):
            settings.note((*groups, kind), "missing", "name the CSV file of the lists", at=at)
        return
    path = ("groups", "templates", kind)
    template = settings.table(*path)
    if not template:
        # Where it was taken out, or else where it is asked for.
        settings.note(path, "missing", _VIDIGAMI, at=path if path in settings.removed else at)
    for key in ("category", "name") if template else ():
        if not template.get(key):
            settings.note((*path, key), "missing", _VIDIGAMI)
    if kind == "divisions" and not settings.table("groups", "divisions"):
        settings.note((*groups, kind), "missing", "name the divisions and their grades", at=at)
    for table in ("sections", "enrolments") if kind == "classes" else ():
        if table not in provided_tables(settings):
            settings.note(
                ("source", "files", table), "missing, and classes come from it", "name the file", at=at
            )
