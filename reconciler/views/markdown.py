"""Markdown as GitHub and GitLab read it, never longer than a comment may be."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.views.page import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LIMIT = 65_536
"""Characters that a comment of GitHub may have; GitLab takes a million.
(https://docs.github.com/en/rest/issues/comments answers "body is too long (maximum is 65536 characters)")"""
ROOM = 400
"""Characters kept for what is left out of a list, and for the last line."""

_CELL = 160
"""Characters of a cell, before it is escaped."""
_MARKUP = re.compile(r"([\\`*_\[\]|~$]|:(?=[\w+-]+:))")
_LIVE = re.compile(r"(@|#|://|www)(?=\S)|(GH)(?=-)")
"""What turns into a mention, an issue or a link, though it is escaped."""
_UNSEEN = "\N{ZERO WIDTH SPACE}"


class Document:
    """Lines of Markdown from top to bottom, as many as fit."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._lines: list[str] = []
        self._left = limit - ROOM

    def __str__(self) -> str:
        text = "\n".join(self._lines).strip("\n") + "\n"
        return re.sub(r"\n{3,}", "\n\n", text)

    def add(self, *lines: str) -> bool:
        """Add these lines if all of them fit; gives whether they did."""
        size = sum(len(line) + 1 for line in lines)
        if size > self._left:
            return False
        self._left -= size
        self._lines += lines
        return True

    def title(self, text: str, level: int = 4) -> None:
        """A heading, with a blank line before and after it."""
        self.add("", f"{'#' * level} {escape(text)}", "")

    @contextmanager
    def folded(self, title: str) -> Iterator[None]:
        """What is added meanwhile shows once the reader opens it; the title is ours, and holds no markup."""
        end = ["", "</details>"]
        fits = self.add("", f"<details><summary><b>{title}</b></summary>", "", *end)
        if not fits:
            self._left = 0  # nothing that comes later may stand there without what came before
            yield
            return
        del self._lines[-len(end) :]
        yield
        self._lines += end

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], *, right: int = 0) -> int:
        """A table of texts, the last `right` columns flush right; gives how many rows of it fitted."""
        marks = ["---"] * (len(head) - right) + ["--:"] * right
        shown = 0
        for row in rows:
            lines = [_row(row)] if shown else [_row(head), _row(marks, plain=True), _row(row)]
            if not self.add(*lines):
                break
            shown += 1
        return shown

    def end(self, text: str) -> None:
        """A last paragraph, for which there is room."""
        self._lines += ["", text]


def escape(text: str) -> str:
    """Text within a line that shows as it is: no markup, no HTML, nobody mentioned, no link."""
    text = " ".join(safe(text.replace("\n", " ")).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", _LIVE.sub(rf"\g<0>{_UNSEEN}", text))


def code(text: str) -> str:
    """Text in a typewriter face; `text` is ours, and holds no backtick."""
    return f"`{text}`"


def _row(cells: Iterable[str], *, plain: bool = False) -> str:
    return "| " + " | ".join(cell if plain else escape(_cut(cell)) for cell in cells) + " |"


def _cut(cell: str) -> str:
    return cell if len(cell) <= _CELL else cell[: _CELL - 1] + "\N{HORIZONTAL ELLIPSIS}"
