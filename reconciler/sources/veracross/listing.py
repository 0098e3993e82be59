"""A list of the API, whole or not at all.

The API says nowhere how many there are: pages are asked for by headers until one is empty. A page that is not
full has to be the last one, and nobody may come twice. Somebody who is removed meanwhile moves somebody else
out of the pages that are still to come: so all is listed twice, and has to agree.
(https://api-docs.veracross.com, Pagination)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.http import Client

PAGE = 1000
"""Rows a page: the most that the API gives."""
WORDED = ("grade_level", "enrollment_status", "relationship")
"""Fields whose numbers say nothing without a value list: a 9 need not be grade 9."""
_MOST_PAGES = 10_000
Row = dict[str, Any]
Words = dict[str, dict[str, str]]
"""Field -> number as text -> what the school's value list calls it."""


def read_list(client: Client, name: str, fields: Sequence[str]) -> pl.DataFrame:
    """Every row of a list as text, a column a field, and `_line`, its number in the order of the list.

    A value that is a number of a value list is told by its description.

    Raises:
        ReconcileError: the server refuses it, or what it lists does not add up.
    """
    first, _ = _listed(client, name)
    listed, words = _listed(client, name)
    if first.keys() != listed.keys():
        raise ReconcileError(f"{name}: the API lists others the second time; run it again")
    rows = [
        {field: _told(_text(row.get(field), name), field, words, name) for field in fields}
        for row in listed.values()
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(fields, pl.String))
    return frame.with_row_index("_line", offset=1)


def _listed(client: Client, name: str) -> tuple[dict[str, Row], Words]:
    """The rows of all pages by their ids, and the words of all value lists."""
    rows: dict[str, Row] = {}
    words: Words = {}
    last, twice = False, 0
    for number in range(1, _MOST_PAGES):
        headers = {"X-Page-Number": str(number), "X-Page-Size": str(PAGE), "X-API-Value-Lists": "include"}
        found, said = _page(client.get(f"/{name}", headers=headers), name)
        if not found:
            break
        if last:
            raise ReconcileError(f"{name}: the API gives a page after one that is not full; run it again")
        last = len(found) < PAGE
        page = {_text(row.get("id"), name): row for row in found}
        if "" in page:
            raise ReconcileError(f"{name}: a row has no id; see which scopes the application has")
        twice += len(found) - len(page.keys() - rows.keys())
        rows |= page
        for field, of_field in said.items():
            words.setdefault(field, {}).update(of_field)
    if twice:
        raise ReconcileError(f"{name}: the API lists {twice} rows twice; run it again")
    return rows, words


def _page(found: Any, name: str) -> tuple[list[Row], Words]:  # noqa: ANN401 - JSON
    try:
        rows = found["data"]
        words = {
            field: {str(item["id"]): str(item["description"]).strip() for item in one["items"]}
            for one in found.get("value_lists") or []
            for field in one["fields"]
        }
    except (AttributeError, KeyError, TypeError):
        raise _shape(name) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _shape(name)
    return rows, words


def _text(value: object, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise _shape(name)
    return str(value).strip()


def _told(text: str, field: str, words: Words, name: str) -> str:
    """A value by its word; a number that has none is left as one that nobody takes for a grade."""
    of_field = words.get(field, {})
    if text in of_field:
        return of_field[text]
    if not text.isdecimal() or field not in (*words, *WORDED) or text in of_field.values():
        return text
    if not of_field:
        raise ReconcileError(f"{name}: {field} comes as numbers, and without the value list that tells them")
    return f"{text} (not in the value list)"


def _shape(name: str) -> ReconcileError:
    return ReconcileError(f"{name}: the API's answer has another shape than documented")
