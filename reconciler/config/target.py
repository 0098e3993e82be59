"""Where the directory is: what each kind of target needs, and the settings that it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import EXPORTS, SHEETS, SheetSettings, TargetSettings, fold_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.config.merge import Settings

_NEEDED = {
    "embedded": {"path": "name the file of the directory"},
    "sheets": {"path": "name the folder in which sheets are handed over"},
}
"""Kind -> the settings that it cannot do without."""
_OWN = {"sheets": ("exports",)}
"""Kind -> the settings that it alone has."""
_EXTEND = "extend vidigami-v2 or vidigami-v3, or add it"


def check_target(settings: Settings) -> None:
    """Note what is missing or has no meaning in target and sheets."""
    kind = str(settings.get("target", "kind"))
    for key, hint in _NEEDED.get(kind, {}).items():
        if not settings.get("target", key):
            settings.note(("target", key), "missing", hint, at=("target",))
    for other, keys in _OWN.items():
        for key in keys if other != kind else ():
            if settings.get("target", key) is not None:
                message = f"a target of the kind {kind} has none"
                settings.note(("target", key), message, f"leave it out; it belongs to {other}", key=True)
    if kind == "sheets":
        _check_sheets(settings)


def _check_sheets(settings: Settings) -> None:
    """The captions of whatever is read and written."""
    for export in settings.table("target", "exports"):
        if not settings.table("sheets", "exports", export):
            settings.note(("sheets", "exports", export), "missing", _EXTEND)
    if settings.table("target", "exports") and not settings.get("sheets", "exports", "users", "host_id"):
        settings.note(("sheets", "exports", "users", "host_id"), "missing", _EXTEND)
    for sheet in SHEETS:
        if not settings.table("sheets", "columns", sheet):
            settings.note(("sheets", "columns", sheet), "missing", _EXTEND)


def build_target(settings: Settings) -> TargetSettings:
    """The target of settings that were found to be right."""
    kind = str(settings.get("target", "kind"))
    path = settings.located("target", "path") if settings.get("target", "path") else ""
    if kind != "sheets":
        return TargetSettings(kind, path)
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
