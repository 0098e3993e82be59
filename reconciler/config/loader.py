"""A school's YAML file, and the rule sets that it extends -> School."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.build import build_school
from reconciler.config.check_calendar import check_calendar
from reconciler.config.check_groups import check_groups
from reconciler.config.check_tables import check_tables
from reconciler.config.check_target import check_target
from reconciler.config.merge import lay_over, merge
from reconciler.config.patterns import check_patterns
from reconciler.config.reader import is_file, read_document
from reconciler.config.resources import rule_set_file, rule_set_names
from reconciler.config.schema_check import check_schema
from reconciler.config.suggest import did_you_mean
from reconciler.errors import InputError, Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from reconciler.config.document import Document
    from reconciler.model import School


def load_school(path: Path, env: Mapping[str, str], rules: Path | None = None) -> School:
    """Read a school's file; `${NAME}` in it takes its value from `env`.

    Rule sets that are named, not located, come from the folder `rules`, by default from this package's own.

    Raises:
        InputError: all mistakes of the file and of the rule sets that it extends.
    """
    school = _read(path, str(path), "school", env)
    rule_sets, whole = _rule_sets(school, env, rules)
    mistakes = [mistake for document in (*rule_sets.values(), school) for mistake in document.mistakes]
    settings = lay_over(merge(*rule_sets.values()), school)
    if whole:
        # Without one of its rule sets everything would seem to be missing.
        check_tables(settings)
        check_groups(settings)
        check_calendar(settings)
        check_target(settings)
    if mistakes := mistakes + settings.mistakes:
        raise InputError(mistakes)
    return build_school(settings, path, {name: one.file.digest for name, one in rule_sets.items()})


def rule_set_paths(path: Path, env: Mapping[str, str]) -> list[Path]:
    """The file of each rule set that the school at `path` extends.

    Raises:
        InputError: the school's file cannot be read.
    """
    school = read_document(path, str(path), env)
    return [
        path.parent / entry if entry.endswith(".yaml") else Path(str(rule_set_file(entry)))
        for entry in school.data.get("extends", [])
    ]


def validate_file(path: Path, env: Mapping[str, str]) -> list[Mistake]:
    """All mistakes of one file: a school, or a rule set, which says `rule_set:` at its top level."""
    try:
        document = read_document(path, str(path), env)
        if "rule_set" not in document.data:
            load_school(path, env)
            return []
        _check(document, "ruleset")
    except InputError as error:
        return error.mistakes
    return document.mistakes


def _read(path: Traversable, file: str, schema: str, env: Mapping[str, str]) -> Document:
    document = read_document(path, file, env)
    _check(document, schema)
    return document


def _check(document: Document, schema: str) -> None:
    check_schema(document, schema)
    check_patterns(document)


def _rule_sets(
    school: Document, env: Mapping[str, str], rules: Path | None
) -> tuple[dict[str, Document], bool]:
    """The rule sets that a school extends, in its order, and whether all of them could be read."""
    extends = school.data.get("extends", [])
    if any(taint[:1] == ("extends",) for taint in school.taints):
        return {}, False
    found: dict[str, Document] = {}
    whole = True
    for index, entry in enumerate(extends):
        document = _rule_set(school, index, entry, env, rules)
        if document is None:
            whole = False
            continue
        name = str(document.data.get("rule_set", entry))
        if name in found:
            school.note(("extends", index), f"the rule set '{name}' stands twice", "take one out")
        found.setdefault(name, document)
    return found, whole


def _rule_set(
    school: Document, index: int, entry: str, env: Mapping[str, str], rules: Path | None
) -> Document | None:
    path = ("extends", index)
    if rules and is_file(rules / f"{entry}.yaml"):
        return _read(rules / f"{entry}.yaml", f"rules/{entry}.yaml", "ruleset", {})
    if not entry.endswith(".yaml"):
        if entry in _shipped():
            return _shipped_rule_set(entry)
        hint = did_you_mean(entry, _shipped()) or f"known are {', '.join(_shipped())}"
        school.note(path, f"{school.shown(path, entry)} is not a rule set", hint)
        return None
    file = school.file.folder / entry
    if not is_file(file):
        school.note(path, f"no such file {school.shown(path, entry)}", "the path is relative to this file")
        return None
    try:
        return _read(file, str(file), "ruleset", env)
    except InputError as error:
        school.mistakes += error.mistakes
        return None


@cache
def _shipped() -> tuple[str, ...]:
    return rule_set_names()


@cache
def _shipped_rule_set(name: str) -> Document:
    """Read once for all schools: it comes with the package, and takes nothing from the environment."""
    return _read(rule_set_file(name), f"rules/{name}.yaml", "ruleset", {})
