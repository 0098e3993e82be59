"""What an account's fields should be: the SIS's values where it has them, else what is there."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS, findings, folded, one_finding
from reconciler.keys import flags

if TYPE_CHECKING:
    from reconciler.model import Capabilities, Roster, School

NAMES = {"first_name", "last_name"}
"""Fields that are never cleared: Vidigami wants them."""
_CLEARED = pl.Series([""])


def settle_fields(
    frame: pl.DataFrame, roster: Roster, school: School, can: Capabilities
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adds each person field as it should be, and the findings `blank-kept`, `email-kept` and `not-carried`.

    Somebody who is held keeps everything; so does whoever the SIS does not have.
    """
    follows = frame["wanted"] & ~frame["held"]
    by_type = {member: follows & (frame["want_member_type"] == member) for member in roster.supplied}
    found = []
    columns = []
    for name in PERSON_FIELDS:
        now, want = frame[f"now_{name}"], frame[f"want_{name}"]
        said = [by_type[member] for member, fields in roster.supplied.items() if name in fields]
        supplied = reduce(or_, said, flags(frame.height))
        if name not in can.fields:
            lost = int((supplied & (want != "") & (want != now)).sum())
            if lost:
                found.append(one_finding("not-carried", f"the directory holds no {name}: {lost:,} people"))
            supplied = flags(frame.height)
        takes = supplied & (want != "")
        if name == "email":
            takes &= frame.select(folded("now_email") != folded("want_email")).to_series()
        blank = supplied & (want == "") & (now != "") & frame["exists"]
        if blank.any():
            blank &= ~frame["unreadable"].str.split(" ").list.contains(name)
        asked = school.blank.get(name, "keep") == "clear" and name not in NAMES
        clears = asked and (name != "email" or can.clear_email)
        if blank.any() and not clears:
            found.append(_blanks_left(frame.filter(blank), name, asked=asked))
        value = want.zip_with(takes, now)
        columns.append((value.zip_with(~blank, _CLEARED) if clears else value).alias(name))
    frame = frame.with_columns(columns)
    frame, kept = _keep_own_emails(frame, school)
    return frame, pl.concat([*found, kept])


def _keep_own_emails(frame: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """E-mails that stay: a blocked person's, and an activated user's own."""
    differs = (pl.col("email") != pl.col("now_email")) & pl.col("exists")
    blocked = differs & (pl.col("blocked") != "")
    own = differs & ~blocked & (pl.col("status") == "activated") & (pl.col("now_email") != "")
    if school.email.activated == "overwrite":
        own = pl.lit(value=False)
    found = findings(
        frame.filter(own),
        "email-kept",
        "the SIS has another e-mail than the activated account, which keeps its own",
    )
    return frame.with_columns(email=pl.when(blocked | own).then("now_email").otherwise("email")), found


def _blanks_left(blank: pl.DataFrame, name: str, *, asked: bool) -> pl.DataFrame:
    """What is said of those who keep a value that the SIS no longer has; `asked` tells whether they may."""
    if asked:
        return findings(
            blank, "not-carried", "its e-mail is blank in the SIS, but this directory cannot clear one"
        )
    return findings(blank, "blank-kept", f"{name} is blank in the SIS; the account keeps its value")
