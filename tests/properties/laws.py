"""How many examples a law is tried with: each tells a whole story, so there are fewer than usual."""

from __future__ import annotations

from hypothesis import settings

FEW, MANY = 10, 1000
law = settings(max_examples=MANY if settings.get_current_profile_name() == "slow" else FEW)
