"""Why somebody, or a group, is as it is: what `explain` tells, section by section."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so, and where it was read."""

    text: str
    where: str = ""
    """`file:line`, or ''."""
    private: str = ""
    """Names and e-mails that belong to it, for those who asked to see them."""


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under one heading."""

    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of somebody or of a group."""

    title: str
    sections: tuple[Section, ...]
