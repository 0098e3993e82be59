"""What is known of each table as it was read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from reconciler.model import LIST_TABLES, TableFigures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from reconciler.model import Tables


def measure(tables: Tables) -> dict[str, TableFigures]:
    """The figures of each exported table; the school's own lists are nobody's export."""
    return {
        name: TableFigures(
            file=tables.info[name].file,
            rows=frame.height,
            header=_fingerprint(tables.info[name].header),
            encoding=tables.info[name].encoding,
            blank=_count_blank(frame, tables.info[name].mapped),
            modified=tables.info[name].modified,
            digest=tables.info[name].digest,
        )
        for name, frame in tables.frames.items()
        if name not in LIST_TABLES
    }


def _count_blank(frame: pl.DataFrame, mapped: Mapping[str, str]) -> dict[str, int]:
    return {name: int((frame[name] == "").sum()) for name in frame.columns if name in mapped}


def _fingerprint(header: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(header).encode()).hexdigest()[:16]
