"""Whether the merged settings say where the directory is, and nothing that its kind has no use for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.config.addresses import fault_of_server
from reconciler.config.fields import TARGETS
from reconciler.model import SHEETS

if TYPE_CHECKING:
    from reconciler.config.merge import Settings

_PLACES = {
    "embedded": "name the file of the directory",
    "scim": "name the address of the server",
    "sheets": "name the folder in which sheets are handed over",
}
_EXTEND = "extend vidigami-v2 or vidigami-v3, or add it"


def check_target(settings: Settings) -> None:
    """Note what is missing or contradictory in target, and in sheets where these are what is written."""
    kind = str(settings.get("target", "kind"))
    if kind not in TARGETS:
        return
    where, *_ = known = TARGETS[kind]
    if not settings.get("target", where) and ("target", where) not in settings.taints:
        settings.note(("target", where), "missing", _PLACES[kind], at=("target",))
    for key in settings.table("target"):
        if key not in ("kind", *known):
            settings.note(("target", key), f"a target of the kind {kind} has none", "leave it out", key=True)
    for key in ("url", "token_url"):
        if fault := fault_of_server(str(settings.get("target", key) or "")):
            settings.note(("target", key), *fault)
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
