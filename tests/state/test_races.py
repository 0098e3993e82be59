"""Several processes at once."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.state.audit import list_entries, verify_chain
from reconciler.state.leases import acquire_lease
from reconciler.state.scope import Scope
from reconciler.state.store import open_store
from tests.support.remembered import DAY, NOW

ROOT = Path(__file__).parents[2]
NAMES = ("ana", "ben", "cat")
ROUNDS = 50


def race(where: str, what: str, rounds: int) -> dict[str, list[Any]]:
    """What each of NAMES got."""
    racers = {
        name: subprocess.Popen(
            [sys.executable, "-m", "tests.support.state_racer", where, what, str(rounds), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in NAMES
    }
    for racer in racers.values():
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers.values():
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return {name: json.loads(racer.communicate()[0]) for name, racer in racers.items()}


def test_a_chain_never_forks_and_no_number_is_given_twice(where: str) -> None:
    numbers = race(where, "append", 15)
    assert sorted(number for got in numbers.values() for number in got) == list(range(1, 46))
    scope = Scope("races", "one")
    with open_store(where).read() as tx:
        assert not verify_chain(tx, scope).broken
        events = [entry.event for entry in list_entries(tx, scope)]
    assert sorted(events) == sorted(f"{name} {round_}" for name in NAMES for round_ in range(15))


def test_of_those_who_want_a_lease_one_gets_it_and_the_others_are_told(where: str) -> None:
    with open_store(where).write() as tx:
        for round_ in range(0, ROUNDS, 2):  # an expired lease is taken over by one as well
            scope = Scope("races", str(round_))
            acquire_lease(tx, scope, owner="dan", host="", now=NOW - DAY, ttl=timedelta(minutes=1))
    got = race(where, "acquire", ROUNDS)
    for round_ in range(ROUNDS):
        said = [got[name][round_] for name in NAMES]
        (winner,) = [who for who in said if who in NAMES]
        assert sorted(said) == sorted([winner, f"held by {winner}", f"held by {winner}"])
