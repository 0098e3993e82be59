"""An explanation as text: what a CSS reads to a parent on the phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.views.names import NOBODY, without_addresses
from reconciler.views.page import Page

if TYPE_CHECKING:
    from reconciler.model import Explanation, Fact


def explanation_text(
    explanation: Explanation, *, show_names: bool = False, width: int | None = None, colour: bool = False
) -> str:
    """Section by section; names and e-mails only with `show_names`."""
    page = Page(width=width, colour=colour)
    page.line(_seen(explanation.title, show_names=show_names), "title")
    for section in explanation.sections:
        page.title(section.heading)
        for fact in section.facts:
            page.line(_told(fact, show_names=show_names), indent=2)
    return str(page)


def _told(fact: Fact, *, show_names: bool) -> str:
    parts = [f"{fact.where}  " if fact.where else "", _seen(fact.text, show_names=show_names)]
    if show_names and fact.private:
        parts.append(f"  [{fact.private}]")
    return "".join(parts)


def _seen(text: str, *, show_names: bool) -> str:
    """The text; Host IDs of accounts of old may be e-mail addresses."""
    return text if show_names else without_addresses(text, NOBODY)
