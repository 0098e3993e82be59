"""Group changes, carried out on a SCIM server. No group is deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler import frames
from reconciler.targets.judging import judge_create, judge_update, same
from reconciler.targets.scim.reading import read_groups
from reconciler.targets.scim.resources import group_body, group_extension, group_name, group_row, setting
from reconciler.targets.scim.server import GROUPS
from reconciler.targets.scim.settling import attempt, attempt_and_see, seen, settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.targets.scim.resources import Operation, Resource
    from reconciler.targets.scim.server import Server
    from reconciler.targets.scim.settling import Verdict

_FIELDS = ("key", "category", "name")


def write_groups(server: Server, changes: pl.DataFrame, categories: Mapping[str, str]) -> pl.DataFrame:
    """Carry out GROUP_CHANGES; gives `id, outcome, detail`.

    Groups are listed first, and again where something is unclear: no server sees to it that there is but one
    with a key, and not every one can filter by it.
    """
    creating = pl.col("action") == "create"
    update, create = _Updates(server, categories), _Creations(server, categories)
    return pl.concat(
        [
            settle(changes.filter(~creating), update.judge, update.perform, server.wait),
            settle(changes.filter(creating), create.judge, create.perform, server.wait),
        ]
    )


class _Groups:
    """The groups that are there."""

    def __init__(self, server: Server, categories: Mapping[str, str]) -> None:
        self.server, self._categories = server, categories

    def live(self) -> pl.DataFrame:
        """All groups, CURRENT_GROUPS as `live_*`, and `live_id`."""
        return _as_live(read_groups(self.server, self._categories))

    def live_of(self, groups: Iterable[Resource]) -> pl.DataFrame:
        """The same of these."""
        server = self.server
        rows = [group_row(one, server.settings, server.abilities, self._categories) for one in groups]
        found = pl.DataFrame(rows, schema=dict(frames.CURRENT_GROUPS))
        return _as_live(found.unique("target_id", keep="last"))

    @property
    def carries_category(self) -> bool:
        """Whether the server has a place for a category."""
        return "category" in self.server.abilities.group_extension or self.server.settings.category_in_name


class _Updates(_Groups):
    def judge(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Compare each group, by its id."""
        return _compare(changes, self.live())

    def perform(self, judged: pl.DataFrame) -> Sequence[Verdict]:
        """A PATCH each, and a look at what has come of it."""
        done = self.server.at_once(self._change, judged.to_dicts())
        groups = self.live_of(group for _, group in done if group)
        there = _compare(judged.select(list(frames.GROUP_CHANGES)), groups)
        return seen([verdict for verdict, _ in done], there)

    def _change(self, row: Mapping[str, Any]) -> tuple[Verdict, Resource | None]:
        """What became of a change, and the group afterwards."""
        return attempt_and_see(row["id"], partial(self._patch, row), partial(self._get, row))

    def _get(self, row: Mapping[str, Any]) -> Resource | None:
        return self.server.get(GROUPS, row["target_id"], without="members")

    def _patch(self, row: Mapping[str, Any]) -> Resource | None:
        group = self._get(row) or {"id": row["live_id"]}
        operations = self._operations(row)
        return self.server.patch(GROUPS, group, operations) if operations else None

    def _operations(self, row: Mapping[str, Any]) -> list[Operation]:
        server = self.server
        found = [setting("externalId", row["after_key"])] if row["todo_key"] else []
        if row["todo_category"] and "category" in server.abilities.group_extension:
            path = f"{group_extension(server.settings)}:category"
            found.append(setting(path, row["after_category"]))
        prefixed = row["todo_category"] and server.settings.category_in_name
        if row["todo_name"] or prefixed:
            parts = [row[f"after_{one}" if row[f"todo_{one}"] else f"live_{one}"] for one in _FIELDS[1:]]
            found.append(
                setting("displayName", group_name(parts[0], parts[1], server.settings, server.abilities))
            )
        return found


class _Creations(_Groups):
    def judge(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Look for each group, by its key."""
        matched = changes.join(
            self.live(), left_on="after_key", right_on="live_key", how="left", maintain_order="left"
        )
        fields = ("category", "name") if self.carries_category else ("name",)
        return judge_create(matched, fields, "group")

    def perform(self, judged: pl.DataFrame) -> Sequence[Verdict]:
        """A POST each."""
        return self.server.at_once(self._make, judged.to_dicts())

    def _make(self, row: Mapping[str, Any]) -> Verdict:
        return attempt(row["id"], partial(self._post, row))

    def _post(self, row: Mapping[str, Any]) -> None:
        server = self.server
        server.create(GROUPS, group_body(row, server.settings, server.abilities))


def _compare(changes: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """Changes of groups that are there, judged by `live`."""
    matched = changes.join(
        live, left_on="target_id", right_on="live_target_id", how="left", maintain_order="left"
    )
    listed = {name: pl.col(f"before_{name}") != pl.col(f"after_{name}") for name in _FIELDS}
    done = {name: same(name, f"live_{name}", f"after_{name}") for name in _FIELDS}
    return judge_update(matched, listed, done, "group")


def _as_live(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.with_columns(id="target_id").select(pl.all().name.prefix("live_"))
