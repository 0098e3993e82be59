"""People and accounts side by side: whose account is whose, and which of them stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, PERSON_FIELDS, blanks, empty, findings, folded, matches, one_row_each
from reconciler.keys import find, flags, is_among, is_repeated, listed, one_of

if TYPE_CHECKING:
    from reconciler.model import Directory, Roster, School

NOW = {name: f"now_{name}" for name in (*PERSON_FIELDS, "active")}
WANT = {name: f"want_{name}" for name in PERSON_FIELDS}


def owned(users: pl.DataFrame, school: School) -> pl.Expr:
    """Whether an account is ours: its Host ID matches prefix and pattern of its own member type.

    Where the rule set has no prefix, the pattern alone would claim everybody's; there only accounts that
    a sync made are ours.
    """
    ours = pl.lit(value=False)
    for member, rules in school.members.items():
        fits = (pl.col("member_type") == member) & matches(pl.col("host_id"), rules.host_id_pattern)
        ours = ours | (fits if rules.prefix else fits & (pl.col("origin") == "sync"))
    return ours if users.width else pl.lit(value=False)


def set_aside_alike(users: pl.DataFrame, roster: Roster, school: School) -> tuple[pl.Series, pl.DataFrame]:
    """True for each current user who is as the SIS has them already; and PEOPLE, of all the others.

    Nothing has to be decided about those who are alike. They are the most by far.
    """
    people = one_row_each(roster.people)
    settled, those = _settled(users, people, roster, school)
    return settled, people.filter(~those)


def match_accounts(
    users: pl.DataFrame, people: pl.DataFrame, moved: pl.Series, roster: Roster, school: School
) -> pl.DataFrame:
    """One row a person or account about whom something may have to be decided, matched by Host ID.

    `now_*` are the account's values (`target_id` is '' where there is none), `want_*` the SIS's (`wanted`
    tells whether the person is eligible), with `ours`, `blocked`, `unreadable` and `held`. `users` stand
    under the Host IDs that they get; those whose Host ID is `moved` are ours, whatever it was.
    """
    users = users.with_columns(ours=owned(users, school) | one_of("host_id", moved))
    frame = _side_by_side(users, people)
    held = _held_accounts(roster)
    return frame.with_columns(
        exists=pl.col("target_id") != "", held=one_of("host_id", held), refused=pl.lit("")
    )


def _settled(
    users: pl.DataFrame, people: pl.DataFrame, roster: Roster, school: School
) -> tuple[pl.Series, pl.Series]:
    """Which accounts, and which of their people, are alike: nothing is to be decided about them.

    A person's Host ID fits the pattern of the member type, so an account of the same is ours. Where
    somebody else asks for their e-mail, there is something to be decided.
    """
    prefixed = [member for member, rules in school.members.items() if rules.prefix]
    plain_users = users.select(
        pl.col("active")
        & (pl.col("member_type").is_in(prefixed) | (pl.col("origin") == "sync"))
        & ~one_of("host_id", _held_accounts(roster))
        & ~one_of("host_id", _moving(users, roster))
    ).to_series()
    plain_people = people.select((pl.col("blocked") == "") & (pl.col("unreadable") == "")).to_series()
    person = find(users["host_id"], people["host_id"])
    alike = plain_users & plain_people[person]
    for name in PERSON_FIELDS:
        alike &= users[name] == people[name][person]
    alike = alike.fill_null(value=False)
    if flags(people.height, person.drop_nulls()).sum() < person.len() - person.null_count():
        alike &= ~is_repeated(users.select("host_id"))  # whose account it is, is not plain at all
    those = flags(people.height, person.filter(alike))
    mails = people.select("mail")
    contested = is_among(mails.filter(those), mails.filter(~those & (people["mail"] != "")))
    those = flags(people.height, those.arg_true().filter(~contested))
    return alike & those[person].fill_null(value=False), those


def _moving(users: pl.DataFrame, roster: Roster) -> pl.Series:
    """Host IDs on both sides of those rows of the crosswalk whose account is still under its old one."""
    walk = roster.crosswalk
    there = walk.filter(one_of("old_host_id", users["host_id"])) if walk.height else walk
    return pl.concat([there["old_host_id"], there["new_host_id"]])


def _held_accounts(roster: Roster) -> pl.Series:
    return roster.held.filter(pl.col("scope") == "account")["host_id"]


def _side_by_side(users: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Accounts and people joined by Host ID; what one side alone has is blank on the other."""
    accounts = users.select(
        "host_id",
        *(pl.col(name).alias(now) for name, now in NOW.items()),
        "target_id",
        "status",
        "role",
        "deactivated_by",
        "ours",
    )
    wanted = people.select(
        "host_id",
        *(pl.col(name).alias(want) for name, want in WANT.items()),
        "blocked",
        "unreadable",
        "file",
        "line",
        wanted=pl.lit(value=True),
    )
    person = find(accounts["host_id"], wanted["host_id"])
    known = person.is_not_null()
    theirs = wanted.drop("host_id")
    both = accounts.filter(known).hstack(theirs[person.filter(known)])
    gone = accounts.filter(~known).with_columns(blanks(theirs.schema))
    new = wanted.filter(~flags(wanted.height, person.filter(known)))
    new = new.with_columns(blanks(accounts.drop("host_id").schema)).select(both.columns)
    return pl.concat([part for part in (both, gone, new) if part.height] or [both], rechunk=True)


def refuse_accounts(
    frame: pl.DataFrame, roster: Roster, current: Directory
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sets `refused` and `held` for accounts that the SIS's person must not get, and the findings."""
    both = pl.col("exists") & pl.col("wanted") & ~pl.col("held")
    foreign = both & ~pl.col("ours") & (pl.col("now_member_type") != pl.col("want_member_type"))
    reused = one_of("host_id", _reused(frame.filter(both & ~foreign & _none_equal())))
    sides = pl.concat([roster.merged["staff_host_id"], roster.merged["parent_host_id"]])
    accounts = current.users.select("host_id", "active").filter(one_of("host_id", sides))
    waiting = _accounts_in_waiting(accounts, roster)
    split = one_of("host_id", waiting["staff_host_id"]) & ~pl.col("exists")
    merged_away = one_of("host_id", roster.merged["parent_host_id"]) & ~pl.col("wanted")
    frame = frame.with_columns(
        refused=pl.when(foreign)
        .then(pl.lit("id-collision"))
        .when(reused)
        .then(pl.lit("reused-id"))
        .when(split)
        .then(pl.lit("merged-staff-parent"))
        .otherwise(pl.lit(""))
    ).with_columns(held=pl.col("held") | (pl.col("refused") != "") | merged_away)
    return frame, pl.concat([_refusals(frame, waiting), _two_accounts(accounts, roster)])


def _accounts_in_waiting(accounts: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """MERGED, of which the parent has an account and the member of staff none: another would split them."""
    if not roster.merged.height:
        return roster.merged
    there = listed(accounts["host_id"])
    return roster.merged.filter(pl.col("parent_host_id").is_in(there) & ~pl.col("staff_host_id").is_in(there))


def _refusals(frame: pl.DataFrame, waiting: pl.DataFrame) -> pl.DataFrame:
    by_code = frame.filter(pl.col("refused") != "")
    if not by_code.height:
        return empty(FINDINGS)
    pairs = by_code.filter(pl.col("refused") == "merged-staff-parent").join(
        waiting, left_on="host_id", right_on="staff_host_id"
    )
    return pl.concat(
        [
            findings(
                by_code.filter(pl.col("refused") == "id-collision"),
                "id-collision",
                pl.format(
                    "an account of another member type ({}), which is not ours, has this Host ID",
                    "now_member_type",
                ),
                others=pl.col("host_id"),
            ),
            findings(
                by_code.filter(pl.col("refused") == "reused-id"),
                "reused-id",
                "first name, surname and graduation year all differ from the account's; refused",
            ),
            findings(
                pairs,
                "merged-staff-parent",
                pl.format(
                    "is the parent {} too, whose account exists already; neither is touched", "parent_host_id"
                ),
                others=pl.col("parent_host_id"),
                level="blocked",
            ),
        ]
    )


def _two_accounts(accounts: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """A warning for each pair of one person whose both sides have an account in use."""
    if not roster.merged.height:
        return empty(FINDINGS)
    used = listed(accounts.filter("active")["host_id"])
    both = roster.merged.filter(
        pl.col("parent_host_id").is_in(used)
        & pl.col("staff_host_id").is_in(used)
        & (pl.col("parent_host_id") != pl.col("staff_host_id"))
    )
    return findings(
        both,
        "merged-staff-parent",
        pl.format(
            "is the member of staff {} too; both accounts are in use, and this one stays as it is",
            "staff_host_id",
        ),
        host_id="parent_host_id",
        others=pl.col("staff_host_id"),
        level="warning",
    )


_TELLING = ("first_name", "last_name", "grad_year")
"""Somebody in whom all of these differ is somebody else."""


def _none_equal() -> pl.Expr:
    return pl.all_horizontal(
        pl.col("want_member_type") == "student",
        *(pl.col(f"now_{name}") != pl.col(f"want_{name}") for name in _TELLING),
    )


def _reused(different: pl.DataFrame) -> pl.Series:
    """Host IDs of those who differ in earnest: no value is blank, or another only in its case."""
    differ = [folded(f"now_{name}") != folded(f"want_{name}") for name in _TELLING]
    filled = [pl.col(f"{side}_{name}") != "" for side in ("now", "want") for name in _TELLING]
    return different.filter(pl.all_horizontal(*differ, *filled))["host_id"]
