"""The floors under a plan: reading the exports' bytes, and Polars merely parsing them.

Run as a process of its own, `python -m tests.bench.floors bytes|parse FOLDER`, beside the real command.
"""

from __future__ import annotations

import sys
from pathlib import Path


def read_bytes(folder: Path) -> int:
    """Read every file; gives their bytes."""
    return sum(len(path.read_bytes()) for path in sorted(folder.iterdir()))


def parse(folder: Path) -> int:
    """Parse every file as text, as plainly as Polars does it; gives their rows."""
    import polars as pl  # noqa: PLC0415 - the other floor does without

    rows = 0
    for path in sorted(folder.iterdir()):
        tab = path.suffix == ".txt"
        frame = pl.read_csv(
            path, separator="\t" if tab else ",", quote_char=None if tab else '"', infer_schema=False
        )
        rows += frame.height
    return rows


if __name__ == "__main__":
    {"bytes": read_bytes, "parse": parse}[sys.argv[1]](Path(sys.argv[2]))
