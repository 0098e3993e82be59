"""What a SCIM server says that it can do (RFC 7644, 4; RFC 9865), unless the school knows better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError
from reconciler.model import Capabilities
from reconciler.targets.scim.resources import CORE, folded, group_extension, text, user_extension

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.http import Client
    from reconciler.model import ScimSettings

PAGE = 100
"""Rows a page of a server that does not say how many it gives."""
_LARGEST_PAGE = 1000
_NOT_OFFERED = (404, 405, 501)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the server can hold and do."""

    page_size: int = PAGE
    cursor: bool = False
    filters: bool = True
    etag: bool = False
    user: frozenset[str] = frozenset()
    """Attributes of a user, in lower case; none where the server does not say."""
    user_extension: frozenset[str] = frozenset()
    group_extension: frozenset[str] = frozenset()
    members: bool = True
    """Whether it tells who is in a group."""
    exact_user_names: bool = False

    def holds(self, name: str) -> bool:
        """Whether a user has the attribute, by its name in lower case."""
        return not self.user or name in self.user


def discover(client: Client, settings: ScimSettings) -> Abilities:
    """Ask the server.

    Raises:
        ReconcileError: it cannot be asked, or cannot change anything by parts (PATCH).
    """
    config = _ask(client, "/ServiceProviderConfig")
    schemas = {text(one.get("id")).lower(): one for one in _ask(client, "/Schemas").get("resources") or []}
    if not _supports(config, "patch", unsaid=True):
        raise ReconcileError(
            f"{client.base}: the server takes no PATCH, and without it each change would replace all that an"
            " account has; see with its vendor"
        )
    user = _attributes(schemas, f"{CORE}:User")
    hidden = any(
        _name(one) == "members" and text(one.get("returned")).lower() == "never"
        for one in _listed(schemas, f"{CORE}:Group")
    )
    paging = config.get("pagination") or {}
    filters = config.get("filter") or {}
    size = settings.page_size or _number(paging.get("maxpagesize")) or _number(filters.get("maxresults"))
    return Abilities(
        page_size=min(size or PAGE, _LARGEST_PAGE),
        cursor=settings.paging == "cursor"
        or (settings.paging == "auto" and text(paging.get("cursor")).lower() == "true"),
        filters=_supports(config, "filter", unsaid=True),
        etag=settings.etag and _supports(config, "etag", unsaid=False),
        user=user,
        user_extension=_attributes(schemas, user_extension(settings)),
        group_extension=_attributes(schemas, group_extension(settings)),
        members=settings.members == "listed" and not hidden,
        exact_user_names=any(
            _name(one) == "username" and one.get("caseexact") is True
            for one in _listed(schemas, f"{CORE}:User")
        ),
    )


AT_ONCE = 200
"""Accounts that are looked at before they are changed: so the look is seconds old, not minutes."""


def capabilities(abilities: Abilities, settings: ScimSettings) -> Capabilities:
    """The same in the words that planning knows."""
    ours = abilities.user_extension
    fields = {
        "member_type": "membertype" in ours or "usertype" in abilities.user,
        "first_name": abilities.holds("name"),
        "last_name": abilities.holds("name"),
        "preferred_name": abilities.holds("nickname"),
        "email": abilities.holds("emails"),
        "grad_year": "gradyear" in ours,
    }
    kinds = {
        "users": True,
        "groups": True,
        "memberships": abilities.members,
        "relationships": "parents" in ours,
    }
    return Capabilities(
        fields=frozenset(name for name, held in fields.items() if held),
        kinds=frozenset(name for name, held in kinds.items() if held),
        exact_host_ids=abilities.exact_user_names,
        refuses_taken_email=settings.user_name == "email",
        at_once=AT_ONCE,
    )


def _ask(client: Client, path: str) -> Any:  # noqa: ANN401 - JSON
    from reconciler.http import RefusedError  # noqa: PLC0415 - slow

    try:
        found = folded(client.get(path))
    except RefusedError as error:
        if error.status in _NOT_OFFERED:
            return {}
        raise
    if not isinstance(found, dict):
        raise ReconcileError(f"{client.base}{path}: the answer is not of SCIM; see the address")
    return found


def _supports(config: Any, name: str, *, unsaid: bool) -> bool:  # noqa: ANN401 - JSON
    said = text((config.get(name) or {}).get("supported")).lower()
    return said == "true" if said else unsaid


def _listed(schemas: dict[str, Any], urn: str) -> Iterable[Any]:
    return schemas.get(urn.lower(), {}).get("attributes") or []


def _attributes(schemas: dict[str, Any], urn: str) -> frozenset[str]:
    return frozenset(_name(one) for one in _listed(schemas, urn))


def _name(attribute: Any) -> str:  # noqa: ANN401 - JSON
    return text(attribute.get("name")).lower()


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
