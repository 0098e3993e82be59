"""The target of a school, from settings that were found to be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.config.fields import TARGETS
from reconciler.model import EXPORTS, SHEETS, ScimSettings, SheetSettings, TargetSettings, fold_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.config.merge import Settings

_SCIM = (
    *("user_name", "extension", "category_in_name", "paging", "page_size"),
    *("members", "members_per_patch", "single_remove", "etag"),
)


def build_target(settings: Settings) -> TargetSettings:
    """The target, with the settings that its kind has."""
    written = settings.table("target")
    kind = str(written["kind"])
    path = settings.located("target", "path") if written.get("path") else ""
    if kind == "sheets":
        return TargetSettings(
            kind,
            path,
            exports={
                export: settings.located("target", "exports", export)
                for export in settings.table("target", "exports")
            },
            sheets=_sheets(settings),
            user_types={member: str(word) for member, word in settings.table("user_types").items()},
        )
    if "url" not in TARGETS[kind]:
        return TargetSettings(kind, path)
    chosen: dict[str, Any] = {key: written[key] for key in _SCIM if key in written}
    return TargetSettings(
        kind,
        url=str(written["url"]),
        credentials=str(written.get("credentials") or kind.upper()),
        token_url=str(written.get("token_url") or ""),
        scope=str(written.get("scope") or ""),
        scim=ScimSettings(**chosen),
    )


def _sheets(settings: Settings) -> SheetSettings:
    known = settings.table("sheets")
    given = {key: known[key] for key in ("rows", "blank_clears") if known.get(key) is not None}
    if "yes" in known:
        given["yes"] = _folded(known["yes"])
    return SheetSettings(
        exports={
            export: {
                field: _folded(captions)
                for field, captions in settings.table("sheets", "exports", export).items()
            }
            for export in EXPORTS
        },
        user_types=_by_word(settings.table("sheets", "user_types")),
        statuses=_by_word(settings.table("sheets", "statuses")),
        columns={
            sheet: {
                caption: str(field) for caption, field in settings.table("sheets", "columns", sheet).items()
            }
            for sheet in SHEETS
        },
        **given,
    )


def _folded(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(fold_header(str(value)) for value in values)


def _by_word(words: Mapping[str, object]) -> dict[str, str]:
    return {fold_header(word): str(meaning) for word, meaning in words.items()}
