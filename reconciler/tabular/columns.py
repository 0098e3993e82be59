"""Which header of an export is which of our fields. Pure: header and rules in, verdict out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from reconciler.config.suggest import closest
from reconciler.model import fold_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model import TableRules


class HeaderMistake(NamedTuple):
    """What is wrong with a header, and what to do."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A header held against a table's rules."""

    mapped: Mapping[str, str]
    """Our field -> the header it is read from."""
    mistakes: tuple[HeaderMistake, ...]
    ignored: tuple[str, ...]
    """Headers that the rules refuse and that nothing was read from."""


def match_columns(header: Sequence[str], rules: TableRules) -> Matched:
    """Find a header for each field of `rules`.

    The first alias that a header matches wins. One without a dot matches a header with or without
    `TABLE.`, one with a dot only the very same. A refused header is never taken for an id, unless an
    alias names it more exactly than the refusal does (`users.dcid` where `dcid` is refused).
    """
    return _match(_Asked(tuple(header), rules))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is the same for the schools of one SIS, so that it is answered once."""

    header: tuple[str, ...]
    rules: TableRules = field(hash=False)  # for it holds mappings


@lru_cache(maxsize=256)
def _match(asked: _Asked) -> Matched:
    header, rules = asked.header, asked.rules
    mapped: dict[str, str] = {}
    mistakes = []
    for ours, aliases in rules.columns.items():
        candidates = _candidates(header, ours, aliases, rules)
        alias, hits = next(candidates, ("", []))
        if len(hits) > 1:
            mistakes.append(_ambiguous(ours, alias, hits))
        if hits:
            mapped[ours] = hits[0]
    mistakes += [
        _missing(header, alternatives, rules)
        for alternatives in _required(rules)
        if not any(field in mapped for field in alternatives)
    ]
    taken = set(mapped.values())
    ignored = tuple(name for name in header if name not in taken and _refusal(name, rules))
    return Matched(mapped, tuple(mistakes), ignored)


def foreign_header(header: Sequence[str], tables: Iterable[TableRules]) -> HeaderMistake | None:
    """A mistake where no table finds anything it needs, or nearly so, in the header.

    Then one word about the file says more than one about each of its columns.
    """
    looked_for: list[str] = []
    for rules in tables:
        matched = match_columns(header, rules)
        needed = [field for alternatives in _required(rules) for field in alternatives]
        looked_for += [alias for field in needed for alias in rules.columns.get(field, ())]
        if matched.ignored or any(field in matched.mapped for field in needed):
            return None
    if not looked_for or _nearest(header, looked_for):
        return None
    return HeaderMistake(
        f"none of the columns is here; looked for {', '.join(dict.fromkeys(looked_for))}",
        "see that this is the right file, and that its first line holds the names of its columns",
    )


def duplicate_headers(header: Sequence[str]) -> list[HeaderMistake]:
    """A mistake for each header that stands there more than once, whatever its case."""
    places: dict[str, list[int]] = {}
    for number, name in enumerate(header, start=1):
        if name:
            places.setdefault(fold_header(name), []).append(number)
    return [
        HeaderMistake(
            f"columns {' and '.join(str(number) for number in numbers)} have the same header,"
            f" {header[numbers[0] - 1]}",
            "export it once",
        )
        for numbers in places.values()
        if len(numbers) > 1
    ]


def _candidates(
    header: Sequence[str], field: str, aliases: Iterable[str], rules: TableRules
) -> Iterator[tuple[str, list[str]]]:
    """Each alias that something matches, best first, with the headers that match it."""
    for alias in aliases:
        hits = [name for name in header if _matches(alias, name)]
        if field == "id" or field.endswith("_id"):
            hits = [name for name in hits if not _is_refused(name, alias, rules)]
        if hits:
            yield alias, hits


def _matches(alias: str, name: str) -> bool:
    alias, name = fold_header(alias), fold_header(name)
    return alias == name or ("." not in alias and alias == name.rpartition(".")[2])


def _is_refused(name: str, alias: str, rules: TableRules) -> bool:
    refusal = _refusal(name, rules)
    return bool(refusal) and ("." in refusal or "." not in alias)


def _refusal(name: str, rules: TableRules) -> str:
    """The entry of `refuse` that a header falls under, the most exact one, or ''."""
    entries = [entry for entry in rules.refuse if _matches(entry, name)]
    return max(entries, key=lambda entry: "." in entry, default="")


def _required(rules: TableRules) -> Iterator[tuple[str, ...]]:
    yield from rules.required
    if rules.having and (rules.having,) not in rules.required:
        yield (rules.having,)


def _ambiguous(field: str, alias: str, hits: Sequence[str]) -> HeaderMistake:
    return HeaderMistake(
        f"{' and '.join(hits)} could each be {field!r} ({alias})",
        "leave out all but one, or name the right one with its table in the rules for this table's columns",
    )


def _missing(header: Sequence[str], alternatives: Sequence[str], rules: TableRules) -> HeaderMistake:
    looked_for = [alias for field in alternatives for alias in rules.columns.get(field, ())]
    hints = [f"looked for {', '.join(looked_for)}"]
    refused = {name: rules.refuse[entry] for name in header if (entry := _refusal(name, rules))}
    if "id" in alternatives and refused:
        hints += [f"found {name}, which is refused: {why}" for name, why in refused.items()]
    elif near := _nearest(header, looked_for):
        hints.append(f"the nearest found: {', '.join(near)}")
    return HeaderMistake(
        f"no column for {' or '.join(repr(field) for field in alternatives)}", "; ".join(hints)
    )


def _nearest(header: Sequence[str], looked_for: Sequence[str]) -> list[str]:
    # Without its header line a file has a person where the names should be: no e-mail goes into a message.
    bare = {fold_header(name).rpartition(".")[2]: name for name in header if "@" not in name}
    near = [closest(fold_header(alias).rpartition(".")[2], bare) for alias in looked_for]
    return list(dict.fromkeys(bare[name] for name in near if name))
