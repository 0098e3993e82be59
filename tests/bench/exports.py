"""`python -m tests.bench.exports FOLDER PEOPLE`: the exports of today, and of a little later.

In a process of its own: the kernel counts a command's peak memory from what its parent holds when it starts
it, so the bench that starts the commands has to stay small.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.generate import write_exports

if __name__ == "__main__":
    folder, people = Path(sys.argv[1]), int(sys.argv[2])
    write_exports(folder / "now", people)
    write_exports(folder / "later", people, later=True)
