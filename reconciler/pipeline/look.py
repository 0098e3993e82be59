"""What a school is like, beyond its plan: why somebody is as they are, and who shares an address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError
from reconciler.pipeline.places import day_of, target_of
from reconciler.pipeline.stages import work_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from reconciler.explain import Evidence
    from reconciler.model import Directory, Explanation, Family, School, SeenTable, TableInfo, Tables
    from reconciler.pipeline.stages import Worked

_SAMPLES = 3
_LONGEST = 40
"""Values that are shown of a column, and signs of each."""


def explain(school: School, name: str) -> Explanation:
    """Why somebody (a Host ID, or an id of the SIS) or a group (its key, or `category/name`) is as it is.

    Raises:
        ReconcileError: the sources or the directory cannot be read whole, or nobody knows that name.
    """
    from reconciler.explain import (  # noqa: PLC0415 - polars loads slowly
        explain_group,
        explain_person,
        find_group,
        host_ids_of,
    )

    meant = host_ids_of(school, name)
    evidence = _gather(school, meant)
    if key := find_group(evidence, name):
        return explain_group(evidence, key)
    return explain_person(evidence, _who(evidence, name, meant))


def _gather(school: School, host_ids: Sequence[str]) -> Evidence:
    """All that there is about these people, and the groups."""
    from reconciler.explain import Evidence  # noqa: PLC0415 - polars loads slowly
    from reconciler.roster import tell_rows  # noqa: PLC0415

    tables, current, worked = _work_through(school)
    rows, links = tell_rows(tables, school, host_ids)
    return Evidence(
        school,
        worked.roster,
        worked.desired,
        current,
        worked.resolution,
        worked.changes,
        worked.findings,
        rows,
        links,
    )


def _who(evidence: Evidence, name: str, meant: Sequence[str]) -> str:
    """The Host ID that is meant, of those that `name` may be."""
    from reconciler.views.names import NOBODY, without_addresses  # noqa: PLC0415 - polars loads slowly

    accounts = evidence.current.users["host_id"]
    known = {*evidence.rows["host_id"], *evidence.links["parent_host_id"]}
    known |= {*evidence.roster.crosswalk["old_host_id"], *accounts.filter(accounts.is_in(meant))}
    known |= set(evidence.findings["host_id"])  # as of a list that names somebody whom no export has
    found = [one for one in meant if one in known]
    if len(found) == 1 or name in found:
        return name if name in found else found[0]
    school = evidence.school.id
    if found:
        raise ReconcileError(f"{school}: {name} may be {' or '.join(found)}; say which")
    looked_for = f"{name!r} (looked for {', '.join(meant)})"
    raise ReconcileError(
        f"{school}: no row of an export, no account and no group is called"
        f" {without_addresses(looked_for, NOBODY)}"
    )


def _work_through(school: School) -> tuple[Tables, Directory, Worked]:
    """Both sides as they are today, and what the stages make of them."""
    from reconciler.frames import FINDINGS, empty  # noqa: PLC0415 - polars loads slowly
    from reconciler.sources import open_source  # noqa: PLC0415

    target = target_of(school)
    info, current = target.snapshot()
    tables = open_source(school).read()
    worked = work_through(
        school,
        tables,
        info,
        current,
        target.capabilities,
        empty(FINDINGS),
        today=day_of(datetime.now(UTC)),
        additions_only=False,
    )
    return tables, current, worked


def families_of(school: School) -> tuple[Family, ...]:
    """The families that share an e-mail address, with the parents' children.

    Raises:
        ReconcileError: the sources or the directory cannot be read whole.
    """
    from reconciler.letters import families  # noqa: PLC0415 - polars loads slowly

    _, _, worked = _work_through(school)
    return families(worked.findings, worked.roster.people, worked.roster.relationships)


def look_at_sources(school: School) -> list[SeenTable]:
    """What each table has, without anybody's values.

    Raises:
        InputError: something cannot be read whole.
    """
    from reconciler.model import LIST_TABLES  # noqa: PLC0415 - polars loads slowly
    from reconciler.sources import open_source  # noqa: PLC0415

    tables = open_source(school).read()
    return [
        _seen(name, tables.frames[name], info, school)
        for name, info in tables.info.items()
        if name not in LIST_TABLES
    ]


def _seen(name: str, frame: pl.DataFrame, info: TableInfo, school: School) -> SeenTable:
    from reconciler.model import SeenField, SeenTable  # noqa: PLC0415

    fields = tuple(
        SeenField(field, header, frame.filter(frame[field] == "").height, _shapes(frame[field]))
        for field, header in info.mapped.items()
    )
    parts = {
        **school.tables,
        **{part: rules for one in school.tables.values() for part, rules in one.parts.items()},
    }
    known = parts[name].columns if name in parts else {}
    missing = tuple(field for field in known if field not in info.mapped)
    read = set(info.mapped.values())
    unread = tuple(header for header in info.header if header and header not in read)
    return SeenTable(name, info.file, frame.height, info.encoding, info.modified, fields, missing, unread)


def _shapes(values: pl.Series) -> tuple[str, ...]:
    """What the first values look like: `Xxxx`, `xxxx@xxxxxxx.xxx`, `999999`."""
    some = values.filter(values != "").head(_SAMPLES)
    return tuple("".join(map(_hidden, value[:_LONGEST])) for value in some)


def _hidden(sign: str) -> str:
    if sign.isdigit():
        return "9"
    if sign.isalpha():
        return "X" if sign.isupper() else "x"
    return sign


def accounts_of(school: School) -> set[str]:
    """The Host IDs of all accounts of a school's directory.

    Raises:
        ReconcileError: the directory cannot be read whole.
    """
    _, current = target_of(school).snapshot()
    return set(current.users["host_id"]) - {""}
