"""User changes, carried out on a SCIM server. Nobody is deleted; role, opt-out and status stay."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler import frames
from reconciler.errors import ReconcileError
from reconciler.frames import PERSON_FIELDS
from reconciler.targets.judging import judge_create, judge_update, same
from reconciler.targets.scim.discovery import AT_ONCE, capabilities
from reconciler.targets.scim.resources import (
    FIELDS,
    target_id,
    text,
    user_body,
    user_name,
    user_operations,
    user_row,
)
from reconciler.targets.scim.server import USERS
from reconciler.targets.scim.settling import CONFLICT, LOOK, attempt, attempt_and_see, seen, settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.targets.scim.resources import Resource
    from reconciler.targets.scim.server import Server
    from reconciler.targets.scim.settling import Verdict


def write_users(server: Server, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out USER_CHANGES; gives `id, outcome, detail`."""
    creating = pl.col("action") == "create"
    writers = ((_Updates, changes.filter(~creating)), (_Creations, changes.filter(creating)))
    return pl.concat(
        [
            settle(part, writer.judge, writer.perform, server.wait)
            for kind, some in writers
            for part in some.iter_slices(AT_ONCE)
            for writer in [kind(server)]
        ]
    )


class _Updates:
    """Changes of accounts that are there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._live: dict[str, Resource] = {}

    def judge(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Read each account by its id, and compare."""
        ids = changes["target_id"].unique().to_list()
        found = self._server.at_once(partial(self._server.get, USERS), ids)
        self._live = {target_id(user): user for user in found if user}
        return self._compare(changes, self._live.values())

    def perform(self, judged: pl.DataFrame) -> Sequence[Verdict]:
        """A PATCH each, and a look at what has come of it."""
        done = self._server.at_once(self._change, judged.to_dicts())
        users = [user for _, user in done if user]
        there = self._compare(judged.select(list(frames.USER_CHANGES)), users)
        return seen([verdict for verdict, _ in done], there)

    def _compare(self, changes: pl.DataFrame, users: Iterable[Resource]) -> pl.DataFrame:
        """The changes, judged by these accounts."""
        live = _live(self._server, users).unique("live_target_id", keep="last")
        matched = changes.join(
            live, left_on="target_id", right_on="live_target_id", how="left", maintain_order="left"
        )
        names = pl.col("fields").str.split(" ")
        done = {name: same(name, f"live_{name}", f"after_{name}") for name in FIELDS}
        # Of a chain that frees a value and sets another later, the first step is done once the last is.
        for name in ("email", "host_id"):
            done[name] |= (pl.col(f"later_{name}") != "") & same(name, f"live_{name}", f"later_{name}")
        return judge_update(matched, {name: names.list.contains(name) for name in FIELDS}, done, "account")

    def _change(self, row: Mapping[str, Any]) -> tuple[Verdict, Resource | None]:
        """What became of a change, and the account afterwards."""
        server, user = self._server, self._live[row["target_id"]]
        operations = user_operations(row, user, server.settings, server.abilities)
        verdict, after = attempt_and_see(
            row["id"],
            lambda: server.patch(USERS, user, operations),
            lambda: server.get(USERS, row["target_id"]),
        )
        if row["todo_host_id"]:
            server.forget(row["live_host_id"])
        if verdict.outcome == CONFLICT:
            taken = _taken(server, row["after_host_id"], row["after_email"])
            verdict = verdict._replace(outcome="failed", detail=taken)
        return verdict, after


class _Creations:
    """Accounts to be made. Only one with the same Host ID counts as made already, whoever has the e-mail."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._look, self._fresh = server.look_first, False
        self._absent: set[str] = set()
        """Host IDs that were looked for in vain."""

    def judge(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Take them for new at first; look them up once the server, or a lost answer, says otherwise."""
        host_ids = changes["after_host_id"].to_list()
        found = self._server.find_users(host_ids, fresh=self._fresh) if self._look else []
        self._server.note(found)
        self._absent = (
            set(host_ids) - {text(user.get("externalid")) for user in found} if self._look else set()
        )
        self._look = self._fresh = True
        live = _live(self._server, found)
        matched = changes.join(
            live, left_on="after_host_id", right_on="live_host_id", how="left", maintain_order="left"
        )
        carried = capabilities(self._server.abilities, self._server.settings).fields
        fields = [name for name in PERSON_FIELDS if name in carried]
        return judge_create(matched, (*fields, "active"), "account")

    def perform(self, judged: pl.DataFrame) -> Sequence[Verdict]:
        """A POST each."""
        return self._server.at_once(self._make, judged.to_dicts())

    def _make(self, row: Mapping[str, Any]) -> Verdict:
        verdict = attempt(row["id"], partial(self._post, row))
        if verdict.outcome != CONFLICT:
            return verdict
        host_id, email = row["after_host_id"], row["after_email"]
        # One that was looked for in vain may be of an earlier request of ours, and not have shown yet.
        if host_id not in self._absent or _holder(self._server, host_id, email) == host_id:
            return verdict._replace(outcome=LOOK)
        return verdict._replace(outcome="failed", detail=_taken(self._server, host_id, email))

    def _post(self, row: Mapping[str, Any]) -> None:
        server = self._server
        server.note([server.create(USERS, user_body(row, server.settings, server.abilities))])


def _live(server: Server, users: Iterable[Resource]) -> pl.DataFrame:
    """CURRENT_USERS of these accounts as `live_*`, and `live_id`."""
    rows = [user_row(user, server.settings, server.abilities) for user in users]
    frame = pl.DataFrame(rows, schema=dict(frames.CURRENT_USERS))
    return frame.with_columns(id="target_id").select(pl.all().name.prefix("live_"))


def _taken(server: Server, host_id: str, email: str) -> str:
    """Why an account cannot be made or changed, without a name or an address."""
    holder = _holder(server, host_id, email)
    what = "Host ID" if user_name(host_id, email, server.settings) == host_id else "e-mail"
    return f"its {what} is held by account {holder}" if holder else f"its {what} is held by another account"


def _holder(server: Server, host_id: str, email: str) -> str:
    """The Host ID of whoever has the user name of such an account, '' where that cannot be told."""
    try:
        return server.holder(user_name(host_id, email, server.settings))
    except ReconcileError:
        return ""
