"""Vidigami as its help pages describe it: it takes import sheets, and exports what it has.

An upload never stops at an error: rows that are in order are taken, the others are told. Whoever stands twice
in a sheet is refused in all copies. Parents follow their children into a group by themselves. What it does
with a blank cell nobody has written down; here it clears, which is what does harm.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

USER_TYPES = {
    "v2": {"Student": "student", "Staff": "staff", "Member": "parent"},
    "v3": {"student": "student", "staff": "staff", "parent": "parent"},
}
FIELDS = ("Preferred Name", "First Name", "Last Name", "Email", "User Type", "Grad Year", "Opt-Out")
USER_LIST = (
    *("Vidigami ID", "Host ID", "Preferred Name", "First Name", "Last Name", "Email", "User Type"),
    *("System Role", "Latest Year", "Grad Year", "Status", "Opt-Out"),
)


@dataclass
class Vidigami:
    """One school's, in one school year."""

    year: str = "2025/2026"
    version: str = "v3"
    users: dict[str, dict[str, str]] = field(default_factory=dict)
    """Vidigami ID -> what stands in the Export User List."""
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    """Group ID -> `Vidigami ID, Name, Category`."""
    members: set[tuple[str, str]] = field(default_factory=set)
    """Group ID and Vidigami ID of this school year."""
    parents: set[tuple[str, str]] = field(default_factory=set)
    """Vidigami IDs of student and parent."""

    def __post_init__(self) -> None:
        self.add(
            "admin@example.org", **{"First Name": "Ada", "System Role": "Administrator", "User Type": "staff"}
        )

    def add(self, host_id: str, **values: str) -> dict[str, str]:
        """Somebody by hand."""
        own = f"{1000 + len(self.users)}"
        blank = dict.fromkeys(USER_LIST, "")
        usual = {
            "Vidigami ID": own,
            "Host ID": host_id,
            "System Role": "Contributor",
            "Status": "Not Activated",
        }
        self.users[own] = {**blank, **usual, "Last Name": "Lee", **values}
        return self.users[own]

    def by_host_id(self, host_id: str) -> dict[str, str]:
        """Who has a Host ID; blank for nobody."""
        return next((user for user in self.users.values() if user["Host ID"] == host_id), {})

    def upload_all(self, folder: Path, *, by_hand: bool = True) -> list[str]:
        """Every sheet of a folder in the order of their numbers; gives the errors."""
        errors = []
        for path in sorted(folder.glob("*.csv")):
            if not path.stem.endswith("removals"):
                errors += self.upload(path)
            elif by_hand:
                self.remove(path)
        return errors

    def upload(self, path: Path) -> list[str]:
        """One sheet; gives its errors."""
        name = path.stem.partition("-")[2].partition("-part-")[0]
        take = {
            "update-host-ids": self._update_host_id,
            "add-user-list": self._add_user,
            "relationships-list": self._relate,
            "groups": self._add_group,
            "group-membership": self._join,
        }[name]
        key = {"groups": ["Group ID"], "add-user-list": ["Host ID"], "update-host-ids": ["New Host ID"]}.get(
            name
        )
        with path.open(encoding="utf-8", newline="") as file:
            rows = [*csv.DictReader(file)]
        keys = [tuple(row[part] for part in key or row) for row in rows]
        errors = []
        for row, of_row in zip(rows, keys, strict=True):
            error = "stands twice" if keys.count(of_row) > 1 else take(row)
            errors += [f"{path.name}: {' '.join(of_row)}: {error}"] if error else []
        return errors

    def remove(self, path: Path) -> None:
        """What the list asks for, done by somebody."""
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                user = self.by_host_id(row["Host ID"])
                if row["Do"] == "take out of the group":
                    self.members.discard((row["Group ID"], user["Vidigami ID"]))
                elif row["Do"] == "unlink the parent":
                    parent = self.by_host_id(row["Parent"])
                    self.parents.discard((user["Vidigami ID"], parent["Vidigami ID"]))
                else:
                    user["Status"] = "Not Activated"

    def export(self, folder: Path, *, columns: tuple[str, ...] = USER_LIST) -> None:
        """All lists, with these columns of the users, each as a CSV file of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "users.csv", columns, [*self.users.values()])
        groups = [{"Group ID": key, **group} for key, group in self.groups.items()]
        _write(folder / "groups.csv", ("Group ID", "Vidigami ID", "Name", "Category"), groups)
        named = {own: user["Host ID"] for own, user in self.users.items()}
        members = [{"Group ID": key, "Host ID": named[own]} for key, own in sorted(self.members)]
        _write(folder / "memberships.csv", ("Group ID", "Host ID"), members)
        pairs = [
            {"Host ID Student": named[child], "Host ID Parent": named[parent]}
            for child, parent in sorted(self.parents)
        ]
        _write(folder / "relationships.csv", ("Host ID Student", "Host ID Parent"), pairs)

    def _update_host_id(self, row: dict[str, str]) -> str:
        user = self.users.get(row["Vidigami ID"]) or self.by_host_id(row["Host ID"])
        if not user:
            return "there is no such user"
        if self.by_host_id(row["New Host ID"]):
            return "another user has the new Host ID"
        user["Host ID"] = row["New Host ID"]
        return ""

    def _add_user(self, row: dict[str, str]) -> str:
        if row["User Type"] not in USER_TYPES[self.version]:
            return "there is no such user type"
        if not all(row[name] for name in ("First Name", "Last Name", "Host ID")):
            return "a required field is blank"
        user = self.by_host_id(row["Host ID"])
        mail = row.get("Email", "").lower()
        if mail and any(mail == other["Email"].lower() for other in self.users.values() if other is not user):
            return "another user has the e-mail"
        if not user:
            user = self.add(row["Host ID"])
        user |= {name: row[name] for name in FIELDS if name in row}
        return ""

    def _relate(self, row: dict[str, str]) -> str:
        child, parent = self.by_host_id(row["Host ID Student"]), self.by_host_id(row["Host ID Parent"])
        if not child or not parent:
            return "there is no such user"
        self.parents.add((child["Vidigami ID"], parent["Vidigami ID"]))
        return ""

    def _add_group(self, row: dict[str, str]) -> str:
        group = self.groups.setdefault(row["Group ID"], {"Vidigami ID": f"g{len(self.groups)}"})
        group |= {name: row[name] for name in ("Name", "Category")}
        return ""

    def _join(self, row: dict[str, str]) -> str:
        user = self.by_host_id(row["Host ID"])
        if not user or row["Group ID"] not in self.groups:
            return "there is no such user or group"
        led = [parent for child, parent in self.parents if child == user["Vidigami ID"]]
        for own in (user["Vidigami ID"], *led):
            self.members.add((row["Group ID"], own))
            self.users[own]["Latest Year"] = self.year
        return ""


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
