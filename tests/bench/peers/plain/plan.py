"""Roster and directory -> every change, and all findings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.peers.plain.accounts import FIELDS, Draft, Users, owned, settle_users
from tests.bench.peers.plain.values import LABELS, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.bench.peers.plain.directory import Directory
    from tests.bench.peers.plain.values import Roster

Pairs = set[tuple[str, str]]


class Change(NamedTuple):
    """One change; `key` is a Host ID, a group's key, or both ends of a link."""

    kind: str
    action: str
    key: str
    reason: str
    fields: dict[str, tuple[str, str]]
    """Field -> before and after."""


@dataclass(slots=True)
class Plan:
    """All that would be done, and what was found on the way."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """`users create` and so on -> how many."""
        return dict(sorted(Counter(f"{change.kind}s {change.action}" for change in self.changes).items()))


def make_plan(roster: Roster, directory: Directory) -> Plan:
    """What would have to change."""
    users = settle_users(roster, directory)
    groups = {group.key for group in directory.groups}
    names = {(group.category, group.name) for group in directory.groups}
    memberships, new_groups, taken = _wanted_memberships(roster, users, groups, names)
    relationships = {
        (student, parent)
        for student, parent in roster.relationships
        if student not in users.absent and parent not in users.absent and parent not in users.held
    }
    plan = Plan(
        [
            *(Change("group", "create", key, "declared", {"name": ("", name)}) for key, name in new_groups),
            *(
                _user_change(draft)
                for draft in sorted(users.drafts.values(), key=lambda draft: draft.host_id)
            ),
            *_diff_relationships(relationships, roster, directory, users),
            *_diff_memberships(memberships, roster, directory, users),
        ]
    )
    plan.findings = [*roster.findings, *users.findings, *taken]
    removed = {tuple(change.key.split()) for change in plan.changes if change.action == "remove"}
    links = (relationships | directory.relationships.keys()) - removed
    plan.findings += _without_parents(links, roster, directory, users)
    plan.findings.sort()
    return plan


def _user_change(draft: Draft) -> Change:
    now = draft.account
    if now is None:
        values = zip(FIELDS, draft.values, strict=True)
        return Change(
            "user", "create", draft.host_id, draft.reason, {name: ("", new) for name, new in values}
        )
    fields = {
        name: (old, new) for name, old, new in zip(FIELDS, now[2:8], draft.values, strict=True) if old != new
    }
    action = "update"
    if bool(now.active) != draft.active:
        action = "reactivate" if draft.active else "deactivate"
        fields["active"] = (str(bool(now.active)), str(draft.active))
    return Change("user", action, draft.host_id, draft.reason, fields)


def _wanted_memberships(
    roster: Roster, users: Users, groups: set[str], names: Pairs
) -> tuple[Pairs, list[tuple[str, str]], list[Finding]]:
    """Who belongs in which group, the groups still to be made, and those whose name is taken."""
    key_of = {}
    for person in roster.people.values():
        if person.member_type == "staff":
            key_of[person.host_id] = "faculty"
        elif person.grade:
            key_of[person.host_id] = f"grade:{person.grade}"
    wanted = {(key, host) for host, key in key_of.items()}
    wanted |= {(key_of[student], parent) for student, parent in roster.relationships if student in key_of}
    new, taken = [], []
    for key in sorted({key for key, _host in wanted} - groups):
        category, name = _group_name(key)
        if (category, name) in names:
            taken.append(Finding("group-taken", key))
        else:
            new.append((key, f"{category}/{name}"))
    known = groups | {key for key, _name in new}
    out = users.absent | users.held
    return {(key, host) for key, host in wanted if host not in out and key in known}, new, taken


def _group_name(key: str) -> tuple[str, str]:
    if key == "faculty":
        return "Internal", "Faculty"
    grade = int(key.removeprefix("grade:"))
    return "Academics", LABELS.get(grade, f"Grade {grade}")


def _diff_memberships(wanted: Pairs, roster: Roster, directory: Directory, users: Users) -> Iterable[Change]:
    there = directory.memberships
    for key, host in sorted(wanted - there.keys()):
        yield Change("membership", "add", f"{key} {host}", "their place in the SIS", {})
    frozen = _frozen(roster, directory, users)
    for key, host in sorted(there.keys() - wanted):
        account = directory.accounts[host]
        foreign = host not in roster.people and not owned(account)
        ours = key == "faculty" or key.startswith("grade:")
        if ours and there[key, host] == "sync" and not foreign and host not in frozen:
            draft = users.drafts.get(host)
            left = draft is not None and not draft.active
            reason = f"has left ({draft.reason})" if draft and left else "no longer in this group"
            yield Change("membership", "remove", f"{key} {host}", reason, {})


def _frozen(roster: Roster, directory: Directory, users: Users) -> set[str]:
    """Whose memberships stay: the held, students without a readable grade, and the parents of both."""
    still = users.held | roster.ungraded | roster.unlinkable
    parents = {parent for student, parent in directory.relationships if student in still} if still else set()
    leaving = {host for host, draft in users.drafts.items() if not draft.active}
    return users.held | ((still | parents | users.loose) - leaving)


def _diff_relationships(
    wanted: Pairs, roster: Roster, directory: Directory, users: Users
) -> Iterable[Change]:
    there = directory.relationships
    for student, parent in sorted(wanted - there.keys()):
        yield Change("relationship", "add", f"{student} {parent}", "a contact with access", {})
    untold = users.held | roster.unlinkable | roster.parentless
    for student, parent in sorted(there.keys() - wanted):
        gone = student not in roster.people
        foreign = parent not in roster.people and not owned(directory.accounts[parent])
        kept = gone or foreign or student in untold or parent in users.held
        if there[student, parent] == "sync" and not kept:
            yield Change("relationship", "remove", f"{student} {parent}", "no longer such a contact", {})


def _without_parents(
    relationships: Pairs, roster: Roster, directory: Directory, users: Users
) -> Iterable[Finding]:
    """Students whose account is active and who have no parent with one."""

    def is_active(host: str) -> bool:
        draft = users.drafts.get(host)
        return draft.active if draft else host in directory.accounts and bool(directory.accounts[host].active)

    parented = {student for student, parent in relationships if is_active(parent)}
    for person in roster.people.values():
        if person.member_type == "student" and person.host_id not in parented and is_active(person.host_id):
            yield Finding("no-parent", person.host_id, person.file, person.line)
