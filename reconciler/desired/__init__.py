"""Roster -> Directory: the users, groups, memberships and relationships that the SIS asks for."""

from reconciler.desired.build import build_desired

__all__ = ["build_desired"]
