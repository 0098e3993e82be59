"""Desired x current -> the directory as apply should leave it, and what only both sides can tell."""

from reconciler.resolve.build import resolve

__all__ = ["resolve"]
