"""`python -m tests.bench.peers.plain EXPORTS DIRECTORY YEAR`: the same job in plain Python.

This is how scripts of this kind are built, Adobe's user-sync among them: read the directory's CSV, map it
to users and groups in dicts, compare with what is there in a loop, and list the actions. Written for speed
and for PowerSchool's five files with our default rules alone: no settings, no other SIS.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from pathlib import Path

from tests.bench.peers.plain.directory import read_directory
from tests.bench.peers.plain.plan import Plan, make_plan
from tests.bench.peers.plain.roster import read_roster

SHOWN = 10


def main() -> None:
    """Plan, show the plan, and save it where asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers.plain", description=__doc__)
    parser.add_argument("exports", type=Path, help="folder of the five exports")
    parser.add_argument("directory", type=Path, help="the directory's SQLite file")
    parser.add_argument("year", type=int, help="the year in which the school year ends")
    parser.add_argument("--out", type=Path, help="save the plan to this file, as JSON")
    options = parser.parse_args()
    gc.disable()  # nothing here refers in circles, and looking for that takes a fifth of the time
    plan = make_plan(read_roster(options.exports, options.year), read_directory(options.directory))
    sys.stdout.write("\n".join(_show(plan)) + "\n")
    if options.out:
        options.out.write_text(json.dumps(_document(plan), ensure_ascii=False), encoding="utf-8")


def _show(plan: Plan) -> list[str]:
    lines = [f"{count:7,} {name}" for name, count in plan.counts().items()] or ["nothing to change"]
    lines += [
        f"  {change.action} {change.kind} {change.key} {' '.join(change.fields)} ({change.reason})"
        for change in plan.changes[:SHOWN]
    ]
    codes = Counter(finding.code for finding in plan.findings)
    lines += [f"{count:7,} {code}" for code, count in sorted(codes.items())]
    lines += [f"  {found.code} {found.host_id} {found.file}:{found.line}" for found in plan.findings[:SHOWN]]
    return lines


def _document(plan: Plan) -> dict[str, object]:
    return {
        "summary": plan.counts(),
        "changes": [change._asdict() for change in plan.changes],
        "findings": [finding._asdict() for finding in plan.findings],
    }


if __name__ == "__main__":
    main()
