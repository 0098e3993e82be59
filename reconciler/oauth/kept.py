"""The refresh token of a school, in a file that its owner alone can read."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError
from reconciler.private_file import make_private_folder, private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.http import Token

PATIENCE = 120.0
"""Seconds to wait for another process that is renewing the same token."""
_WHAT = "the refresh token"
_OTHERS = 0o077


class KeptToken:
    """A file with a refresh token; whoever changes it holds its lock."""

    def __init__(self, path: Path, again: str) -> None:
        """`again` is the command that signs in anew, for messages."""
        self.path, self.again = path, again

    def exchange(self, ask: Callable[[str], Token]) -> Token:
        """What `ask` gives for the refresh token that is kept; one that came with it takes its place.

        It is read once the lock is held, since another process may have renewed it meanwhile, and the file of
        the next one is begun before `ask` is called: a token that could not be kept would be lost.

        Raises:
            ReconcileError: there is none, or its file can be read by others, or not be written.
        """
        with self._locked():
            old = self._read()
            with private_file(self.path, _WHAT) as file:
                token = ask(old)
                file.write(_text(token.refresh or old))
        return token

    def keep(self, ask: Callable[[], Token]) -> None:
        """Keep the refresh token that `ask` gives, in place of any before.

        Raises:
            ReconcileError: it gives none, or the file cannot be written.
        """
        with self._locked(), private_file(self.path, _WHAT) as file:
            token = ask()
            if not token.refresh:
                raise ReconcileError("the server gave no refresh token; see how the application is set up")
            file.write(_text(token.refresh))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout  # noqa: PLC0415 - slow

        lock = FileLock(f"{self.path}.lock", timeout=PATIENCE, mode=0o600)
        try:
            make_private_folder(self.path.parent)
            lock.acquire()
        except Timeout:
            raise ReconcileError(
                f"{self.path}: another process has held it for {PATIENCE:.0f} seconds; try again later"
            ) from None
        except (OSError, NotImplementedError) as error:
            raise ReconcileError(f"{self.path}: {_WHAT} cannot be locked: {error}") from None
        try:
            yield
        finally:
            lock.release()

    def _read(self) -> str:
        try:
            if self.path.stat().st_mode & _OTHERS:
                raise ReconcileError(f"{self.path}: others can read {_WHAT}; chmod 600 it")
            token = json.loads(self.path.read_bytes())["refresh_token"]
        except FileNotFoundError:
            raise ReconcileError(f"{self.path}: nobody has signed in yet; run '{self.again}'") from None
        except OSError as error:
            raise ReconcileError(f"{self.path}: {_WHAT} cannot be read: {error.strerror}") from None
        except (ValueError, LookupError, TypeError):
            token = None
        if not isinstance(token, str) or not token:
            raise ReconcileError(f"{self.path}: this holds no refresh token; run '{self.again}'")
        return token


def _text(token: str) -> bytes:
    return json.dumps({"refresh_token": token}).encode()
