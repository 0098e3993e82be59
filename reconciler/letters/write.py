"""Families -> letters, by a template that may be the school's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from reconciler.model import Family

LONGEST = 50_000
"""Characters of a letter; a template that writes more is taken for one that does not end."""
KNOWN = ("school", "school_year", "people", "addressed_to", "email", "children", "reply_to")
"""What a template may use."""


class TemplateMistakeError(ReconcileError):
    """A template cannot be used: where, why, and what it may use."""


@dataclass(frozen=True, slots=True)
class Letters:
    """What all letters of a school have in common."""

    school: str
    school_year: str
    template: str
    """The text of a jinja2 template."""
    template_name: str
    """Its file, for messages."""
    reply_to: str = ""


def write_letters(families: Sequence[Family], letters: Letters) -> list[str]:
    """The text of each family's letter.

    A template cannot reach beyond what it is given, and cannot write without end.

    Raises:
        TemplateMistakeError: it has a mistake, asks for what is not there, or tries what it may not.
    """
    import jinja2  # noqa: PLC0415 - loads slowly
    from jinja2.exceptions import SecurityError  # noqa: PLC0415

    texts: list[str] = []
    try:
        template = _environment().from_string(letters.template)
        for family in families:
            texts.append(_one(template.generate, family, letters))  # noqa: PERF401 - tells whose turn it was
    except jinja2.TemplateSyntaxError as error:
        raise TemplateMistakeError(f"{letters.template_name}:{error.lineno}: {error.message}") from None
    except (jinja2.UndefinedError, SecurityError) as error:
        told = _told(str(error), families[len(texts)])
        raise TemplateMistakeError(
            f"{_where(letters, error)}: {told}; a letter may use {', '.join(KNOWN)}"
        ) from None
    except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError) as error:
        told = _told(f"{type(error).__name__}: {error}", families[len(texts)])
        raise TemplateMistakeError(f"{_where(letters, error)}: {told}") from None
    if not all(text.strip() for text in texts):
        hint = "write its text, with {{ email }} for the address"
        raise TemplateMistakeError(f"{letters.template_name}: it makes an empty letter; {hint}")
    return texts


def _where(letters: Letters, error: Exception) -> str:
    """The template's file, with the line that was being written, as far as it is known."""
    lines = [at.tb_lineno for at in _frames(error) if at.tb_frame.f_code.co_filename == "<template>"]
    return f"{letters.template_name}:{lines[-1]}" if lines else letters.template_name


def _frames(error: Exception) -> Iterator[TracebackType]:
    at = error.__traceback__
    while at:
        yield at
        at = at.tb_next


def _told(message: str, family: Family) -> str:
    """A message without the family's own values, which a template may have asked for as names."""
    people = family.people
    values = {family.email, *family.children, *(one.name for one in people)}
    values |= {part for one in people for part in (one.first_name, one.last_name)}
    for value in sorted(filter(None, values), key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "(a value)", message)
    return message


def address_of(family: Family) -> str:
    """To whom a letter goes: the parents, else the staff, else the family of the students."""
    parents = [person.name for person in family.people if person.member_type == "parent"]
    staff = [person.name for person in family.people if person.member_type == "staff"]
    if adults := [*parents, *staff]:
        return _listed(adults)
    return f"the family of {_listed([person.name for person in family.people])}"


def _one(generate: Callable[..., Any], family: Family, letters: Letters) -> str:
    parts, size = [], 0
    values = {
        "school": letters.school,
        "school_year": letters.school_year,
        "people": [
            {"name": person.name, "member_type": person.member_type, "children": list(person.children)}
            for person in family.people
        ],
        "addressed_to": address_of(family),
        "email": family.email,
        "children": list(family.children),
        "reply_to": letters.reply_to,
    }
    for part in generate(**values):
        size += len(part)
        if size > LONGEST:
            raise ValueError(f"a letter is longer than {LONGEST:,} characters")
        parts.append(part)
    return "".join(parts).strip("\n") + "\n"


def _environment() -> Any:  # noqa: ANN401 - a class that is made here, since jinja2 loads slowly
    import jinja2  # noqa: PLC0415
    from jinja2.exceptions import SecurityError  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Sandbox(ImmutableSandboxedEnvironment):
        """No multiplication: `'x' * 10 ** 9` would take all memory at once."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, _context: Any, operator: str, _left: Any, _right: Any) -> Any:  # noqa: ANN401
            raise SecurityError(f"'{operator}' is not allowed in a letter")

    return Sandbox(undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)


def _listed(names: Sequence[str]) -> str:
    """`Anne`, `Anne and Bill`, `Anne, Bill and Cy`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
