"""Targets: they read the current directory, say what they can do, and carry out batches of changes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.targets.embedded import EmbeddedDirectory
from reconciler.targets.interface import Batch, Memory, Target
from reconciler.targets.sheets import ImportSheets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model import TargetSettings

__all__ = ["TARGETS", "Batch", "EmbeddedDirectory", "Memory", "Target", "open_target"]


def _open_scim(settings: TargetSettings, memory: Memory) -> Target:
    from reconciler.targets.scim import ScimTarget  # noqa: PLC0415 - few schools have it

    return ScimTarget(settings, memory)


TARGETS: Mapping[str, Callable[[TargetSettings, Memory], Target]] = MappingProxyType(
    {"embedded": EmbeddedDirectory, "scim": _open_scim, "sheets": ImportSheets}
)
"""Every kind of target, by its name in a school file."""


def open_target(settings: TargetSettings, memory: Memory) -> Target:
    """The target that a school file names. Nothing is opened, read or created yet."""
    return TARGETS[settings.kind](settings, memory)
