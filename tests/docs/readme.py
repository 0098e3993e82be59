"""README.md as data: its tables, its marked blocks, its links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")

PROSE = _FENCED.sub("", TEXT)
"""All but the fenced blocks."""
FENCED = "\n".join(_FENCED.findall(TEXT))


def section(title: str) -> str:
    """What stands under a heading, up to the next one, without fenced blocks."""
    _, found, rest = PROSE.partition(f"\n{title}\n")
    assert found, f"README.md has no heading {title!r}"
    return re.split(r"^#{1,3} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def tables(text: str) -> list[list[list[str]]]:
    """Every table: rows of cells, without the header and its rule."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [table[2:] for table in found if table]


def table(title: str) -> list[list[str]]:
    """The one table under a heading."""
    (only,) = tables(section(title))
    return only


def codes(cell: str) -> list[str]:
    """What stands in `backticks`, in order."""
    return _CODE.findall(cell)


def block(marker: str) -> str:
    """The fenced block under `<!-- marker -->`."""
    found = re.search(rf"^<!-- {re.escape(marker)} -->\n```\w+\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no block under <!-- {marker} -->"
    return found[1]
