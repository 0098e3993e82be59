"""A collection of a OneRoster server, whole or not at all.

Pages go by `limit` and `offset`: somebody who is removed meanwhile moves somebody else out of the pages that
are still to come. So all is listed twice, and has to agree, with `X-Total-Count` too if that is told.
(https://www.imsglobal.org/oneroster-v11-final-specification, 3.4.1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.http import Client

PAGE = 1000
"""Rows that are asked for at once; a server may give fewer."""
_TOTAL = "X-Total-Count"
Row = dict[str, Any]


def read_collection(client: Client, name: str) -> list[Row]:
    """Every row of a collection (`users`, `classes`, `enrollments`), also those that say that they are gone.

    Raises:
        ReconcileError: the server refuses it, or what it lists does not add up.
    """
    rows, again = _listed(client, name), _listed(client, name)
    if again.keys() != rows.keys():
        raise ReconcileError(f"{name}: the API lists others the second time; run it again")
    return list(again.values())


def _listed(client: Client, name: str) -> dict[str, Row]:
    """All rows of all pages by their ids: as many as the server says, if it does."""
    rows: dict[str, Row] = {}
    total: int | None = None
    while total is None or len(rows) < total:
        answer = client.ask("GET", f"/{name}", {"limit": PAGE, "offset": len(rows)})
        said = answer.headers.get(_TOTAL, "")
        total = int(said) if said.isdecimal() else None
        found = _rows(answer.json(), name)
        if not found:
            break
        page = {row["sourcedId"]: row for row in found}
        twice = len(found) - len(page) + len(page.keys() & rows.keys())
        if twice:
            raise ReconcileError(f"{name}: the API lists {twice} rows twice; run it again")
        rows |= page
    if total not in (None, len(rows)):
        raise ReconcileError(
            f"{name}: the API says that there are {total:,} rows, and lists {len(rows):,}: it was changed"
            " meanwhile, or is not whole; run it again"
        )
    return rows


def _rows(found: Any, name: str) -> list[Row]:  # noqa: ANN401 - JSON
    rows = found.get(name) if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReconcileError(f"{name}: the API's answer has another shape than documented")
    if not all(isinstance(row.get("sourcedId"), str) and row["sourcedId"] for row in rows):
        raise ReconcileError(f"{name}: a row has no sourcedId; see the scopes of the credentials")
    return rows
