"""Blackbaud's SKY API (School) -> `Tables`, as lists export them."""

from reconciler.sources.blackbaud.consent import open_consent
from reconciler.sources.blackbaud.source import BlackbaudSource

__all__ = ["BlackbaudSource", "open_consent"]
