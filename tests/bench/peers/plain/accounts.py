"""People and accounts side by side: who is created, updated, deactivated or held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.peers.plain.values import PREFIXES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.peers.plain.directory import Account, Directory
    from tests.bench.peers.plain.values import Person, Roster

FIELDS = ("member_type", "first_name", "last_name", "preferred_name", "email", "grad_year")
EMAIL = FIELDS.index("email")
_NAMES_AND_YEAR = (1, 2, 5)


@dataclass(slots=True)
class Draft:
    """An account as it should become; `account` is how it stands, nothing for a new one."""

    host_id: str
    account: Account | None
    values: list[str]
    active: bool
    reason: str

    def differs(self) -> bool:
        """Whether anything changes."""
        now = self.account
        return now is None or tuple(self.values) != now[2:8] or self.active != bool(now.active)


@dataclass(slots=True)
class Users:
    """What becomes of everybody; whoever has no draft stays as they are."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """People who will have no account."""
    held: set[str] = field(default_factory=set)
    """Accounts that stay as they are."""
    loose: set[str] = field(default_factory=set)
    """Parents of students one of whose contacts has lost its id: they stay in their groups."""
    findings: list[Finding] = field(default_factory=list)


def settle_users(roster: Roster, directory: Directory) -> Users:
    """A draft for each account that changes."""
    users = Users(held=roster.held | roster.merged.keys(), loose=_parents_unlinked(roster, directory))
    waiting = {
        staff: parent
        for parent, staff in roster.merged.items()
        if parent in directory.accounts and staff not in directory.accounts
    }
    for person in roster.people.values():
        account = directory.accounts.get(person.host_id)
        if account is None:
            _create(person, waiting, users)
        elif person.host_id not in users.held:
            _follow(person, account, users)
    _deactivate_leavers(roster, directory, users)
    _settle_emails(roster, directory, users)
    users.absent |= users.held - directory.accounts.keys()
    return users


def owned(account: Account) -> bool:
    """Whether the Host ID is of the kind that we give to accounts of this member type."""
    number = account.host_id[1:]
    return account.host_id[0] == PREFIXES[account.member_type] and number.isdigit() and number.isascii()


def _wanted(person: Person) -> tuple[str, ...]:
    return (
        person.member_type,
        person.first_name,
        person.last_name,
        person.preferred_name,
        person.email,
        person.grad_year,
    )


def _create(person: Person, waiting: dict[str, str], users: Users) -> None:
    """A draft, unless the person is blocked or has an account already, as a parent."""
    host = person.host_id
    if host in waiting:
        found = Finding("merged-staff-parent", host, person.file, person.line, waiting[host])
        users.findings.append(found)
        users.held.add(host)
    if person.blocked or host in users.held:
        users.absent.add(host)
    else:
        users.drafts[host] = Draft(host, None, [*_wanted(person)], active=True, reason="new in the SIS")


def _follow(person: Person, account: Account, users: Users) -> None:
    wanted, now = _wanted(person), account[2:8]
    if wanted == now and account.active:
        return
    host = person.host_id
    reused = all(wanted[i] and now[i] and wanted[i].lower() != now[i].lower() for i in _NAMES_AND_YEAR)
    if account.member_type != person.member_type or reused:
        code = "reused-id" if reused else "id-collision"
        users.findings.append(Finding(code, host, person.file, person.line))
        users.held.add(host)
        return
    values = [want or have for want, have in zip(wanted, now, strict=True)]
    users.findings += [
        Finding("blank-kept", host, person.file, person.line)
        for name, want, have in zip(FIELDS, wanted, now, strict=True)
        if have and not want and (person.member_type, name) != ("parent", "preferred_name")
    ]
    if values[EMAIL] != account.email:
        own = account.status == "activated" and account.email
        if own and not person.blocked:
            users.findings.append(Finding("email-kept", host, person.file, person.line))
        if own or person.blocked or values[EMAIL].lower() == account.email.lower():
            values[EMAIL] = account.email
    back = not account.active and account.deactivated_by == "sync"
    if not account.active and not back:
        users.findings.append(Finding("deactivated-by-hand", host, person.file, person.line))
    reason = "back in the SIS" if back else "differs from the SIS"
    draft = Draft(host, account, values, active=bool(account.active) or back, reason=reason)
    if draft.differs():
        users.drafts[host] = draft


def _deactivate_leavers(roster: Roster, directory: Directory, users: Users) -> None:
    """Leaving needs evidence: no row that lost its id, and nobody at the school, may be this person."""
    leavers = [
        account
        for host, account in directory.accounts.items()
        if host not in roster.people and account.active and host not in users.held and owned(account)
    ]
    emails = {account.email.lower() for account in leavers} - {""}
    namesakes = {
        (person.first_name.lower(), person.last_name.lower(), person.email.lower())
        for person in (roster.people.values() if emails else ())
        if person.email.lower() in emails
    }
    for account in leavers:
        name = account.first_name.strip().lower(), account.last_name.strip().lower()
        if (
            account.host_id in users.loose
            or (account.member_type, *name) in roster.nameless
            or (*name, account.email.lower()) in namesakes
        ):
            users.held.add(account.host_id)
            users.findings.append(Finding("leaver-uncertain", account.host_id))
            continue
        reason = roster.gone.get(account.host_id, "not in the SIS")
        users.drafts[account.host_id] = Draft(
            account.host_id, account, [*account[2:8]], active=False, reason=reason
        )


def _parents_unlinked(roster: Roster, directory: Directory) -> set[str]:
    """Parents of students one of whose contacts has lost its id."""
    if not roster.parentless:
        return set()
    return {
        parent
        for student, parent in directory.relationships
        if student in roster.parentless and (student, parent) not in roster.relationships
    }


def _settle_emails(roster: Roster, directory: Directory, users: Users) -> None:
    """Whoever has an e-mail keeps it, and whoever else asks for it goes without, until nobody does."""
    while contested := _contested(directory, users):
        for email, hosts in contested.items():
            keeper = min((host for host in hosts if _keeps(host, email, directory)), default="")
            if keeper and _may_be_freed(keeper, directory, users):
                draft = users.drafts.setdefault(keeper, _as_it_is(directory.accounts[keeper]))
                draft.values[EMAIL] = ""
                continue
            for host in hosts:
                if not _keeps(host, email, directory):
                    _fall_back(host, keeper, roster, users)


def _contested(directory: Directory, users: Users) -> dict[str, list[str]]:
    """Folded e-mail -> the Host IDs of several who would have it."""
    owners: dict[str, str] = {}
    contested: dict[str, list[str]] = {}
    for host, email in _emails(directory, users):
        owner = owners.setdefault(email.lower(), host) if email else host
        if owner is not host:
            contested.setdefault(email.lower(), [owner]).append(host)
    return contested


def _emails(directory: Directory, users: Users) -> Iterator[tuple[str, str]]:
    drafts = users.drafts
    for host, account in directory.accounts.items():
        if host not in drafts:
            yield host, account.email
    for host, draft in drafts.items():
        yield host, draft.values[EMAIL]


def _keeps(host: str, email: str, directory: Directory) -> bool:
    account = directory.accounts.get(host)
    return account is not None and account.email.lower() == email


def _may_be_freed(host: str, directory: Directory, users: Users) -> bool:
    account, draft = directory.accounts[host], users.drafts.get(host)
    active = draft.active if draft else account.active
    return not active and account.status != "activated" and host not in users.held and owned(account)


def _as_it_is(account: Account) -> Draft:
    reason = "its e-mail now belongs to somebody else"
    return Draft(account.host_id, account, [*account[2:8]], active=bool(account.active), reason=reason)


def _fall_back(host: str, keeper: str, roster: Roster, users: Users) -> None:
    person, draft = roster.people[host], users.drafts[host]
    users.findings.append(Finding("email-taken", host, person.file, person.line, keeper))
    if draft.account is None:
        del users.drafts[host]
        users.absent.add(host)
        return
    draft.values[EMAIL] = draft.account.email
    if not draft.differs():
        del users.drafts[host]
