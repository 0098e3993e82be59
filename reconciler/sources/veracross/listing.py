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
    from collections.abc import Mapping, Sequence

    from reconciler.http import Client

PAGE = 1000
"""Rows a page: the most that the API gives."""
_MOST_PAGES = 10_000


def read_list(client: Client, name: str, fields: Sequence[str]) -> pl.DataFrame:
    """Every row of a list as text, a column a field, and `_line`, its number in the order of the list.

    A value that is a number of a value list is told by its description.

    Raises:
        ReconcileError: the server refuses it, or what it lists does not add up.
    """
    first, rows = _listed(client, name, fields), _listed(client, name, fields)
    if {row["id"] for row in first} != {row["id"] for row in rows}:
        raise ReconcileError(f"{name}: the API lists others the second time; run it again")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(fields, pl.String))
    return frame.with_row_index("_line", offset=1)


def _listed(client: Client, name: str, fields: Sequence[str]) -> list[dict[str, str]]:
    """The rows of all pages, each once."""
    rows: list[dict[str, str]] = []
    last = False
    for page in range(1, _MOST_PAGES):
        headers = {"X-Page-Number": str(page), "X-Page-Size": str(PAGE), "X-API-Value-Lists": "include"}
        found = _rows(client.get(f"/{name}", headers=headers), name, fields)
        if not found:
            break
        if last:
            raise ReconcileError(f"{name}: the API gives a page after one that is not full; run it again")
        last = len(found) < PAGE
        rows += found
    twice = len(rows) - len({row["id"] for row in rows})
    if twice:
        raise ReconcileError(f"{name}: the API lists {twice} rows twice; run it again")
    return rows


def _rows(found: Any, name: str, fields: Sequence[str]) -> list[dict[str, str]]:  # noqa: ANN401 - JSON
    try:
        words = _value_lists(found.get("value_lists") or [])
        rows = [{field: _text(one.get(field), words.get(field)) for field in fields} for one in found["data"]]
    except (AttributeError, KeyError, TypeError):
        raise ReconcileError(f"{name}: the API's answer has another shape than documented") from None
    if any(not row["id"] for row in rows):
        raise ReconcileError(f"{name}: a row has no id; see which scopes the application has")
    return rows


def _value_lists(lists: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Field -> number as text -> description."""
    return {
        field: {str(item["id"]): str(item["description"]) for item in one["items"]}
        for one in lists
        for field in one["fields"]
    }


def _text(value: object, words: Mapping[str, str] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    return words.get(text, text) if words else text
