"""A school's Blackbaud, asked through the SKY API, and the side lists -> `Tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.environment import subscription_key
from reconciler.errors import ReconcileError, one_mistake
from reconciler.sources.api import ApiSource, Listed
from reconciler.sources.blackbaud.consent import application
from reconciler.sources.blackbaud.listing import find_roles, read_users
from reconciler.sources.blackbaud.tables import people, relationships

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.http import Client, Clock
    from reconciler.sources.blackbaud.listing import User

URL = "https://api.sky.blackbaud.com/school/v1"
BASE_ROLES: dict[str, tuple[int | str, ...]] = {"students": (14,), "staff": (15, 332), "parents": (16,)}
"""Table -> the base roles of its people: student; teacher and non-teaching staff; parent."""
_REFUSED = "(see the subscription key, and whether the user who signed in has the role SKY API Data Sync)"


class BlackbaudSource(ApiSource):
    """The School API of SKY, and the lists."""

    def client(self, clock: Clock) -> Client:
        """Signed in by the refresh token that is kept."""
        from reconciler.http import Client  # noqa: PLC0415 - slow
        from reconciler.oauth import RotatingToken  # noqa: PLC0415 - slow

        source = self.school.source
        key = {"Bb-Api-Subscription-Key": subscription_key(source.credentials)}
        return Client(source.url or URL, RotatingToken(application(self.school), clock, key), clock)

    def tables(self, client: Client) -> dict[str, Listed]:
        """Every table, whole.

        Relationships are those that are listed at the parents, whose users one they are.

        Raises:
            ReconcileError: the server refuses something, there are no parents, or none is related to anybody.
        """
        from reconciler.http import RefusedError, TokenRefusedError  # noqa: PLC0415 - slow

        try:
            users = {table: self._users(client, table) for table in BASE_ROLES}
        except TokenRefusedError:
            raise
        except RefusedError as error:
            why = f" {_REFUSED}" if error.status in (401, 403) else ""
            raise ReconcileError(f"{error}{why}") from None
        contacts = relationships(users["parents"], "relationships")
        if "parent" in self.school.members and not contacts.height:
            who = "relationships" if users["parents"] else "parents"
            raise ReconcileError(
                f"{client.base}: the API lists no {who}: an empty answer is no empty school; see what may be"
                " read, or take them out with members: {parent: null}"
            )
        return {
            "students": Listed(people(users["students"], "students", students=True)),
            "staff": Listed(people(users["staff"], "staff")),
            "parents": Listed(people(users["parents"], "parents")),
            "contacts": Listed(contacts),
        }

    def _users(self, client: Client, table: str) -> list[User]:
        """The users of a table: those of its base roles, and of the roles that the school names."""
        wanted = self.school.source.roles.get(table) or BASE_ROLES[table]
        named = [role for role in wanted if isinstance(role, str)]
        if not named:
            return read_users(client, [int(role) for role in wanted], table)
        return self._users_of_roles(client, table, [role for role in wanted if isinstance(role, int)], named)

    def _users_of_roles(
        self, client: Client, table: str, base_roles: Sequence[int], names: Sequence[str]
    ) -> list[User]:
        roles = find_roles(client)
        folded = {name.casefold() for name in names}
        ids = {number for number, _, name in roles if name.casefold() in folded}
        if missing := [one for one in names if one.casefold() not in {name.casefold() for *_, name in roles}]:
            there = ", ".join(sorted({name for *_, name in roles})) or "none"
            where = f"source.roles.{table}: no role {', '.join(missing)}"
            raise one_mistake(self.school.file, where, f"there are {there}")
        bases = {base for number, base, _ in roles if number in ids} | set(base_roles)
        found = read_users(client, sorted(bases), table)
        try:
            return [
                user
                for user in found
                if any(role["id"] in ids or role["base_role_id"] in base_roles for role in user["roles"])
            ]
        except (KeyError, TypeError):
            raise ReconcileError(f"{table}: the API's answer has another shape than documented") from None
