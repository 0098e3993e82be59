"""One exception family: where it went wrong, what is wrong, and what to do about it.

The command line turns each into a message and an exit code; nothing below it prints or exits.
Messages name Host IDs, files and lines, never a person's name or e-mail.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReconcileError(Exception):
    """Anything that stops a command. The message says where, what, and what to do next."""

    exit_code = 1


class HeldError(ReconcileError):
    """A guard, an error finding or a refused plan: nothing was written."""

    exit_code = 3


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing to mend in a file: a setting, a header, a row.

    `line` and `column` count from 1; 0 means that the mistake has no such place.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""

    @property
    def where(self) -> str:
        """`file:line:col`, as far as it is known."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}"
        if self.hint:
            text += f"; {self.hint}"
        if self.excerpt:
            text += f"\n    {self.excerpt}"
            if self.column:
                text += f"\n    {' ' * (self.column - 1)}^"
        return text


class InputError(ReconcileError):
    """Mistakes in what a school gave us, all of them at once, in the order of their places."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def one_mistake(file: str, message: str, hint: str = "", line: int = 0) -> InputError:
    """An error with a single mistake, for readers that cannot go on after it."""
    return InputError([Mistake(file, line, 0, message, hint)])


class PanicError(Exception):
    """Polars, or another library in Rust, gave up in the middle of its work: a defect."""


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Let a panic be an error like any other, without its words, which may hold somebody's values.

    As such libraries raise it, it passes whoever catches every `Exception`, and cannot be pickled.

    Raises:
        PanicError: in place of the panic.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":  # each library has a class of its own
            raise
        raise PanicError("a library gave up").with_traceback(error.__traceback__) from None
