"""Applies a plan file to a SCIM server and kills itself on the way: no clean-up, no exception.

Arguments: the plan file, the state store's file, the server's address, and after how many requests to die; 0
lets it live. Writes how many changes had which outcome.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from reconciler.apply import planfile, runner
from reconciler.http import Client
from reconciler.model import ScimSettings, TargetSettings
from reconciler.state.memory import StoredMemory
from reconciler.targets import open_target
from tests.support.scim_servers import NAME

PAGE = 100


def main(plan: str, store: str, url: str, length: str) -> None:
    """Apply until death."""
    if int(length):
        _die_after(int(length))
    settings = TargetSettings("scim", url=url, credentials=NAME, scim=ScimSettings(page_size=PAGE))
    target = open_target(settings, StoredMemory(store, "maple-grove", settings.place))
    outcomes = runner.run(planfile.read_plan(Path(plan)), target)
    counts = outcomes.frame.group_by("outcome").len().rows()
    details = outcomes.frame.filter(outcomes.frame["outcome"] == "failed")["detail"].unique().to_list()
    sys.stdout.write(json.dumps({"counts": dict(counts), "details": details[:5]}))


def _die_after(requests: int) -> None:
    """Of the last request nobody reads the answer."""
    once, lock, left = Client._once, threading.Lock(), [requests]

    def counted(*arguments: Any) -> Any:
        answer = once(*arguments)
        with lock:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Client, "_once", counted)  # noqa: B010 - it is a method by its type


if __name__ == "__main__":
    main(*sys.argv[1:])
