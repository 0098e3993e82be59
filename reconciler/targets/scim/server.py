"""A SCIM server as the target uses it: signed in, asked for its abilities once, and looked up in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from reconciler import environment
from reconciler.errors import ReconcileError
from reconciler.targets.scim.discovery import Abilities, discover
from reconciler.targets.scim.listing import read_pages
from reconciler.targets.scim.resources import Resource, folded, target_id, text, version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from reconciler.http import Answer, Client, Clock
    from reconciler.model import TargetSettings
    from reconciler.targets.scim.resources import Operation

T = TypeVar("T")
R = TypeVar("R")

USERS, GROUPS = "/Users", "/Groups"
FEW = 30
"""Accounts that are looked up one by one; for more, all are listed."""
_MEDIA = "application/scim+json"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Server:
    """The server of a school's directory, during one run."""

    def __init__(self, settings: TargetSettings, clock: Clock | None = None) -> None:
        self._settings, self._clock = settings, clock
        self.settings = settings.scim
        self.look_first = False
        """Whether an account that is to be created may be there already: an earlier run was cut short."""
        self.known: dict[str, str] = {}
        """Host ID -> our id, of the accounts that were met in this run."""
        self._knows_all = False

    @cached_property
    def client(self) -> Client:
        """The server, signed in."""
        from reconciler.http import (  # noqa: PLC0415 - slow
            Client,
            ClientCredentials,
            Credentials,
            Fixed,
            SignIn,
            SystemClock,
        )

        clock = self._clock or SystemClock()
        name = self._settings.credentials
        sign_in: SignIn
        if token := environment.token(name):
            sign_in = Fixed({"Authorization": f"Bearer {token}"})
        elif self._settings.token_url:
            keys = Credentials(*environment.credentials(name, "target.credentials"))
            sign_in = ClientCredentials(self._settings.token_url, keys, clock, scope=self._settings.scope)
        else:
            raise ReconcileError(
                f"the variable {name}_TOKEN (or {name}_TOKEN_FILE) is not set; the server's administrator"
                " gives a token, or client id and secret with an address for target.token_url"
            )
        headers = {"Accept": f"{_MEDIA}, application/json", "Content-Type": _MEDIA}
        return Client(self._settings.url, sign_in, clock, headers=headers)

    @cached_property
    def abilities(self) -> Abilities:
        """What the server can hold and do."""
        return discover(self.client, self.settings)

    def pages(self, path: str, *, without: str = "") -> Iterator[list[Resource]]:
        """All resources at a path, page by page; `without` an attribute, if the server can leave it out."""
        query = {"excludedAttributes": without} if without else None
        return read_pages(self.client, path, self.abilities, query)

    def get(self, path: str, id_: str, *, without: str = "") -> Resource | None:
        """A resource by our id of it; None where there is none. `without` is as for `pages`."""
        from reconciler.http import RefusedError  # noqa: PLC0415 - slow

        if not id_:
            return None
        query = {"excludedAttributes": without} if without else None
        try:
            found = folded(self.client.get(f"{path}/{id_}", query))
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        if not _is_resource(found, id_):
            raise ReconcileError(
                f"{path}: the server answers with something else than asked; see the address"
            )
        return cast("Resource", found)

    def create(self, path: str, body: dict[str, Any]) -> Resource:
        """What the server has made of a new resource, which has the body's externalId.

        Raises:
            LostAnswerError: nobody knows whether it was made; also where the answer does not tell of it.
            ReconcileError: it was not made, or it was without its externalId.
        """
        from reconciler.http import LostAnswerError  # noqa: PLC0415 - slow

        made = _resource(self.client.ask("POST", path, body=body))
        if made is None:
            raise LostAnswerError(f"{path}: the server does not tell what it has made; run it again")
        wanted = text(body.get("externalId"))
        if text(made.get("externalid")) == wanted:
            return made
        try:  # an answer need not hold all
            kept = self.get(path, target_id(made))
        except ReconcileError as error:
            raise LostAnswerError(str(error)) from None
        if kept is None:
            raise LostAnswerError(f"{path}: the server does not show what it has made; run it again")
        if text(kept.get("externalid")) != wanted:
            what = "a group's key" if path == GROUPS else "the Host ID"
            raise ReconcileError(f"the server does not keep {what} (externalId); see with its vendor")
        return kept

    def patch(
        self, path: str, resource: Resource, operations: list[Operation], *, unchanged: bool = True
    ) -> Resource | None:
        """Change parts of a resource; one that has to be `unchanged` since it was read is held to it.

        Gives what the server says that it is by now; None where it says nothing of it.
        """
        seen = version(resource) if unchanged and self.abilities.etag else ""
        headers = {"If-Match": seen} if seen else None
        body = {"schemas": [_PATCH], "Operations": operations}
        id_ = target_id(resource)
        answer = self.client.ask("PATCH", f"{path}/{id_}", body=body, headers=headers, once=True)
        return _resource(answer, id_)

    def wait(self, seconds: float) -> None:
        """Give the server time."""
        from reconciler.http import SystemClock  # noqa: PLC0415 - slow

        (self._clock or SystemClock()).sleep(seconds)

    def find_users(self, host_ids: Collection[str], *, fresh: bool = True) -> list[Resource]:
        """The accounts with these Host IDs, as far as they are there.

        Many are looked for in a listing that is made once a run; `fresh` asks again for those that it lacks.
        """
        if len(host_ids) <= FEW and self.abilities.filters:
            return [user for user in self.at_once(self._find_user, host_ids) if user]
        known = self.accounts(host_ids)
        found = [user for user in self.at_once(partial(self.get, USERS), known.values()) if user]
        rest = [host_id for host_id in host_ids if host_id not in known] if fresh else []
        if len(rest) > FEW or (rest and not self.abilities.filters):
            pages = self.pages(USERS)
            return found + [user for page in pages for user in page if text(user.get("externalid")) in rest]
        return found + [user for user in self.at_once(self._find_user, rest) if user]

    def holder(self, user_name: str) -> str:
        """The Host ID of whoever has this user name, '' where nobody is found."""
        hits = self._filtered(f"userName eq {json.dumps(user_name, ensure_ascii=False)}") or []
        held = [hit for hit in hits if text(hit.get("username")).lower() == user_name.lower()]
        return text(held[0].get("externalid")) if held else ""

    def accounts(self, host_ids: Collection[str]) -> dict[str, str]:
        """Host ID -> our id of the account, as far as it is there."""
        unknown = [host_id for host_id in host_ids if host_id not in self.known]
        if unknown and not self._knows_all:
            if len(unknown) <= FEW and self.abilities.filters:
                self.note(self.find_users(unknown))
            else:
                for page in self.pages(USERS):
                    self.note(page)
                self._knows_all = True
        return {host_id: self.known[host_id] for host_id in host_ids if host_id in self.known}

    def note(self, users: Iterable[Resource]) -> None:
        """Remember, for this run, whose these accounts are."""
        for user in users:
            if host_id := text(user.get("externalid")):
                self.known[host_id] = target_id(user)

    def forget(self, host_id: str) -> None:
        """An account has another Host ID by now."""
        self.known.pop(host_id, None)
        self._knows_all = False

    def at_once(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """What becomes of each item, in their order; several are worked on at once."""
        from reconciler.http import WORKERS  # noqa: PLC0415 - slow

        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(work, items))

    def _find_user(self, host_id: str) -> Resource | None:
        """An account by its Host ID.

        Hits are looked at again: some servers compare in any case, or take no notice of a filter.
        """
        hits = self._filtered(f"externalId eq {json.dumps(host_id, ensure_ascii=False)}")
        if hits is None:
            hits = [user for page in self.pages(USERS) for user in page]
        exact = [hit for hit in hits if text(hit.get("externalid")) == host_id]
        if len(exact) > 1:
            raise ReconcileError(f"{len(exact)} accounts have the Host ID {host_id}; {TWICE}")
        return exact[0] if exact else None

    def _filtered(self, condition: str) -> list[Resource] | None:
        """Users that a filter finds; None where the server does not understand it."""
        from reconciler.http import RefusedError  # noqa: PLC0415 - slow

        try:
            answer = folded(self.client.get(USERS, {"filter": condition}))
        except RefusedError as error:
            if error.status in (400, 404, 501):
                return None
            raise
        return [hit for hit in answer.get("resources") or [] if isinstance(hit, dict)]


def _resource(answer: Answer, id_: str = "") -> Resource | None:
    """The resource that an answer holds, of this id where one is given; None where it holds none."""
    try:
        found = folded(answer.json())
    except ReconcileError:
        return None
    return cast("Resource", found) if _is_resource(found, id_) else None


def _is_resource(found: object, id_: str) -> bool:
    return isinstance(found, dict) and bool(target_id(found)) and id_ in ("", target_id(found))


TWICE = "leave one of them its externalId on the server, and take it from the others"
