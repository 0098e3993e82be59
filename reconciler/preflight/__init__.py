"""Before any comparison: whether the exports are such as the last good ones were. Pure."""

from reconciler.preflight.hold import hold_against, prefixes_changed
from reconciler.preflight.measure import measure

__all__ = ["hold_against", "measure", "prefixes_changed"]
