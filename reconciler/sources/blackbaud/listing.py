"""Users of a base role, whole or not at all.

A page begins after the user whose id is the marker, so that whoever comes or goes between two pages moves
nobody else. The API says nowhere how many there are, `count` is that of a page, and `next_link` has changed
its meaning before: pages are asked for until one is empty, and nobody may come twice.
(https://developer.sky.blackbaud.com/api#api=school&operation=V1UsersExtendedGet)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.http import Client

User = dict[str, Any]
_MOST_PAGES = 10_000
_SHAPE = "the API's answer has another shape than documented"


def read_users(client: Client, base_roles: Sequence[int], where: str) -> list[User]:
    """Every user who has a role that is based on one of these; `where` is for messages.

    Raises:
        ReconcileError: the server refuses it, or what it lists does not add up.
    """
    users: list[User] = []
    known: set[str] = set()
    query: dict[str, str | int] = {"base_role_ids": ",".join(map(str, base_roles))}
    for _ in range(_MOST_PAGES):
        page = _values(client.get("/users/extended", query), where)
        if not page:
            return users
        ids = {user_id(user, where) for user in page}
        if len(ids) < len(page) or ids & known:
            twice = len(page) - len(ids - known)
            raise ReconcileError(f"{where}: the API lists {twice} users twice; run it again")
        known |= ids
        users += page
        query["marker"] = user_id(page[-1], where)
    raise ReconcileError(f"{where}: the API lists no last page; see the address")


def find_roles(client: Client) -> list[tuple[int, int, str]]:
    """`id, base_role_id, name` of every role of the school.

    Raises:
        ReconcileError: the server refuses it, or answers something else.
    """
    try:
        return [
            (int(role["id"]), int(role["base_role_id"]), str(role["name"]).strip())
            for role in _values(client.get("/roles"), "roles")
        ]
    except (KeyError, TypeError, ValueError):
        raise ReconcileError(f"roles: {_SHAPE}") from None


def user_id(user: Mapping[str, Any], where: str) -> str:
    """The id of a user.

    Raises:
        ReconcileError: there is none.
    """
    found = user.get("id")
    if isinstance(found, bool) or not isinstance(found, int | str) or not str(found).strip():
        raise ReconcileError(f"{where}: a user has no id; see what the user who signed in may read")
    return str(found).strip()


def _values(found: Any, where: str) -> list[User]:  # noqa: ANN401 - JSON
    values = found.get("value") if isinstance(found, dict) else None
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise ReconcileError(f"{where}: {_SHAPE}")
    if found.get("count", len(values)) != len(values):
        raise ReconcileError(
            f"{where}: a page says that it has {found['count']} rows, and has {len(values)}; run it again"
        )
    return values
