"""Findings as text: by code, each with the place where it can be mended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model import FINDING_CODES
from reconciler.views.counts import count_codes
from reconciler.views.names import names_of, tell, who
from reconciler.views.page import Page, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

LEVELS = ("error", "blocked", "warning", "info")
"""Worst first."""

_INFO_CAP = 3
"""An info asks for nothing: where lists are short, three examples will do."""


def findings_text(
    findings: pl.DataFrame,
    people: pl.DataFrame,
    *,
    show_names: bool = False,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """FINDINGS, all of them, the worst first, with what to do; `people` as PLAN_PEOPLE."""
    page = Page(width=width, colour=colour)
    if not findings.height:
        return "No findings.\n"
    names = names_of(people, show_names=show_names)
    counts = findings["level"].value_counts()
    numbers = dict(counts.iter_rows())
    told = ", ".join(f"{numbers[level]:,} {level}" for level in LEVELS if level in numbers)
    page.line(f"Findings: {told}", "title")
    list_findings(page, findings, names, remedies=True)
    return str(page)


def list_findings(
    page: Page,
    findings: pl.DataFrame,
    names: Mapping[str, str],
    *,
    cap: int | None = None,
    remedies: bool = False,
) -> None:
    """Write FINDINGS on `page`, by code; no more than `cap` of a code."""
    counts = count_codes(findings)
    for code in sorted(counts, key=lambda code: (LEVELS.index(level_of(findings, code)), code)):
        known = FINDING_CODES[code]
        of_code = findings.filter(code=code).sort("file", "line", "host_id", "detail")
        most = min(cap, _INFO_CAP) if cap and level_of(findings, code) == "info" else cap
        shown = of_code.head(most) if most else of_code
        page.line(f"{code}, {known.title}: {counts[code]:,}", indent=2)
        page.table([cells_of(row, names) for row in shown.iter_rows(named=True)], indent=4)
        page.hidden(of_code.height - shown.height)
        if remedies:
            page.prose(f"What to do: {known.remedy}", indent=4)


def findings_json(
    findings: pl.DataFrame, people: pl.DataFrame, *, show_names: bool = False, **_look: object
) -> str:
    """FINDINGS as a JSON document, in the order of their places; with `name` where names were asked for."""
    names = names_of(people, show_names=show_names)
    rows = findings.sort("file", "line", "code", "host_id", "detail").to_dicts()
    for row in rows:
        row["others"] = row["others"].split()
        if show_names:
            row["name"] = names.get(row["host_id"], "")
    return json.dumps({"format": 1, "findings": rows}, indent=2, ensure_ascii=False) + "\n"


def level_of(findings: pl.DataFrame, code: str) -> str:
    """The worst level of a code's findings: a rule may raise one above the code's own."""
    levels: list[str] = findings.filter(code=code)["level"].unique().to_list()
    return min(levels, key=LEVELS.index)


def cells_of(row: Mapping[str, str | int], names: Mapping[str, str]) -> tuple[str, str, str]:
    """Who, where, and what is to be known."""
    host_id = str(row["host_id"])
    detail = tell(host_id, str(row["detail"]), str(row["others"]).split(), names)
    return who(host_id, names), place(str(row["file"]), int(row["line"])), detail
