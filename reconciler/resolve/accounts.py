"""People and accounts side by side: whose account is whose, and which of them stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import choose, equals_any, framed, piled, rows_where, where, with_values
from reconciler.frames import FINDINGS, PERSON_FIELDS, blanks, empty, findings, folded, matches, one_row_each
from reconciler.keys import find, flags, is_among, is_one_of, is_repeated

if TYPE_CHECKING:
    from reconciler.model import Directory, Roster, School

_ACCOUNT = {
    **{f"now_{name}": name for name in (*PERSON_FIELDS, "active")},
    **{name: name for name in ("target_id", "status", "role", "deactivated_by", "ours")},
}
"""What the frame has of an account, and how the users call it."""
_PERSON = {
    **{f"want_{name}": name for name in (*PERSON_FIELDS, "mail")},
    **{name: name for name in ("blocked", "unreadable", "file", "line", "wanted")},
}
"""What it has of a person, and how the people call it."""
_TYPES = {"now_active": pl.Boolean, "ours": pl.Boolean, "wanted": pl.Boolean, "line": pl.UInt32}
_NO_ACCOUNT, _NO_PERSON = (
    blanks({name: _TYPES.get(name, pl.String) for name in names})
    for names in ([*_ACCOUNT, "now_mail"], _PERSON)
)


def owned(users: pl.DataFrame, school: School) -> pl.Series:
    """Whether an account is ours: its Host ID matches prefix and pattern of its own member type.

    Where the rule set has no prefix, the pattern alone would claim everybody's; there only accounts that
    a sync made are ours.
    """
    ours = flags(users.height)
    for member, rules in school.members.items():
        theirs = users["member_type"] == member
        if not rules.prefix:
            theirs &= users["origin"] == "sync"
        if theirs.any():
            rows = rows_where(theirs)
            fits = matches(users["host_id"][rows], rules.host_id_pattern)
            ours |= flags(users.height, rows.filter(fits))
    return ours


def held_accounts(roster: Roster) -> pl.Series:
    """Host IDs of the accounts of which all stays as it is."""
    return roster.held["host_id"].filter(roster.held["scope"] == "account")


def set_aside_alike(users: pl.DataFrame, roster: Roster, school: School) -> tuple[pl.Series, pl.DataFrame]:
    """True for each current user who is as the SIS has them already; and PEOPLE, of all the others.

    Nothing has to be decided about those who are alike. They are the most by far.
    """
    people = one_row_each(roster.people)
    settled, those = _settled(users, people, roster, school)
    return settled, where(people, ~those)


def match_accounts(
    users: pl.DataFrame, people: pl.DataFrame, moved: pl.Series, roster: Roster, school: School
) -> pl.DataFrame:
    """One row a person or account about whom something may have to be decided, matched by Host ID.

    `now_*` are the account's values (`target_id` is '' where there is none), `want_*` the SIS's (`wanted`
    tells whether the person is eligible), `*_mail` the e-mails as they are compared, with `ours`, `blocked`,
    `unreadable` and `held`. `users` stand under the Host IDs that they get; those whose Host ID is `moved`
    are ours, whatever it was.
    """
    ours = owned(users, school) | is_one_of(users["host_id"], moved)
    frame = _side_by_side(with_values(users, ours=ours), people)
    held = is_one_of(frame["host_id"], held_accounts(roster))
    return with_values(frame, exists=frame["target_id"] != "", held=held)


def _settled(
    users: pl.DataFrame, people: pl.DataFrame, roster: Roster, school: School
) -> tuple[pl.Series, pl.Series]:
    """Which accounts, and which of their people, are alike: nothing is to be decided about them.

    A person's Host ID fits the pattern of the member type, so an account of the same is ours. Where
    somebody else asks for their e-mail, there is something to be decided.
    """
    if users.is_empty():
        return flags(0), flags(people.height)
    prefixed = [member for member, rules in school.members.items() if rules.prefix]
    ids = users["host_id"]
    plain_users = (
        users["active"]
        & (equals_any(users["member_type"], prefixed) | (users["origin"] == "sync"))
        & ~is_one_of(ids, held_accounts(roster))
        & ~is_one_of(ids, _moving(ids, roster))
    )
    plain_people = (people["blocked"] == "") & (people["unreadable"] == "")
    person = find(ids, people["host_id"])
    alike = plain_users & plain_people[person]
    for name in PERSON_FIELDS:
        alike &= users[name] == people[name][person]
    alike = choose(alike, yes=True, no=False)
    if flags(people.height, person.drop_nulls()).sum() < person.len() - person.null_count():
        alike &= ~is_repeated(ids.to_frame())  # whose account it is, is not plain at all
    those = flags(people.height, person.filter(alike))
    mails = people["mail"]
    others = mails.filter(~those & (mails != "")).to_frame()
    contested = is_among(mails.filter(those).to_frame(), others) if others.height else flags(0)
    if not contested.any():
        return alike, those
    those = flags(people.height, rows_where(those).filter(~contested))
    return choose(those[person], alike, no=False), those


def _moving(ids: pl.Series, roster: Roster) -> pl.Series:
    """Host IDs on both sides of those rows of the crosswalk whose account is still under its old one."""
    walk = roster.crosswalk
    if walk.height:
        walk = where(walk, is_one_of(walk["old_host_id"], ids))
    return pl.concat([walk["old_host_id"], walk["new_host_id"]])


def _side_by_side(users: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Accounts and people joined by Host ID; what one side alone has is blank on the other."""
    ids = people["host_id"]
    persons = _named(with_values(people, wanted=True), _PERSON)
    if users.is_empty():
        return with_values(persons, host_id=ids).with_columns(_NO_ACCOUNT)
    accounts = with_values(_named(users, _ACCOUNT), host_id=users["host_id"])
    accounts = accounts.with_columns(now_mail=folded("now_email"))
    if people.is_empty():
        return accounts.with_columns(_NO_PERSON)
    person = find(users["host_id"], ids)
    known = person.is_not_null()
    both = where(accounts, known).hstack(persons[person.filter(known)])
    gone = where(accounts, ~known).with_columns(_NO_PERSON)
    alone = ~flags(people.height, person.filter(known))
    new = with_values(where(persons, alone), host_id=ids.filter(alone)).with_columns(_NO_ACCOUNT)
    return piled([both, gone, new[both.columns]])


def _named(frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    return framed(**{name: frame[was] for name, was in columns.items()})


def refuse_accounts(
    frame: pl.DataFrame, roster: Roster, current: Directory
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sets `refused` and `held` for accounts that the SIS's person must not get, and the findings."""
    ids, merged = frame["host_id"], roster.merged
    both = frame["exists"] & frame["wanted"] & ~frame["held"]
    foreign = both & ~frame["ours"] & (frame["now_member_type"] != frame["want_member_type"])
    reused = is_one_of(ids, _reused(where(frame, both & ~foreign)))
    accounts = _accounts_merged(current.users, merged)
    waiting = _accounts_in_waiting(accounts, merged)
    split = is_one_of(ids, waiting["staff_host_id"]) & ~frame["exists"]
    merged_away = is_one_of(ids, merged["parent_host_id"]) & ~frame["wanted"]
    refused = choose(split, "merged-staff-parent", "")
    refused = choose(foreign, "id-collision", choose(reused, "reused-id", refused))
    frame = with_values(frame, refused=refused, held=frame["held"] | (refused != "") | merged_away)
    return frame, piled([_refusals(frame, waiting), _two_accounts(accounts, merged)])


def _accounts_merged(users: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """`host_id, active` of the accounts on either side of MERGED."""
    sides = pl.concat([merged["staff_host_id"], merged["parent_host_id"]])
    return where(users[["host_id", "active"]], is_one_of(users["host_id"], sides))


def _accounts_in_waiting(accounts: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """MERGED, of which the parent has an account and the member of staff none: another would split them."""
    there = accounts["host_id"]
    return where(
        merged, is_one_of(merged["parent_host_id"], there) & ~is_one_of(merged["staff_host_id"], there)
    )


def _refusals(frame: pl.DataFrame, waiting: pl.DataFrame) -> pl.DataFrame:
    by_code = where(frame, frame["refused"] != "")
    if by_code.is_empty():
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


def _two_accounts(accounts: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """A warning for each pair of one person whose both sides have an account in use."""
    used = accounts["host_id"].filter(accounts["active"])
    staff, parents = merged["staff_host_id"], merged["parent_host_id"]
    both = where(merged, is_one_of(parents, used) & is_one_of(staff, used) & (parents != staff))
    if both.is_empty():
        return empty(FINDINGS)
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


def _reused(both: pl.DataFrame) -> pl.Series:
    """Host IDs of students who differ from the account in earnest: no value is blank, or differs in case."""
    different = both["want_member_type"] == "student"
    for name in _TELLING:
        different &= both[f"now_{name}"] != both[f"want_{name}"]
    students = where(both, different)
    if students.is_empty():
        return students["host_id"]
    differ = [folded(f"now_{name}") != folded(f"want_{name}") for name in _TELLING]
    filled = [pl.col(f"{side}_{name}") != "" for side in ("now", "want") for name in _TELLING]
    return students.filter(*differ, *filled)["host_id"]
