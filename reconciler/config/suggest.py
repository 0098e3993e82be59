"""`did you mean 'x'?` for misspelt keys, names and headers."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIKENESS = 0.6


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """`did you mean 'x'?` for the option nearest to `word`, or '' where none is near."""
    option = closest(word, options)
    return f"did you mean '{option}'?" if option else ""


def closest(word: str, options: Iterable[str]) -> str:
    """The option nearest to `word`, upper and lower case being the same; '' where none is near."""
    folded = {option.casefold(): option for option in options}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=_LIKENESS)
    return folded[found[0]] if found else ""
