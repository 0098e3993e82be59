"""What an account's fields should be: the SIS's values where it has them, else what is there."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from reconciler.columns import choose, piled, where, with_values
from reconciler.frames import FINDINGS, PERSON_FIELDS, empty, findings, one_finding
from reconciler.keys import flags

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import Capabilities, Roster, School

NAMES = {"first_name", "last_name"}
"""Fields that are never cleared: Vidigami wants them."""


def settle_fields(
    frame: pl.DataFrame, roster: Roster, school: School, can: Capabilities
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adds each person field as it should be, and the findings `blank-kept`, `email-kept` and `not-carried`.

    Somebody who is held keeps everything; so does whoever the SIS does not have.
    """
    follows = frame["wanted"] & ~frame["held"]
    by_type = {member: follows & (frame["want_member_type"] == member) for member in roster.supplied}
    exists = frame["exists"]
    found, values = [], {}
    for name in PERSON_FIELDS:
        now, want = frame[f"now_{name}"], frame[f"want_{name}"]
        said = [by_type[member] for member, fields in roster.supplied.items() if name in fields]
        supplied = reduce(or_, said, flags(frame.height))
        filled = want != ""
        if name not in can.fields:
            lost = int((supplied & filled & (want != now)).sum())
            if lost:
                found.append(one_finding("not-carried", f"the directory holds no {name}: {lost:,} people"))
            supplied = flags(frame.height)
        takes = supplied & filled
        if name == "email":
            takes &= frame["now_mail"] != frame["want_mail"]
        blank = supplied & exists & ~filled
        if blank.any():
            blank &= (now != "") & ~frame["unreadable"].str.split(" ").list.contains(name)
        asked = school.blank.get(name, "keep") == "clear" and name not in NAMES
        clears = asked and (name != "email" or can.clear_email)
        if blank.any() and not clears:
            found.append(_blanks_left(where(frame, blank), name, asked=asked))
        value = choose(takes, want, now)
        values[name] = choose(blank, "", value) if clears else value
    frame, kept = _keep_own_emails(with_values(frame, **values), school)
    return frame, piled([*found, kept])


def _keep_own_emails(frame: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """E-mails that stay: a blocked person's, and an activated user's own."""
    differs = frame["exists"] & (frame["email"] != frame["now_email"])
    if not differs.any():
        return frame, empty(FINDINGS)
    keeps = differs & (frame["blocked"] != "")
    own = differs & ~keeps & (frame["status"] == "activated") & (frame["now_email"] != "")
    if school.email.activated == "overwrite":
        own = flags(frame.height)
    found = findings(
        where(frame, own),
        "email-kept",
        "the SIS has another e-mail than the activated account, which keeps its own",
    )
    return with_values(frame, email=choose(keeps | own, frame["now_email"], frame["email"])), found


def _blanks_left(blank: pl.DataFrame, name: str, *, asked: bool) -> pl.DataFrame:
    """What is said of those who keep a value that the SIS no longer has; `asked` tells whether they may."""
    if asked:
        return findings(
            blank, "not-carried", "its e-mail is blank in the SIS, but this directory cannot clear one"
        )
    return findings(blank, "blank-kept", f"{name} is blank in the SIS; the account keeps its value")
