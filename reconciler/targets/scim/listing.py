"""A listing of a SCIM server, page by page: whole, or an error.

Servers lie about their paging: some give the first page again and again, some stop short, some count wrong.
So each page starts after the rows that have come, no row may come twice, and in the end there have to be as
many as the server says there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError
from reconciler.targets.scim.resources import Resource, folded, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.http import Client
    from reconciler.targets.scim.discovery import Abilities

_MOST_PAGES = 100_000
_ADVICE = "run it again, and if that does not help, see target.paging and target.page_size"


def read_pages(
    client: Client, path: str, abilities: Abilities, query: Mapping[str, str | int] | None = None
) -> Iterator[list[Resource]]:
    """All resources at a path, page by page; whoever takes the last page knows that it was all.

    Raises:
        ReconcileError: the server refuses it, or what it lists does not add up.
    """
    seen: set[str] = set()
    total: int | None = None
    position: dict[str, str | int] = {"cursor": ""} if abilities.cursor else {"startIndex": 1}
    for _ in range(_MOST_PAGES):
        answer = _listing(
            folded(client.get(path, {**(query or {}), **position, "count": abilities.page_size})), path
        )
        rows = answer.get("resources") or []
        now = _total(answer, path, needed=not abilities.cursor)
        if total is not None and now is not None and now != total:
            raise ReconcileError(f"{path}: the server counted {total:,} first, then {now:,}; {_ADVICE}")
        total = now if now is not None else total
        _see_that_all_are_new(rows, seen, path)
        yield rows
        following = _next(answer, rows, seen, total, cursor=abilities.cursor)
        if following is None:
            break
        if following == position:
            raise ReconcileError(f"{path}: the server gives one cursor twice; {_ADVICE}")
        position = following
    else:
        raise ReconcileError(f"{path}: the listing does not end; {_ADVICE}")
    if total is not None and len(seen) != total:
        raise ReconcileError(f"{path}: the server counts {total:,} and lists {len(seen):,}; {_ADVICE}")


def _listing(answer: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(answer, dict) or not isinstance(answer.get("resources", []), list | None):
        raise ReconcileError(f"{path}: the answer is no listing of SCIM; see the address")
    if "resources" not in answer and "totalresults" not in answer:
        raise ReconcileError(f"{path}: the answer is no listing of SCIM; see the address")
    return answer


def _total(answer: Mapping[str, Any], path: str, *, needed: bool) -> int | None:
    total = answer.get("totalresults")
    if isinstance(total, int):
        return total
    if needed:
        raise ReconcileError(f"{path}: the server does not say how many there are; set target.paging: cursor")
    return None


def _see_that_all_are_new(rows: list[Resource], seen: set[str], path: str) -> None:
    twice = 0
    for row in rows:
        if not isinstance(row, dict) or not text(row.get("id")):
            raise ReconcileError(f"{path}: the server lists something without an id; see with its vendor")
        twice += row["id"] in seen
        seen.add(row["id"])
    if twice:
        raise ReconcileError(f"{path}: the server lists {twice:,} of its rows twice; {_ADVICE}")


def _next(
    answer: Mapping[str, Any], rows: list[Resource], seen: set[str], total: int | None, *, cursor: bool
) -> dict[str, str | int] | None:
    """Where the next page starts; None after the last one."""
    if cursor:
        following = text(answer.get("nextcursor"))
        return {"cursor": following} if following else None
    return {"startIndex": len(seen) + 1} if rows and len(seen) < (total or 0) else None
