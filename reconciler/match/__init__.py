"""The handshake: existing accounts held against the people of the SIS, and whose each may be. Pure."""

from reconciler.match.suggest import Matching, match_accounts

__all__ = ["Matching", "match_accounts"]
