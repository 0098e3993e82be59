"""A table of the API, whole or not at all.

Records come in pages, in the order of their key. A listing counts only if every record of it came once, and
the server says before and after that there are as many. One that is removed meanwhile moves another out of
the pages that are still to come, and one that is added hides it from the count: so the keys are listed twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.errors import ReconcileError
from reconciler.sources.powerschool.fields import ApiTable

if TYPE_CHECKING:
    from reconciler.http import Client

USUAL_PAGE = 100
"""Records a page where the server does not say how many it gives."""


def page_size(client: Client) -> int:
    """How many records of a table the server gives at once."""
    found = client.get("/ws/v1/metadata")
    try:
        return max(int(found["metadata"]["schema_table_query_max_page_size"]), 1)
    except (KeyError, TypeError, ValueError):
        return USUAL_PAGE


def read_table(client: Client, name: str, table: ApiTable, size: int) -> pl.DataFrame:
    """Every record of a table as text, a column a field, and `_line`, its number in the order of the key.

    Raises:
        ReconcileError: the server refuses it, or what it lists does not add up.
    """
    count = _count(client, name)
    rows = _listed(client, name, table, size, count)
    keys = [row[table.key] for row in rows]
    twice = len(keys) - len(set(keys))
    if twice:
        raise ReconcileError(f"{name}: the API lists {twice} records twice; run it again")
    if len(rows) != count or _count(client, name) != count:
        raise ReconcileError(
            f"{name}: the API says that there are {count:,} records, and lists {len(rows):,}: it was changed"
            " meanwhile, or is not whole; run it again"
        )
    again = _listed(client, name, ApiTable(table.key, (table.key,)), size, count)
    if [row[table.key] for row in again] != keys:
        raise ReconcileError(f"{name}: the API lists others the second time; run it again")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(table.fields, pl.String))
    return frame.with_row_index("_line", offset=1)


def _listed(client: Client, name: str, table: ApiTable, size: int, count: int) -> list[dict[str, str]]:
    """The records of so many pages as `count` of them fill."""
    query: dict[str, str | int] = {
        "projection": ",".join(table.fields),
        "pagesize": size,
        "sort": table.key,
    }
    pages = range(1, -(-count // size) + 1)
    wanted = [(f"/ws/schema/table/{name}", query | {"page": page}) for page in pages]
    return [row for found in client.get_all(wanted) for row in _rows(found, name, table)]


def _count(client: Client, name: str) -> int:
    found = client.get(f"/ws/schema/table/{name}/count")
    try:
        return int(found["count"])
    except (KeyError, TypeError, ValueError):
        raise ReconcileError(f"{name}: the API does not say how many records there are") from None


def _rows(found: Any, name: str, table: ApiTable) -> list[dict[str, str]]:  # noqa: ANN401 - JSON
    """The records of a page. One alone comes as an object instead of a list, none as ''."""
    try:
        records = found.get("record") or []
        records = [records] if isinstance(records, dict) else records
        listed = [record["tables"][name] for record in records]
        rows = [{field: _text(values.get(field)) for field in table.fields} for values in listed]
    except (AttributeError, KeyError, TypeError):
        raise ReconcileError(f"{name}: the API's answer has another shape than documented") from None
    if any(not row[table.key] for row in rows):
        raise ReconcileError(f"{name}: a record has no {table.key}; see which fields the plugin may read")
    return rows


def _text(value: object) -> str:
    """A value as an export has it: a field that is null is left out, and empty ones come as ''.

    Raises:
        TypeError: it is several values, and none.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value).strip()
