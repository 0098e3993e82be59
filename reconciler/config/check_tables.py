"""Whether the merged settings say where each member type comes from, and how its tables are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.config.addresses import fault_beside, fault_of, fault_of_server, is_address, join_address
from reconciler.config.document import show
from reconciler.config.fields import APIS, FIELD_NAMES, GIVEN, TABLE_NAMES
from reconciler.config.suggest import closest, did_you_mean
from reconciler.model import MEMBER_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.config.document import KeyPath
    from reconciler.config.merge import Settings

_EXTEND = "extend the rule set of the school's SIS (extends: [powerschool, vidigami-v2]), or add it"
_PLACES = {
    "path": "the bundle: a folder, or a zip archive",
    "url": "the address of the server",
    "token_url": "the address where the server's vendor gives tokens",
}


def check_tables(settings: Settings) -> None:
    """Note what is missing or contradictory in source.files, members and tables."""
    if not settings.get("sis"):
        settings.note(("sis",), "missing", _EXTEND)
    for path, rules in table_rules(settings):
        _check_table(settings, path, rules)
    _check_addresses(settings)
    _check_files(settings)
    if not settings.table("members"):
        settings.note(("members",), "missing", _EXTEND)
    for member_type in MEMBER_TYPES if settings.table("members") else ():
        _check_member(settings, member_type)


def table_rules(settings: Settings) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Path and rules of every table that has columns, parts of a file among them."""
    for name, rules in settings.table("tables").items():
        parts = rules.get("parts") or {}
        if not parts or rules.get("columns"):
            yield ("tables", name), rules
        for part, part_rules in parts.items():
            yield ("tables", name, "parts", part), part_rules


def provided_tables(settings: Settings) -> dict[str, str]:
    """Logical table -> the key of source.files that supplies it."""
    bundle = GIVEN.get(str(settings.get("source", "kind")), ())
    provided: dict[str, str] = dict(zip(bundle, bundle, strict=True))
    for name in settings.table("source", "files"):
        rules = settings.table("tables", name)
        provided |= dict.fromkeys(rules.get("parts") or {}, name)
        if rules.get("columns") or not rules.get("parts"):
            provided[name] = name
    return provided


def _check_table(settings: Settings, path: tuple[str, ...], rules: dict[str, Any]) -> None:
    if path[-1] not in TABLE_NAMES:
        hint = did_you_mean(path[-1], TABLE_NAMES) or f"known are {', '.join(TABLE_NAMES)}"
        settings.note(path, "unknown table", hint, key=True)
        return
    columns = rules.get("columns") or {}
    if not columns:
        settings.note((*path, "columns"), "missing", "say which headers hold which field", at=path)
        return
    filters, required = rules.get("filters") or {}, rules.get("required") or []
    having = rules.get("having")
    used = {*filters, having, *(str(name) for names in required for name in names)}
    for name in columns:
        if name not in FIELD_NAMES and name not in used:
            hint = did_you_mean(name, FIELD_NAMES) or "a field of your own needs a filter on it"
            settings.note((*path, "columns", name), "unknown field", hint, key=True)
    for name, rule in filters.items():
        _check_field(settings, (*path, "filters", name), name, columns)
        if not rule.get("in"):
            settings.note((*path, "filters", name, "in"), "missing", "list the values that count")
    _check_required(settings, path, required, columns)
    if having:
        _check_field(settings, (*path, "having"), str(having), columns)


def _check_required(
    settings: Settings, path: tuple[str, ...], required: list[list[object]], columns: dict[str, Any]
) -> None:
    for index, alternatives in enumerate(required):
        names = [str(name) for name in alternatives]
        for name in names:
            # An alternative whose field a school took out leaves the others.
            if (*path, "columns", name) not in settings.removed or not columns.keys() & set(names):
                _check_field(settings, (*path, "required"), name, columns, index=index)


def _check_field(
    settings: Settings, path: KeyPath, name: str, columns: dict[str, Any], index: int | None = None
) -> None:
    if name not in columns:
        hint = did_you_mean(name, columns) or "say in columns which headers hold it"
        at = path if index is None else (*path, index)
        settings.note(
            path, f"{show(name)} is not one of the table's fields", hint, at=at, key=path[-1] == name
        )


def _check_addresses(settings: Settings) -> None:
    """Exports on other machines: where they are has to be clear, and no secret."""
    folder = str(settings.get("source", "path") or "")
    named: list[tuple[KeyPath, str]] = [(("source", "path"), folder)]
    for name, entry in settings.table("source", "files").items():
        written = str(entry.get("file") if isinstance(entry, dict) else entry)
        within = is_address(folder) and not is_address(written) and not fault_of(folder)
        named.append((("source", "files", name), join_address(folder, written) if within else written))
    first = ""
    for path, written in named:
        if is_address(written):
            if fault := fault_of(written) or fault_beside(first, written):
                settings.note_unshown(path, *fault)
            else:
                first = first or written


def _check_files(settings: Settings) -> None:
    tables = settings.table("tables")
    kind = str(settings.get("source", "kind"))
    if kind in GIVEN:
        _check_place(settings, kind)
        return
    if kind == "files" and not settings.table("source", "files"):
        settings.note(("source", "files"), "missing", "say which file holds which table")
    suppliers: dict[str, str] = {}
    for name in settings.table("source", "files"):
        path = ("source", "files", name)
        if tables and name not in tables:
            hint = did_you_mean(name, tables) or f"known are {', '.join(tables)}"
            settings.note(path, "unknown table", hint, key=True)
            settings.taints.add(("source", "files", closest(name, tables)))
        for table in [*(settings.table("tables", name, "parts")), name]:
            if (other := suppliers.setdefault(table, name)) != name:
                message = f"the table {table} comes from '{other}' already"
                settings.note(path, message, "take one of the two files out", key=True)


def _check_place(settings: Settings, kind: str) -> None:
    """A source that knows its own tables needs settings for one thing alone: where it is."""
    for key in APIS.get(kind, ("path",)):
        if not settings.get("source", key):
            settings.note(("source", key), "missing", f"name {_PLACES[key]}", at=("source",))
    for key in ("url", "token_url"):
        if fault := fault_of_server(str(settings.get("source", key) or "")):
            settings.note(("source", key), *fault)
    if settings.table("source", "files"):
        message = f"a source of the kind {kind} has none"
        settings.note(("source", "files"), message, "leave it out", key=True)


def _check_member(settings: Settings, member_type: str) -> None:
    path = ("members", member_type)
    if settings.get(*path) is None:
        if member_type == "student":
            settings.note(path, "missing", _EXTEND)
        elif path not in settings.removed:
            none = f"members: {{{member_type}: null}}"
            settings.note(path, "missing", f"{_EXTEND}; a school without them says so: {none}")
        return
    for key, meaning in (("table", "the table that lists them"), ("id_pattern", "what an id looks like")):
        if settings.get(*path, key) is None:
            settings.note((*path, key), "missing", f"add it: {meaning}")
    if settings.get(*path, "prefix") is None:
        settings.note((*path, "prefix"), "missing", "add it; '' stands for none")
    if settings.get(*path, "table") is not None:
        _check_supplied(settings, member_type, str(settings.get(*path, "table")))


def _check_supplied(settings: Settings, member_type: str, table: str) -> None:
    path = ("members", member_type)
    known = [rules_path[-1] for rules_path, _ in table_rules(settings)]
    if table not in known:
        hint = did_you_mean(table, known) or f"known are {', '.join(known) or 'none'}"
        settings.note((*path, "table"), f"{settings.shown((*path, 'table'))} is not a table", hint)
        return
    none = (
        f"; or take the member type out with members: {{{member_type}: null}}"
        if member_type != "student"
        else ""
    )
    needed = [table, "contacts"] if member_type == "parent" and "contacts" in known else [table]
    for name in needed:
        if name not in provided_tables(settings):
            message = f"missing, and it says who the {_PLURALS[member_type]} are"
            settings.note(("source", "files", name), message, f"name the file{none}")


_PLURALS = {"student": "students", "staff": "staff", "parent": "parents"}
