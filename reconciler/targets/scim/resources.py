"""Users and groups as SCIM writes them (RFC 7643) -> our fields, and back.

Attribute names mean the same in any case (RFC 7643, 2.1): what is read is `folded` first, all names in lower
case. Our ids of theirs are quoted as in an address: they can stand in a path, and hold no colon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, unquote

from reconciler.frames import PERSON_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import ScimSettings
    from reconciler.targets.scim.discovery import Abilities

Resource: TypeAlias = "Mapping[str, Any]"
"""A folded resource."""
Operation: TypeAlias = "dict[str, Any]"
"""Of a PATCH."""

CORE = "urn:ietf:params:scim:schemas:core:2.0"
FIELDS = ("host_id", *PERSON_FIELDS, "active")
_CORE = {"first_name": "name.givenName", "last_name": "name.familyName", "preferred_name": "nickName"}
"""Field -> where in a user it is kept."""
_EXTENSION = {"member_type": "memberType", "grad_year": "gradYear"}
_STATUS = ("not_activated", "pending", "activated")


def folded(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The same with all names in lower case."""
    if isinstance(value, dict):
        return {str(name).lower(): folded(one) for name, one in value.items()}
    return [folded(one) for one in value] if isinstance(value, list) else value


def text(value: object) -> str:
    """A single value as text, '' for none."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def our_id(scim_id: str) -> str:
    """What we call the server's id."""
    return quote(scim_id, safe="")


def target_id(resource: Resource) -> str:
    """Our id of a resource."""
    return our_id(text(resource.get("id")))


def scim_id(target_id: str) -> str:
    """The server's own id of what we call so."""
    return unquote(target_id)


def version(resource: Resource) -> str:
    """The version for `If-Match`, '' for none."""
    return text((resource.get("meta") or {}).get("version"))


def values(resource: Resource, extension: str, name: str) -> list[str]:
    """The values of a multi-valued attribute, of an extension where one is named, each once."""
    holder = resource.get(extension.lower()) or {} if extension else resource
    found = holder.get(name.lower()) or []
    listed = [one.get("value") if isinstance(one, dict) else one for one in found]
    return list(dict.fromkeys(text(one) for one in listed if one))


def user_row(user: Resource, settings: ScimSettings, abilities: Abilities) -> dict[str, Any]:
    """A row of CURRENT_USERS.

    What a server has no place for is taken for what does least: an account whose status is not told keeps its
    e-mail, and one that was deactivated by nobody knows whom stays so.
    """
    ours = user.get(user_extension(settings).lower()) or {}
    name = user.get("name") or {}
    host_id, active = text(user.get("externalid")), text(user.get("active", True)).lower() != "false"
    status = text(ours.get("status"))
    says = abilities.user_extension
    return {
        "host_id": host_id or f"#{target_id(user)}",
        "member_type": text(ours.get("membertype") if "membertype" in says else user.get("usertype")),
        "first_name": text(name.get("givenname")),
        "last_name": text(name.get("familyname")),
        "preferred_name": text(user.get("nickname")),
        "email": text(_email(user).get("value")),
        "grad_year": text(ours.get("gradyear")),
        "active": active,
        "target_id": target_id(user),
        "status": status if status in _STATUS else "not_activated" if "status" in says else "activated",
        "role": text(ours.get("role")) or next(iter(values(user, "", "roles")), "Contributor"),
        "opt_out": text(ours.get("optout")).lower() == "true",
        "origin": _origin(ours, host_id, told="origin" in says),
        "deactivated_by": "" if active else "sync" if text(ours.get("deactivatedby")) == "sync" else "hand",
    }


def group_row(
    group: Resource, settings: ScimSettings, abilities: Abilities, categories: Mapping[str, str]
) -> dict[str, Any]:
    """A row of CURRENT_GROUPS; `categories` are those that are remembered, by key."""
    ours = group.get(group_extension(settings).lower()) or {}
    key, name = text(group.get("externalid")), text(group.get("displayname"))
    category = text(ours.get("category"))
    if "category" not in abilities.group_extension:
        category = categories.get(key, "")
        if settings.category_in_name and "/" in name:
            category, _, name = name.partition("/")
    return {
        "key": key,
        "category": category,
        "name": name,
        "kind": key.partition(":")[0].partition("@")[0],
        "target_id": target_id(group),
        "origin": _origin(ours, key, told="origin" in abilities.group_extension),
    }


def user_body(row: Mapping[str, Any], settings: ScimSettings, abilities: Abilities) -> dict[str, Any]:
    """A user to be created, from the `after_*` of a change."""
    after = {name: row[f"after_{name}"] for name in FIELDS}
    ours = {
        spelt: after[name]
        for name, spelt in _EXTENSION.items()
        if after[name] and spelt.lower() in abilities.user_extension
    }
    if "origin" in abilities.user_extension:
        ours["origin"] = "sync"
    body = {
        "externalId": after["host_id"],
        "userName": user_name(after["host_id"], after["email"], settings),
        "name": {"givenName": after["first_name"], "familyName": after["last_name"]},
        "active": after["active"],
    }
    if after["preferred_name"] and abilities.holds("nickname"):
        body["nickName"] = after["preferred_name"]
    if after["email"]:
        body["emails"] = [{"value": after["email"], "type": "work", "primary": True}]
    if "membertype" not in abilities.user_extension and abilities.holds("usertype"):
        body["userType"] = after["member_type"]
    return _with_extension(body, "User", user_extension(settings), ours)


def user_operations(
    row: Mapping[str, Any], user: Resource, settings: ScimSettings, abilities: Abilities
) -> list[Operation]:
    """What leads a user to the `after_*` of a judged change, of the fields that are `todo_*`."""
    todo = {name: row[f"after_{name}"] for name in FIELDS if row[f"todo_{name}"]}
    return [one for name in todo for one in _operations(name, todo, user, settings, abilities)]


def group_body(row: Mapping[str, Any], settings: ScimSettings, abilities: Abilities) -> dict[str, Any]:
    """A group to be created, from the `after_*` of a change."""
    ours = {"category": row["after_category"], "origin": "sync"}
    body = {
        "externalId": row["after_key"],
        "displayName": group_name(row["after_category"], row["after_name"], settings, abilities),
    }
    told = {name: value for name, value in ours.items() if name in abilities.group_extension}
    return _with_extension(body, "Group", group_extension(settings), told)


def group_name(category: str, name: str, settings: ScimSettings, abilities: Abilities) -> str:
    """What a group is called on the server."""
    prefixed = settings.category_in_name and "category" not in abilities.group_extension
    return f"{category}/{name}" if prefixed else name


def user_name(host_id: str, email: str, settings: ScimSettings) -> str:
    """What the server calls the account: nobody is without a name there, and many are without an e-mail."""
    return (email if settings.user_name == "email" else "") or host_id


def user_extension(settings: ScimSettings) -> str:
    """The URN of what a user has beyond RFC 7643."""
    return f"{settings.extension}:User"


def group_extension(settings: ScimSettings) -> str:
    """The URN of what a group has beyond RFC 7643."""
    return f"{settings.extension}:Group"


def setting(path: str, value: object) -> Operation:
    """An operation that gives an attribute its value; '' takes it out."""
    return {"op": "remove", "path": path} if value == "" else {"op": "replace", "path": path, "value": value}


def _operations(
    name: str, todo: Mapping[str, Any], user: Resource, settings: ScimSettings, abilities: Abilities
) -> Iterator[Operation]:
    value, ours = todo[name], user_extension(settings)
    if name == "host_id":
        yield setting("externalId", value)
    elif name == "email":
        yield setting("emails", _emails(user, value) or "")
    elif name == "active":
        yield setting("active", value)
        if "deactivatedby" in abilities.user_extension and (not value or _deactivated_by(user, ours)):
            yield setting(f"{ours}:deactivatedBy", "" if value else "sync")
    elif name == "member_type" and "membertype" not in abilities.user_extension:
        yield setting("userType", value)
    else:
        yield setting(_CORE.get(name) or f"{ours}:{_EXTENSION[name]}", value)
    if name in ("host_id", "email"):
        host_id = todo.get("host_id", text(user.get("externalid")))
        email = todo.get("email", text(_email(user).get("value")))
        wanted = user_name(host_id, email, settings)
        # Once, though both may have changed.
        if wanted != text(user.get("username")) and name == next(one for one in todo if one in _NAMING):
            yield setting("userName", wanted)


_NAMING = ("host_id", "email")


def _email(user: Resource) -> Mapping[str, Any]:
    """The e-mail that is the account's: the primary one, else one of work, else one that says nothing.

    Any other is not ours to read or to change, and an account that has no more than that has no e-mail. So is
    one of several that say nothing: which of them it would be is not known.
    """
    emails = _listed_emails(user)
    primary = [one for one in emails if text(one.get("primary")).lower() == "true"]
    work = [one for one in emails if text(one.get("type")).lower() == "work"]
    plain = [one for one in emails if len(emails) == 1 and not one.get("type") and one.get("primary") is None]
    return next(iter([*primary, *work, *plain]), {})


def _emails(user: Resource, email: str) -> list[dict[str, Any]]:
    """All e-mails of an account, the account's own replaced; others that it has stay.

    Without an own one, none of them may be read as it: a second one of work goes too, and one that says
    nothing is marked as not the primary one.
    """
    own = _email(user)
    others = [dict(one) for one in _listed_emails(user) if one is not own]
    if email:
        return [{"value": email, "type": "work", "primary": True}, *others]
    while left := _email({"emails": others}):
        others = [one for one in others if one is not left]
        if not left.get("type") and left.get("primary") is None:
            others.append({**left, "primary": False})
    return others


def _listed_emails(user: Resource) -> list[Mapping[str, Any]]:
    return [one for one in user.get("emails") or [] if isinstance(one, dict)]


def _origin(ours: Mapping[str, Any], key: str, *, told: bool) -> str:
    """Where nobody says who has made it, whatever has an id of ours was made by a sync."""
    made_by_us = text(ours.get("origin")) == "sync" if told else bool(key)
    return "sync" if made_by_us else "hand"


def _deactivated_by(user: Resource, extension: str) -> str:
    return text((user.get(extension.lower()) or {}).get("deactivatedby"))


def _with_extension(
    body: dict[str, Any], kind: str, extension: str, ours: Mapping[str, Any]
) -> dict[str, Any]:
    if not ours:
        return {"schemas": [f"{CORE}:{kind}"], **body}
    return {"schemas": [f"{CORE}:{kind}", extension], **body, extension: dict(ours)}
