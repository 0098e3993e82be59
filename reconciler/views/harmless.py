"""Cells of a CSV file that a spreadsheet takes for nothing but text."""

from __future__ import annotations

import polars as pl

from reconciler.views.page import UNSAFE, safe

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may take for a formula, which a name could smuggle in."""


def harmless(cell: str) -> str:
    """The cell, with an apostrophe in front of what looks like a formula.

    Control characters go as well: a lone carriage return would end the row in some readers.
    """
    return safe(f"'{cell}" if cell.startswith(FORMULA) else cell)


def all_harmless(cells: pl.Expr) -> pl.Expr:
    """The same of whole columns."""
    formula = cells.str.contains(r"^[=+\-@\t\r\n]")
    plain = pl.when(~formula).then(cells).otherwise(pl.lit("'") + cells)
    return plain.str.replace_all(UNSAFE, "\N{REPLACEMENT CHARACTER}")
