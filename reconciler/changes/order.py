"""In which order users change, so that an e-mail or a Host ID is free before somebody else gets it."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

import polars as pl

from reconciler.columns import choose, constant, where, with_values
from reconciler.frames import PARKED, folded
from reconciler.keys import flags, listed, one_of

_UNIQUE = ("host_id", "email")
"""What no two accounts may have at once. Of two ways to open a ring the first is taken: a later plan knows a
parked account by its Host ID, whereas a cleared e-mail may be taken for the wish of its owner."""
_EXCHANGE = {
    ("email",): "its e-mail is cleared first, because two accounts exchange theirs",
    ("host_id",): "its Host ID is parked first, because two accounts exchange theirs",
    ("host_id", "email"): "its Host ID is parked and its e-mail cleared first, for other accounts need them",
}


def order_users(changes: pl.DataFrame, ids: pl.Series) -> tuple[pl.DataFrame, int]:
    """Adds each change's `step`; also gives the step in which relationships and memberships come.

    `ids` are the Host IDs that accounts have: nobody is parked where another one is already.

    Somebody who needs an e-mail or a Host ID that another gives up comes a step later than that one. Where
    people need each other's, one of them first clears the e-mail, or parks the Host ID, as a step of its
    own. Deactivations come last, unless somebody waits for what they give up, or their Host ID changes.

    Only the few between whom something changes hands are looked at one by one.
    """
    needs = _needs(changes)
    freed = _open_rings(needs, set(ids.filter(ids.str.starts_with(PARKED))) if needs.givers else set())
    depths = needs.depths()
    last = max(depths.values(), default=1) + 1
    steps = constant(1, changes.height)
    # Links are made between final Host IDs, so that somebody who gets another one does so before.
    waits = (changes["action"] == "deactivate") & (changes["before_host_id"] == changes["after_host_id"])
    if depths:
        rows = pl.Series(list(depths), dtype=pl.UInt32)
        steps = steps.scatter(rows, pl.Series(list(depths.values()), dtype=pl.UInt32))
        waits = waits & ~flags(changes.height, rows)
    ordered = with_values(changes, step=choose(waits, last + 1, steps))
    return _free_first(ordered, freed), last


def givers_of(changes: pl.DataFrame, takers: pl.Series) -> pl.Series:
    """These Host IDs, with everybody whose e-mail or Host ID they take over, and so on."""
    needs = _needs(changes)
    if not needs.givers:
        return takers
    names = pl.DataFrame(
        [(needs.names[taker], needs.names[row]) for taker in needs.rows() for row in needs.of(taker)],
        schema={"taker": pl.String, "giver": pl.String},
        orient="row",
    )
    every = takers.unique()
    while True:
        givers = names.filter(one_of("taker", every))["giver"]
        more = givers.filter(~givers.is_in(listed(every))).unique()
        if not more.len():
            return every
        every = pl.concat([every, more.rename(every.name)])


@dataclass
class _Needs:
    """Who takes over what from whom, by the numbers of their rows."""

    names: dict[int, str]
    """Row -> Host ID, so that the same directories give the same order whatever their rows' order."""
    givers: dict[int, dict[str, int]]
    """Taker -> what it takes -> giver."""

    def of(self, row: int) -> list[int]:
        """Those of whom a row needs something."""
        return list(self.givers.get(row, {}).values())

    def rows(self) -> list[int]:
        """All who take, in canonical order."""
        return sorted(self.givers, key=lambda row: (self.names[row], row))

    def depths(self) -> dict[int, int]:
        """The step of everybody who gives or takes; step 1 is left for what is freed first."""
        depths: dict[int, int] = {}
        for row in TopologicalSorter({row: self.of(row) for row in self.rows()}).static_order():
            depths[row] = max((depths[giver] for giver in self.of(row)), default=1) + 1
        return depths


def _needs(changes: pl.DataFrame) -> _Needs:
    """Who needs what of whom; those few alone."""
    names: dict[int, str] = {}
    givers: dict[int, dict[str, int]] = {}
    for what in _UNIQUE:
        before, after = changes[f"before_{what}"], changes[f"after_{what}"]
        moves = before != after
        gives, takes = moves & (before != ""), moves & (after != "")
        if not gives.any() or not takes.any():  # a new directory, say
            continue
        key = folded if what == "email" else pl.col
        numbered = changes.with_row_index("row")
        given = where(numbered, gives).select(key=key(f"before_{what}"), giver="row", other="host_id")
        taken = where(numbered, takes).select(key=key(f"after_{what}"), taker="row", name="host_id")
        both = taken.join(given, on="key")
        if both.is_empty():
            continue
        pairs = where(both, both["taker"] != both["giver"]).sort("name", "other")
        for taker, name, giver, other in pairs[["taker", "name", "giver", "other"]].rows():
            names |= {taker: name, giver: other}
            givers.setdefault(taker, {})[what] = giver
    return _Needs(names, givers)


def _open_rings(needs: _Needs, parked: set[str]) -> dict[str, list[int]]:
    """What is freed first -> the rows that do; nobody waits for that any more in `needs`.

    One walk from taker to giver: whoever is met again on the way closes a ring, of which one need is taken
    out, and the walk goes on from where it was.
    """
    freed: dict[str, list[int]] = {what: [] for what in _UNIQUE}
    settled: set[int] = set()
    for start in needs.rows():
        path = [] if start in settled else [start]
        place = {row: at for at, row in enumerate(path)}
        while path:
            giver = next((row for row in needs.of(path[-1]) if row not in settled), None)
            if giver is None:
                settled.add(path[-1])
                del place[path.pop()]
            elif giver in place:
                what, taker = _weakest(path[place[giver] :], needs, freed, parked)
                freed[what].append(needs.givers[taker].pop(what))
                while path[-1] != taker:
                    del place[path.pop()]
            else:
                place[giver] = len(path)
                path.append(giver)
    return freed


def _weakest(
    ring: list[int], needs: _Needs, freed: dict[str, list[int]], parked: set[str]
) -> tuple[str, int]:
    """Which need of a ring to take out, and whose; each in it takes from the next.

    Whoever frees something first anyway had better free this, too. `parked` are Host IDs where nobody can be.
    """
    already = {row for rows in freed.values() for row in rows}
    *_, what, taker = min(
        (
            what == "host_id" and PARKED + needs.names[giver] in parked,
            giver not in already,
            _UNIQUE.index(what),
            needs.names[giver],
            what,
            taker,
        )
        for taker, next_ in zip(ring, [*ring[1:], ring[0]], strict=True)
        for what, giver in needs.givers[taker].items()
        if giver == next_
    )
    return what, taker


def _free_first(changes: pl.DataFrame, freed: dict[str, list[int]]) -> pl.DataFrame:
    """The changes, with one more ahead of each of those that have to free something first."""
    if not any(freed.values()):
        return changes
    numbered = changes.with_row_index("row")
    frees = {what: pl.col("row").is_in(rows) for what, rows in freed.items()}
    ahead = [
        _freeing(numbered.filter(*(frees[name] == (name in what) for name in _UNIQUE)), what)
        for what in _EXCHANGE
    ]
    later = numbered.with_columns(
        *(
            pl.when(frees[name]).then(_between(name)).otherwise(f"before_{name}").alias(f"before_{name}")
            for name in _UNIQUE
        ),
        step=pl.when(pl.any_horizontal(frees.values()) & (pl.col("step") < 2))
        .then(pl.lit(2, pl.UInt32))
        .otherwise("step"),
    )
    return pl.concat([*ahead, later]).drop("row")


def _freeing(change: pl.DataFrame, what: tuple[str, ...]) -> pl.DataFrame:
    same = [name for name in change.columns if name.startswith("before_")]
    stays = [pl.col(name).alias(name.replace("before_", "after_")) for name in same]
    return change.with_columns(
        *(stay for stay in stays if stay.meta.output_name().removeprefix("after_") not in what),
        *(_between(name).alias(f"after_{name}") for name in what),
        *(pl.col(f"after_{name}").alias(f"later_{name}") for name in what),
        action=pl.lit("rekey" if "host_id" in what else "update"),
        fields=pl.lit(" ".join(name for name in _UNIQUE if name in what)),
        reason=pl.lit(_EXCHANGE[what]),
        step=pl.lit(1, pl.UInt32),
    )


def _between(name: str) -> pl.Expr:
    """What an account has between the two steps."""
    return pl.lit("") if name == "email" else pl.lit(PARKED) + pl.col("after_host_id")
