"""A plan without anybody's Host ID, name or e-mail, for places where children's data must not be.

A pseudonym is a keyed digest: the same person has the same one in every plan of a school, whoever has the key
can tell whose it is, and nobody else can, not even by trying all Host IDs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PARKED
from reconciler.model import Changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model import Plan

LENGTH = 12
"""Letters after the `x`: 60 bits, so that hardly ever two people of a school share one."""
HIDDEN = "(hidden)"
"""What stands for a name or an e-mail."""

_SECRET = ("first_name", "last_name", "preferred_name", "email")
_WORD = re.compile(r"[^\s,;()'\"]+")
_GROUP_KEY = r"(?<![^\s(])(?:(?:grade|grad_year):-?\d+@|(?:faculty|division:[^@:,;()]*)@(?!\S*\.[^\s,;()]))"
"""How the key of a campus's group begins, which is no address: faculty@Upper School."""
_ADDRESS = re.compile(rf"(?P<key>{_GROUP_KEY})|[^\s,;()]+@[^\s,;()]+")


def pseudonym(key: bytes, school: str, host_id: str) -> str:
    """The pseudonym of a Host ID: `x` and 12 of `a-z2-7`; of a parked one with its mark in front."""
    if host_id.startswith(PARKED):
        return PARKED + pseudonym(key, school, host_id.removeprefix(PARKED))
    digest = hmac.digest(key, f"{school}\0{host_id}".encode(), hashlib.sha256)
    return "x" + base64.b32encode(digest).decode("ascii")[:LENGTH].lower()


def pseudonymise(plan: Plan, key: bytes) -> Plan:
    """The same plan, to be looked at and not to be applied."""
    known = host_ids_of(plan)
    aliases = {host_id: pseudonym(key, plan.header.school, host_id) for host_id in known if host_id}
    changes = plan.changes
    return replace(
        plan,
        header=replace(
            plan.header,
            part=tuple(_hide(name, aliases) for name in plan.header.part),
            settings_changes=_without_host_ids(plan.header.settings_changes),
        ),
        changes=Changes(
            users=_renamed(_without_values(changes.users), aliases, "host_id", "later_host_id", *_SIDES),
            groups=changes.groups,
            memberships=_renamed(changes.memberships, aliases, "host_id"),
            relationships=_renamed(changes.relationships, aliases, "student_host_id", "parent_host_id"),
        ),
        findings=_renamed(plan.findings, aliases, "host_id", texts=("detail", "others")),
        people=_renamed(
            plan.people.with_columns(first_name=pl.lit(""), last_name=pl.lit(""), email=pl.lit("")),
            aliases,
            "host_id",
        ),
        ready=_renamed(plan.ready, aliases, "host_id"),
    )


def without_addresses(text: str) -> str:
    """The text, the e-mail addresses in it left out."""
    return _ADDRESS.sub(lambda found: found["key"] or "(an e-mail address)", text) if "@" in text else text


def host_ids_of(plan: Plan) -> set[str]:
    """Every Host ID that a plan names."""
    changes = plan.changes
    columns = [
        *(changes.users[name] for name in ("host_id", "later_host_id", *_SIDES)),
        changes.memberships["host_id"],
        changes.relationships["student_host_id"],
        changes.relationships["parent_host_id"],
        plan.findings["host_id"],
        plan.findings["others"].str.split(" ").explode(empty_as_null=False),
        plan.people["host_id"],
        plan.ready["host_id"],
    ]
    return set(pl.concat([column.rename("") for column in columns]).unique().to_list()) - {""}


_SIDES = ("before_host_id", "after_host_id")


def _renamed(
    frame: pl.DataFrame, aliases: Mapping[str, str], *ids: str, texts: Iterable[str] = ("reason",)
) -> pl.DataFrame:
    """Pseudonyms in the columns `ids`, and wherever a Host ID is a word of the `texts`."""
    texts = [name for name in texts if name in frame.columns]
    told = {name: {text: _hide(text, aliases) for text in frame[name].unique()} for name in texts}
    return frame.with_columns(
        *(pl.col(name).replace_strict(aliases, default=name) for name in ids),
        *(pl.col(name).replace(told[name]) for name in texts),
    )


def _without_values(users: pl.DataFrame) -> pl.DataFrame:
    names = [f"{side}_{name}" for side in ("before", "after") for name in _SECRET] + ["later_email"]
    return users.with_columns(
        pl.when(pl.col(name) != "").then(pl.lit(HIDDEN)).otherwise(pl.lit("")).alias(name) for name in names
    )


def _without_host_ids(settings_changes: str) -> str:
    """What changed in the settings; nothing where that names Host IDs, or patterns of some."""
    return "(not shown, as it names Host IDs)" if "host_ids" in settings_changes else settings_changes


def _hide(text: str, aliases: Mapping[str, str]) -> str:
    return without_addresses(_WORD.sub(lambda word: aliases.get(word[0], word[0]), text))
