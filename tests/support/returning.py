"""A school that returns: a directory whose Host IDs are e-mail addresses, with typos and changed surnames."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Past:
    """What the accounts were called, and who is certain to be known by e-mail and name."""

    truth: dict[str, str]
    """Old Host ID -> the Host ID of today."""
    intact: frozenset[str]
    """Old Host IDs of accounts that have an e-mail of the SIS, and whose name nobody touched."""


def grow_old(directory: Path, *, seed: int = 7, touched: float = 0.08) -> Past:
    """Turn the accounts of a directory into those of a school that was here before.

    Host IDs become e-mail addresses; of so many accounts the name has a typo, or is another.
    """
    chance = random.Random(seed)
    truth, intact = {}, set()
    with closing(sqlite3.connect(directory)) as connection, connection:
        rows = connection.execute(
            "SELECT id, host_id, first_name, last_name, email FROM users ORDER BY id"
        ).fetchall()
        for number, host_id, first, last, email in rows:
            old = email.lower() or f"{number}.{last.lower()}@old.example.org".replace(" ", "")
            truth[old] = host_id
            new_first, new_last = first, last
            if chance.random() < touched:
                new_first, new_last = chance.choice(_SPOILS)(first, last, chance)
            elif email:
                intact.add(old)
            connection.execute(
                "UPDATE users SET host_id = ?, first_name = ?, last_name = ? WHERE id = ?",
                (old, new_first, new_last, number),
            )
    return Past(truth, frozenset(intact))


def _swap_letters(first: str, last: str, chance: random.Random) -> tuple[str, str]:
    at = chance.randrange(max(1, len(last) - 1))
    return first, last[:at] + last[at + 1 : at + 2] + last[at : at + 1] + last[at + 2 :]


def _drop_letter(first: str, last: str, chance: random.Random) -> tuple[str, str]:
    at = chance.randrange(len(first))
    return (first[:at] + first[at + 1 :]) or first, last


def _marry(first: str, last: str, chance: random.Random) -> tuple[str, str]:
    return first, f"{chance.choice(['Aldington', 'Brackley', 'Corbridge'])}-{last[::-1].title()}"


_SPOILS = (_swap_letters, _drop_letter, _marry)
