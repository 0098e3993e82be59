"""What an account's fields should be: the SIS's values where it has them, else what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS, findings, folded, one_finding

if TYPE_CHECKING:
    from reconciler.model import Capabilities, Roster, School

NAMES = {"first_name", "last_name"}
"""Fields that are never cleared: Vidigami wants them."""


def settle_fields(
    frame: pl.DataFrame, roster: Roster, school: School, can: Capabilities
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adds each person field as it should be, and the findings `blank-kept`, `email-kept` and `not-carried`.

    Somebody who is held keeps everything; so does whoever the SIS does not have.
    """
    follows = pl.col("wanted") & ~pl.col("held")
    found = []
    columns = []
    for name in PERSON_FIELDS:
        now, want = pl.col(f"now_{name}"), pl.col(f"want_{name}")
        supplied = follows & pl.col("want_member_type").is_in(
            [member for member, fields in roster.supplied.items() if name in fields]
        )
        if name not in can.fields:
            lost = frame.filter(supplied & (want != "") & (want != now)).height
            if lost:
                found.append(one_finding("not-carried", f"the directory holds no {name}: {lost:,} people"))
            supplied = pl.lit(value=False)
        readable = ~pl.col("unreadable").str.split(" ").list.contains(name)
        asked = school.blank.get(name, "keep") == "clear" and name not in NAMES
        clears = asked and (name != "email" or can.clear_email)
        blank = supplied & readable & (want == "") & (now != "") & pl.col("exists")
        if asked and not clears:
            found.append(_cannot_clear(frame.filter(blank)))
        elif not clears and name != "member_type":
            found.append(_blanks_kept(frame.filter(blank), name))
        takes = supplied & (want != "")
        columns.append(
            pl.when(takes & (folded(f"now_{name}") != folded(f"want_{name}") if name == "email" else True))
            .then(want)
            .when(blank if clears else pl.lit(value=False))
            .then(pl.lit(""))
            .otherwise(now)
            .alias(name)
        )
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


def _cannot_clear(blank: pl.DataFrame) -> pl.DataFrame:
    return findings(
        blank, "not-carried", "its e-mail is blank in the SIS, but this directory cannot clear one"
    )


def _blanks_kept(blank: pl.DataFrame, name: str) -> pl.DataFrame:
    return findings(blank, "blank-kept", f"{name} is blank in the SIS; the account keeps its value")
