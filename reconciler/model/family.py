"""People who share an e-mail address, so that none of them can be imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """Somebody who needs an address of their own."""

    host_id: str
    member_type: str
    first_name: str
    last_name: str
    children: tuple[str, ...] = ()
    """Names of a parent's children at the school, as far as they are known."""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Family:
    """Those who share one address."""

    number: int
    """Of the letter, from 1."""
    email: str
    people: tuple[FamilyMember, ...]
    """Parents first, then staff, then students."""

    @property
    def children(self) -> tuple[str, ...]:
        """Names of the children of any of them, each once."""
        return tuple(dict.fromkeys(child for person in self.people for child in person.children))
