"""What a shell offers while somebody types, asked as the shell asks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def offered(line, folder):
    """What bash would offer at the end of a line."""
    at = len(line.split(" ")) - 1
    asked = {"_RECONCILE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(at)}
    command = [sys.executable, "-c", "from reconciler.cli.main import main; main()"]
    done = subprocess.run(
        command, env=os.environ | asked, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reconcile val", ["validate"]),
        ("reconcile plan ma", ["maple-grove"]),
        ("reconcile apply m", ["maple-grove", "m.plan"]),
        ("reconcile show .", []),
        ("reconcile findings maple-grove --code shared", ["shared-email"]),
        ("reconcile apply m.plan --allow users.de", ["users.deactivate"]),
        ("reconcile explain bad", ["bad-id"]),
    ],
)
def test_a_shell_offers_what_is_there(demo, line, words):
    (demo / "m.plan").touch()
    (demo / ".m.plan.draft-12345678.plan").touch()
    assert offered(line, demo) == words
