"""Tables -> Roster: who the school's people are, by its own records."""

from reconciler.roster.build import build_roster

__all__ = ["build_roster"]
