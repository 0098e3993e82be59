"""Merged settings, found to be right -> School."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.config.check_groups import grade_numbers
from reconciler.config.effective import effective_settings, settings_digest
from reconciler.config.fields import DELIMITERS, LEAVING_CAUSES, LIST_SETTINGS, TARGETS_BY_URL
from reconciler.model import (
    DEFAULT_DRIFT,
    DEFAULT_GUARDS,
    DEFAULT_MINIMUM,
    NONE_ALLOWED,
    Calendar,
    EmailSettings,
    ExcludeSettings,
    GradeLevel,
    Grades,
    GroupSettings,
    GroupTemplate,
    IdentitySettings,
    LettersSettings,
    Limit,
    MemberRules,
    ParentSettings,
    PlanSettings,
    PreflightSettings,
    ProtectedSettings,
    RowFilter,
    School,
    SchoolYear,
    ScimSettings,
    SourceFile,
    SourceSettings,
    TableRules,
    TargetSettings,
    Window,
    fold_header,
)
from reconciler.model.settings import Division

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.config.merge import Settings


def build_school(settings: Settings, path: Path, rule_sets: Mapping[str, str]) -> School:
    """The School of a file at `path`; `rule_sets` holds the digest of each rule set that it extends.

    Settings that are not there keep the defaults of their types.
    """
    get = settings.get
    source = _source(settings)
    effective = effective_settings(settings, source)
    return School(
        id=path.stem,
        file=str(path),
        name=str(get("name")),
        sis=str(get("sis")),
        school_year=SchoolYear.parse(str(get("school_year"))),
        source=source,
        target=_target(settings),
        members={
            name: MemberRules(**_text_values(rules)) for name, rules in settings.table("members").items()
        },
        tables={name: _table(rules) for name, rules in settings.table("tables").items()},
        grades=_grades(settings),
        user_types=_text_values(settings.table("user_types")),
        leaving={fold_header(status): cause for status, cause in settings.table("leaving", "status").items()},
        school_ids=tuple(settings.texts("school_ids")),
        groups=_groups(settings),
        email=EmailSettings(**_chosen(settings.table("email"), "students", "activated")),
        exclude=ExcludeSettings(**_chosen(settings.table("exclude"), "existing")),
        letters=_letters(settings),
        identity=_identity(settings.table("identity")),
        onboarding=str(get("onboarding") or "new"),
        parents=ParentSettings(**_parents(settings.table("parents"))),
        blank=settings.table("blank"),
        leavers=_leavers(get("leavers")),
        guards=_guards(settings),
        protected=ProtectedSettings(
            **{key: tuple(map(str, texts)) for key, texts in settings.table("protected").items()}
        ),
        calendar=Calendar(
            **{kind: _windows(entries) for kind, entries in settings.table("calendar").items()}
        ),
        preflight=_preflight(settings),
        plan=PlanSettings(_days(get("plan", "max_age"), default=7)),
        retention_days=_days(get("retention"), default=400),
        settings_digest=settings_digest(effective),
        rule_set_digests=dict(rule_sets),
        effective=effective,
        **_chosen(settings.data, "sync"),
    )


def _source(settings: Settings) -> SourceSettings:
    folder = Path(_located(settings, ("source", "path"))) if settings.get("source", "path") else None
    files = {}
    for name, entry in settings.table("source", "files").items():
        options = entry if isinstance(entry, dict) else {"file": entry}
        written = str(options["file"])
        base = folder or settings.origin(("source", "files")).file.folder
        delimiter = options.get("delimiter") or ""
        files[name] = SourceFile(
            name=written,
            path=str(base / written),
            delimiter=DELIMITERS.get(delimiter, delimiter),
            **_chosen(options, "encoding", "quoting", "allow_empty"),
        )
    for name, path in LIST_SETTINGS.items():
        if written := settings.get(*path):
            entry = written if isinstance(written, dict) else {"file": written}
            where = settings.origin(path).file.folder / str(entry["file"])
            files[name] = SourceFile(
                str(entry["file"]), str(where), allow_empty=True, sha256=str(entry.get("sha256", ""))
            )
    kind = str(settings.get("source", "kind"))
    return SourceSettings(
        kind,
        files,
        str(folder or ""),
        url=str(settings.get("source", "url") or ""),
        token_url=str(settings.get("source", "token_url") or ""),
        scope=str(settings.get("source", "scope") or ""),
        credentials=str(settings.get("source", "credentials") or kind.upper()),
    )


def _target(settings: Settings) -> TargetSettings:
    written = settings.table("target")
    kind = str(written["kind"])
    return TargetSettings(
        kind,
        _located(settings, ("target", "path")) if "path" in written else "",
        credentials=str(written.get("credentials") or kind.upper()) if kind in TARGETS_BY_URL else "",
        scim=ScimSettings(
            **_chosen(written, "user_name", "extension", "category_in_name", "paging", "page_size"),
            **_chosen(written, "members", "members_per_patch", "single_remove", "etag"),
        ),
        **_text_values({key: written[key] for key in ("url", "token_url", "scope") if key in written}),
    )


def _located(settings: Settings, path: tuple[str, ...]) -> str:
    """A path in a setting, relative to the file that says it."""
    return str(settings.origin(path).file.folder / str(settings.get(*path)))


def _table(rules: Mapping[str, Any]) -> TableRules:
    return TableRules(
        columns={name: _folded(aliases) for name, aliases in (rules.get("columns") or {}).items()},
        required=tuple(tuple(str(name) for name in names) for names in rules.get("required") or []),
        refuse={fold_header(header): str(why) for header, why in (rules.get("refuse") or {}).items()},
        filters={name: _filter(name, rule) for name, rule in (rules.get("filters") or {}).items()},
        having=str(rules.get("having") or ""),
        sparse=bool(rules.get("sparse")),
        parts={name: _table(part) for name, part in (rules.get("parts") or {}).items()},
    )


def _filter(name: str, rule: Mapping[str, Any]) -> RowFilter:
    known = str(rule.get("known", ""))
    return RowFilter(name, _folded(rule["in"]), known, **_chosen(rule, "required"))


def _grades(settings: Settings) -> Grades:
    levels = tuple(
        GradeLevel(int(number), str(level["label"]), _folded(level["values"]))
        for number, level in sorted(settings.table("grades", "levels").items(), key=lambda item: int(item[0]))
    )
    return Grades(levels, **_chosen(settings.table("grades"), "final"))


def _groups(settings: Settings) -> GroupSettings:
    groups = settings.table("groups")
    numbers = grade_numbers(settings)
    return GroupSettings(
        templates={
            kind: GroupTemplate(**_text_values(template))
            for kind, template in settings.table("groups", "templates").items()
            if len(template) == 2
        },
        divisions=tuple(
            Division(name, *(numbers[fold_header(str(ends[key]))] for key in ("from", "to")))
            for name, ends in settings.table("groups", "divisions").items()
        ),
        school_names=_text_values(settings.table("groups", "school_names")),
        **_tuples(groups, "mapping", "parents_follow"),
        **_chosen(groups, "grade_from", "names", "retired", "adopt", "per_school"),
    )


def _letters(settings: Settings) -> LettersSettings:
    written = settings.get("letters", "template")
    return LettersSettings(
        template=_located(settings, ("letters", "template")) if written else "",
        reply_to=str(settings.get("letters", "reply_to") or ""),
    )


def _identity(identity: Mapping[str, Any]) -> IdentitySettings:
    before = {
        member: tuple(map(str, prefixes or ()))
        for member, prefixes in (identity.get("previous_prefixes") or {}).items()
    }
    return IdentitySettings(previous_prefixes=before, **_chosen(identity, "merge_staff_parents"))


def _parents(parents: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    folded = {key: _folded(parents[key]) for key in ("relationships", "yes") if key in parents}
    return folded | _tuples(parents, "any_of")


def _leavers(leavers: str | dict[str, str] | None) -> Mapping[str, str]:
    if isinstance(leavers, str):
        return dict.fromkeys(LEAVING_CAUSES, leavers)
    return leavers or {}


def _guards(settings: Settings) -> dict[str, Limit | None]:
    limits = {
        guard: _limit(settings.get("guards", *guard.split(".")), default)
        for guard, default in DEFAULT_GUARDS.items()
    }
    # Of a school that returns, the reviewed crosswalk says who gets another Host ID.
    returns = settings.get("onboarding") == "returning"
    return {**limits, "users.rekey": None} if returns else limits


def _windows(entries: Iterable[Mapping[str, Any]] | None) -> tuple[Window, ...]:
    return tuple(
        Window(
            str(entry["from"]),
            str(entry["to"]),
            {
                guard: _limit(entry["guards"][kind][action], DEFAULT_GUARDS[guard])
                for guard in DEFAULT_GUARDS
                for kind, action in [guard.split(".")]
                if action in ((entry.get("guards") or {}).get(kind) or {})
            },
        )
        for entry in entries or []
    )


def _preflight(settings: Settings) -> PreflightSettings:
    written = settings.table("preflight")
    return PreflightSettings(
        drop=_limit(written.get("drop"), DEFAULT_DRIFT),
        blank=_limit(written.get("blank"), DEFAULT_DRIFT),
        minimum={**DEFAULT_MINIMUM, **settings.table("preflight", "minimum")},
        **_chosen(written, "older"),
    )


def _limit(written: Mapping[str, int] | str | int | None, default: Limit | None) -> Limit | None:
    """A guard's limit; what is not written is the default's, so that a part of it can be set alone."""
    if isinstance(written, str):
        return None
    if isinstance(written, int):
        return NONE_ALLOWED
    return replace(default or NONE_ALLOWED, **(written or {}))


def _days(time: str | None, *, default: float) -> float:
    """A time in days or hours as a number of days."""
    if time is None:
        return default
    number = float(time.strip().rstrip("dayshour").strip())
    return number / (24 if "h" in time else 1)


def _folded(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(fold_header(str(value)) for value in values)


def _tuples(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: tuple(mapping[key]) for key in keys if key in mapping}


def _text_values(mapping: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in mapping.items()}


def _chosen(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Those settings that are there, for a type's own defaults to fill in the rest."""
    return {key: mapping[key] for key in keys if key in mapping}
