"""The school year, known by the calendar year in which it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPAN = re.compile(r"(\d{4})\s*[-/]\s*(\d{4}|\d{2})")
_END = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True, order=True)
class SchoolYear:
    """A school year: `SchoolYear(2026)` is 2025-26."""

    end: int

    @classmethod
    def parse(cls, text: str) -> SchoolYear:
        """Read `2025-26`, `2025-2026` or the end year `2026`.

        Raises:
            ValueError: if the text is none of these, or its years do not follow each other.
        """
        text = text.strip()
        if span := _SPAN.fullmatch(text):
            start = int(span[1])
            if (start + 1) % 10 ** len(span[2]) == int(span[2]):
                return cls(start + 1)
        elif _END.fullmatch(text):
            return cls(int(text))
        raise ValueError(f"{text!r} is not a school year; write 2025-26, 2025-2026 or 2026")

    def __str__(self) -> str:
        return f"{self.end - 1}-{self.end % 100:02d}"
