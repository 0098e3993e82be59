"""One of several processes that ask a server at once, a client for each of many schools.

Arguments: the server's address, where what is shared lies (`nowhere`: each client is by itself), how many
schools, and how many requests for each. Says `ready`, then waits for a line on standard input.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler import shared_file
from reconciler.http import WORKERS, Client, Fixed, SystemClock


def main(url: str, folder: str, schools: str, requests: str) -> None:
    """Ask."""

    def own_folder() -> Path:
        if folder == "nowhere":
            raise PermissionError(folder)
        return Path(folder)

    shared_file.own_folder = own_folder
    print("ready", flush=True)  # noqa: T201 - to the test
    sys.stdin.readline()
    for _school in range(int(schools)):
        client = Client(url, Fixed({}), SystemClock())
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(client.get, ["/x"] * int(requests)))


if __name__ == "__main__":
    main(*sys.argv[1:])
