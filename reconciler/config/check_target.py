"""Whether the merged settings say where the directory is, and nothing that its kind has no use for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.config.fields import TARGETS_BY_URL

if TYPE_CHECKING:
    from reconciler.config.merge import Settings

_PLACES = {"path": "the directory's file, relative to this file", "url": "the address of the server"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_target(settings: Settings) -> None:
    """Note what is missing or contradictory in target."""
    kind = settings.get("target", "kind")
    if kind is None:
        return
    known = TARGETS_BY_URL.get(str(kind), ("path",))
    if not settings.get("target", known[0]) and ("target", known[0]) not in settings.taints:
        settings.note(("target", known[0]), "missing", f"add it: {_PLACES[known[0]]}", at=("target",))
    for key in settings.table("target"):
        if key not in ("kind", *known):
            settings.note(("target", key), f"a target of the kind {kind} has none", "leave it out", key=True)
    for key in ("url", "token_url"):
        address = urlsplit(str(settings.get("target", key) or ""))
        if address.scheme == "http" and address.hostname not in _LOOPBACK:
            settings.note(("target", key), "would send secrets and people in the clear", "write https://")
