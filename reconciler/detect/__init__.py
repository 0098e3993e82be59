"""Exports that nobody has described yet -> which file is which table, of which SIS. Pure."""

from reconciler.detect.assign import Assignment, Fit, assign, best_of
from reconciler.detect.year import guess_year

__all__ = ["Assignment", "Fit", "assign", "best_of", "guess_year"]
