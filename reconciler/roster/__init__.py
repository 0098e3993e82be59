"""Tables -> Roster: who the school's people are, by its own records."""

from reconciler.roster.build import build_roster
from reconciler.roster.tell import tell_rows

__all__ = ["build_roster", "tell_rows"]
