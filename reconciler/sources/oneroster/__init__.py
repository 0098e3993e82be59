"""OneRoster 1.1 and 1.2 CSV bundles -> `Tables`: bundle (zip or folder, manifest) -> people -> tables."""

from reconciler.sources.oneroster.source import OneRosterSource

__all__ = ["OneRosterSource"]
