"""Memberships and relationships on a SCIM server: members of a group, and parents of a student, by their ids.

Ids, not Host IDs: an account that gets another Host ID keeps its groups and its children. A holder (a group,
a student) is read before it is changed, only what is missing is added, and what came of it is looked at:
some servers list somebody twice who is added twice.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.targets.scim.reading import read_groups
from reconciler.targets.scim.resources import our_id, scim_id, user_extension, values
from reconciler.targets.scim.server import GROUPS, USERS
from reconciler.targets.scim.settling import AGAIN, LOOK, UNSEEN, Verdict, attempt, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.targets.scim.resources import Operation, Resource
    from reconciler.targets.scim.server import Server

_PARENTS = 50
"""Parents that a request names at most, as nobody has."""
_UNSEEN = "the server does not list it as a member; if it lists nobody's, set target.members: hidden"
_STILL_MEMBER = "the server answered that it is done, and lists it as a member still"
_NO_PARENT = "the server answered that it is done, and does not list it as a parent"
_STILL_PARENT = "the server answered that it is done, and lists it as a parent still"


def write_memberships(server: Server, changes: pl.DataFrame, categories: Mapping[str, str]) -> pl.DataFrame:
    """Carry out MEMBERSHIP_CHANGES; gives `id, outcome, detail`."""
    keys = changes.with_columns(left_key="group_key", right_key="host_id")
    return _settle(_Members(server, categories), keys)


def write_relationships(server: Server, changes: pl.DataFrame) -> pl.DataFrame:
    """Carry out RELATIONSHIP_CHANGES; gives `id, outcome, detail`."""
    keys = changes.with_columns(left_key="student_host_id", right_key="parent_host_id")
    return _settle(_Parents(server), keys)


def _settle(links: _Links, changes: pl.DataFrame) -> pl.DataFrame:
    removing = pl.col("action") == "remove"
    return pl.concat(
        [
            settle(changes.filter(removing), links.judge_removals, links.perform, links.server.wait),
            settle(changes.filter(~removing), links.judge_additions, links.perform, links.server.wait),
        ]
    )


class _Links:
    """What is named by one multi-valued attribute of its holders."""

    path = USERS
    extension = ""
    attribute = ""
    thing = "account"
    shown = True
    """Whether the server tells of them, so that they are looked for afterwards."""
    unseen, still_there = _NO_PARENT, _STILL_PARENT
    """What is said of one that was added and is not there, and of one that was removed and is."""
    most = _PARENTS
    alone = False
    """Whether a removal wants a request of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._live: dict[str, Resource] = {}

    def holders(self, keys: Sequence[str]) -> dict[str, str]:
        """Key -> our id of the holder."""
        return self.server.accounts(keys)

    def judge_removals(self, changes: pl.DataFrame) -> pl.DataFrame:
        """What is to be removed, by the ids that the plan names."""
        ends = pl.col("target_id").str.split(":").list
        found = self._beside(changes.with_columns(holder=ends.first(), named=ends.last()))
        todo = pl.when("there").then(pl.lit("todo")).otherwise(pl.lit("already"))
        return found.with_columns(outcome=todo, detail=pl.lit(""))

    def judge_additions(self, changes: pl.DataFrame) -> pl.DataFrame:
        """What is missing, by the ids that the keys stand for; an end that is not there is told."""
        left = self.holders(changes["left_key"].unique().to_list())
        right = self.server.accounts(changes["right_key"].unique().to_list())
        found = changes.with_columns(
            holder=pl.col("left_key").replace_strict(left, default=None, return_dtype=pl.String),
            named=pl.col("right_key").replace_strict(right, default=None, return_dtype=pl.String),
        )
        # An end that the plan names by its id has to be that account.
        ends = pl.col("target_id").str.split(":").list
        for end, planned in (("holder", ends.first()), ("named", ends.last())):
            other = (pl.col("target_id") != "") & (planned != "") & (planned != pl.col(end))
            found = found.with_columns(pl.when(~other).then(pl.col(end)).alias(end))
        missing = pl.concat_str(
            pl.when(pl.col("holder").is_null()).then(pl.format(f"{self.thing} {{}}", "left_key")),
            pl.when(pl.col("named").is_null()).then(pl.format("account {}", "right_key")),
            separator=" and ",
            ignore_nulls=True,
        )
        return self._beside(found).with_columns(
            outcome=pl.when(missing != "")
            .then(pl.lit("failed"))
            .when("there")
            .then(pl.lit("already"))
            .otherwise(pl.lit("todo")),
            detail=pl.when(missing != "").then(pl.format("there is no {}", missing)).otherwise(pl.lit("")),
        )

    def perform(self, judged: pl.DataFrame) -> Sequence[Verdict]:
        """Holder by holder, several at once: the requests of one go one after the other."""
        parts = judged.partition_by("holder", maintain_order=True)
        return [verdict for some in self.server.at_once(self._perform_one, parts) for verdict in some]

    def _beside(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Changes with whether their link is `there`."""
        ids = changes["holder"].drop_nulls().unique(maintain_order=True).to_list()
        found = self.server.at_once(partial(self.server.get, self.path), ids)
        self._live = {id_: one for id_, one in zip(ids, found, strict=True) if one}
        pairs = [(id_, named) for id_, one in self._live.items() for named in self._named(one)]
        there = pl.DataFrame(pairs, schema={"holder": pl.String, "named": pl.String}, orient="row")
        return changes.join(
            there.with_columns(there=True), on=["holder", "named"], how="left", maintain_order="left"
        ).with_columns(pl.col("there").fill_null(value=False))

    def _named(self, holder: Resource) -> list[str]:
        return [our_id(value) for value in values(holder, self.extension, self.attribute)]

    def _perform_one(self, part: pl.DataFrame) -> list[Verdict]:
        id_ = part["holder"][0]
        if id_ not in self._live:  # deleted between two looks
            return [Verdict(row, LOOK, f"{self.path}: it is not there any more") for row in part["id"]]
        verdicts: list[Verdict] = []
        size = 1 if self.alone and part["action"][0] == "remove" else self.most
        after: list[Resource | None] = []
        for some in part.iter_slices(size):
            after = []
            verdict = attempt(0, partial(self._patch, self._live[id_], some.to_dicts(), after))
            verdicts += [verdict._replace(id=row) for row in some["id"]]
        return self._see(part, verdicts, after) if self.shown else verdicts

    def _patch(
        self, holder: Resource, rows: Sequence[Mapping[str, Any]], after: list[Resource | None]
    ) -> None:
        """A request; what the holder is `after` it is put there, as far as the answer says."""
        attribute = f"{self.extension}:{self.attribute}" if self.extension else self.attribute
        ids = [scim_id(row["named"]) for row in rows]
        if rows[0]["action"] == "add":
            operations: list[Operation] = [
                {"op": "add", "path": attribute, "value": [{"value": one} for one in ids]}
            ]
        else:
            operations = self._removals(attribute, holder, ids)
        # One by one they do no harm to what others add or take out meanwhile; all at once they would.
        whole = any(one["path"] == attribute and one["op"] == "remove" for one in operations)
        after.append(self.server.patch(self.path, holder, operations, unchanged=whole))

    def _removals(self, attribute: str, holder: Resource, ids: Sequence[str]) -> list[Operation]:
        del holder
        return [{"op": "remove", "path": f"{attribute}[value eq {json.dumps(one)}]"} for one in ids]

    def _see(
        self, part: pl.DataFrame, verdicts: list[Verdict], after: list[Resource | None]
    ) -> list[Verdict]:
        """What was added has to be there, and what was removed not: a server may say so, and drop it.

        An answer that does not list any may leave them out, so the holder is read then: once, for all.
        """
        if all(verdict.outcome != "applied" for verdict in verdicts):
            return verdicts
        found = [one for one in after if one and self._named(one)]
        if not found:
            look = attempt(0, lambda: found.append(self.server.get(self.path, part["holder"][0]) or {}))
            if look.outcome != "applied":
                unsure = look._replace(outcome=AGAIN)
                return [unsure._replace(id=one.id) if one.outcome == "applied" else one for one in verdicts]
        there, named = set(self._named(found[0])), dict(part.select("id", "named").rows())
        adding = part["action"][0] == "add"
        detail = self.unseen if adding else self.still_there
        return [
            verdict._replace(outcome=UNSEEN, detail=detail)
            if verdict.outcome == "applied" and (named[verdict.id] in there) != adding
            else verdict
            for verdict in verdicts
        ]


class _Members(_Links):
    """Members of groups."""

    path, attribute, thing = GROUPS, "members", "group"
    unseen, still_there = _UNSEEN, _STILL_MEMBER

    def __init__(self, server: Server, categories: Mapping[str, str]) -> None:
        super().__init__(server)
        self._categories = categories
        self.shown = server.abilities.members
        self.most, self.alone = server.settings.members_per_patch, server.settings.single_remove

    def holders(self, keys: Sequence[str]) -> dict[str, str]:
        """Key -> our id of the group."""
        wanted = set(keys)
        groups = read_groups(self.server, self._categories).select("key", "target_id").rows()
        return {key: id_ for key, id_ in groups if key in wanted}


class _Parents(_Links):
    """Parents of students."""

    attribute = "parents"

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.extension = user_extension(server.settings)

    def _removals(self, attribute: str, holder: Resource, ids: Sequence[str]) -> list[Operation]:
        """The last value goes with its attribute: scimmy does not take it out otherwise, of an extension."""
        if set(ids) >= set(values(holder, self.extension, self.attribute)):
            return [{"op": "remove", "path": attribute}]
        return super()._removals(attribute, holder, ids)
