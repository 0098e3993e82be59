"""Veracross's API, version 3 -> `Tables`, as its queries export them."""

from reconciler.sources.veracross.source import VeracrossSource

__all__ = ["VeracrossSource"]
