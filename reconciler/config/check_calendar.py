"""Whether the windows of the calendar are days that there are, and the tables of the preflight tables."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.config.fields import TABLE_NAMES
from reconciler.config.suggest import did_you_mean

if TYPE_CHECKING:
    from reconciler.config.document import KeyPath
    from reconciler.config.merge import Settings


def check_calendar(settings: Settings) -> None:
    """Note each day that no calendar has, each window that ends before it begins, and each unknown table."""
    for kind, windows in settings.table("calendar").items():
        for index, window in enumerate(windows):
            _check_window(settings, ("calendar", kind, index), window)
    for table in settings.table("preflight", "minimum"):
        if table not in TABLE_NAMES:
            hint = did_you_mean(table, TABLE_NAMES) or f"known are {', '.join(TABLE_NAMES)}"
            settings.note(("preflight", "minimum", table), "no such table", hint, key=True)


def _check_window(settings: Settings, path: KeyPath, window: dict[str, Any]) -> None:
    days: dict[str, date] = {}
    for end in ("from", "to"):
        try:
            days[end] = date.fromisoformat(window[end])
        except ValueError:
            settings.note((*path, end), f"there is no day {window[end]}", "write it as 2026-07-01")
    if len(days) == 2 and days["to"] < days["from"]:
        settings.note((*path, "to"), f"{window['to']} comes before {window['from']}", "turn them round")
