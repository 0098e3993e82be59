"""Users of the API -> the rows that lists export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.errors import ReconcileError
from reconciler.sources.blackbaud.listing import user_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.sources.blackbaud.listing import User

NAMES = ("first_name", "last_name", "preferred_name", "email")
STUDENT_INFO = ("grade_level_name", "grad_year")
FLAGS = ("list_as_parent", "parental_access", "resides_with")

RELATIONSHIPS = {
    1: "StepParent_StepChild",
    2: "GrGrandParent_GrGrandChild",
    3: "Guardian_Ward",
    4: "AuntUncle_NieceNephew",
    5: "Grandparent_Grandchild",
    6: "Parent_Child",
    7: "Custodian_Student",
    8: "Consultant_Student",
    9: "Caretaker_Charge",
    51: "SpousePartner_SpousePartner",
    52: "StepSibling_StepSibling",
    53: "ExHusband_ExWife",
    54: "Associate_Associate",
    55: "HalfSibling_HalfSibling",
    56: "Husband_Wife",
    57: "Spouse_Spouse",
    58: "Sibling_Sibling",
    59: "Cousin_Cousin",
}
"""Number of a relationship, by which a user's relationships tell it -> its name, by which lists do."""


def people(users: Sequence[User], where: str, *, students: bool = False) -> pl.DataFrame:
    """A row a user, and of students their grade and graduation year.

    Raises:
        ReconcileError: a value is none.
    """
    fields = ("id", *NAMES, *(STUDENT_INFO if students else ()))
    rows = []
    for user in users:
        row = {"id": user_id(user, where)} | {name: _text(user.get(name), where) for name in NAMES}
        if students:
            info = user.get("student_info") or {}
            if not isinstance(info, dict):
                raise _shape(where)
            row |= {name: _text(info.get(name), where) for name in STUDENT_INFO}
            row["grade_level_name"] = row["grade_level_name"] or _text(info.get("grade_level"), where)
        rows.append(row)
    return _frame(rows, fields)


def relationships(parents: Sequence[User], where: str) -> pl.DataFrame:
    """A row a relationship of a parent; one of two parents, which both have, comes once.

    Raises:
        ReconcileError: a user comes without relationships, which is not the same as with none, or a value is
            none.
    """
    fields = ("user_one_id", "user_two_id", "relationship", *FLAGS)
    rows = [
        {name: _text(one.get(name), where) for name in ("user_one_id", "user_two_id", *FLAGS)}
        | {"relationship": _relationship(one.get("relationship"), where)}
        for one in _related(parents, where)
    ]
    if any(not row["user_one_id"] or not row["user_two_id"] for row in rows):
        raise ReconcileError(f"{where}: a relationship lacks one of its two users; see what may be read")
    once = {tuple(row.items()): row for row in rows}
    return _frame(list(once.values()), fields)


def _related(parents: Sequence[User], where: str) -> Iterator[Mapping[str, Any]]:
    for parent in parents:
        if "relationships" not in parent:
            raise _shape(where)
        found = parent["relationships"] or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise _shape(where)
        yield from found


def _relationship(value: object, where: str) -> str:
    text = _text(value, where)
    return RELATIONSHIPS.get(int(text), text) if text.isascii() and text.isdigit() else text


def _text(value: object, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int):
        raise _shape(where)
    return str(value).strip()


def _frame(rows: Sequence[Mapping[str, str]], fields: Sequence[str]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(fields, pl.String))
    return frame.with_row_index("_line", offset=1)


def _shape(where: str) -> ReconcileError:
    return ReconcileError(f"{where}: the API's answer has another shape than documented")
