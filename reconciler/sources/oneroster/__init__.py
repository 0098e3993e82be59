"""OneRoster 1.1 and 1.2 -> `Tables`: bundles of CSV files (zip or folder), and servers (REST)."""

from reconciler.sources.oneroster.rest import OneRosterRestSource
from reconciler.sources.oneroster.source import OneRosterSource

__all__ = ["OneRosterRestSource", "OneRosterSource"]
