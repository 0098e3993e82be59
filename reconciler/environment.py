"""What the environment says: secrets, and where things are. Nothing of it stands in a school's file."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.errors import ReconcileError

STATE = "RECONCILE_STATE"
"""Names the state store: a path, or a PostgreSQL URL."""
IDENTITY = "RECONCILE_IDENTITY"
"""Names the file of the age or SSH key that opens encrypted plans."""
PSEUDONYM_KEY = "RECONCILE_PSEUDONYM_KEY"
PSEUDONYM_KEY_FILE = "RECONCILE_PSEUDONYM_KEY_FILE"
"""The secret from which pseudonyms are made, or the file that holds it."""
DEBUG = "RECONCILE_DEBUG"
"""`1`: a defect shows where in the code it happened."""

_SHORTEST = 16
"""Characters of a key for pseudonyms: whoever can guess the key can try all Host IDs."""


def pseudonym_key() -> bytes:
    """The secret from which pseudonyms are made.

    Raises:
        ReconcileError: there is none, it cannot be read, or it can be guessed.
    """
    file = os.environ.get(PSEUDONYM_KEY_FILE)
    try:
        key = Path(file).read_text(encoding="utf-8") if file else os.environ.get(PSEUDONYM_KEY, "")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcileError(
            f"{file}: the key for pseudonyms cannot be read: {why}; see {PSEUDONYM_KEY_FILE}"
        ) from None
    if len(key.strip()) < _SHORTEST:
        state = "too short" if key.strip() else "missing"
        raise ReconcileError(
            f"the key for pseudonyms is {state}: set {PSEUDONYM_KEY} to a secret of {_SHORTEST} characters or"
            f" more ('openssl rand -hex 32' makes one), or {PSEUDONYM_KEY_FILE} to a file that holds it"
        )
    return key.strip().encode()


def credentials(name: str, setting: str = "source.credentials") -> tuple[str, str]:
    """Client id and secret of an API: `NAME_ID`, and `NAME_SECRET` or the file that `NAME_SECRET_FILE` names.

    `setting` is where a school's file says the name.

    Raises:
        ReconcileError: one is missing, or the file cannot be read.
    """
    client_id = os.environ.get(f"{name}_ID", "")
    secret = _secret(f"{name}_SECRET")
    if not client_id or not secret:
        missing = f"{name}_ID" if not client_id else f"{name}_SECRET (or {name}_SECRET_FILE)"
        giver = "your SIS" if setting.startswith("source") else "the server's administrator"
        raise ReconcileError(
            f"the variable {missing} is not set; {setting} names them, and {giver} gives them"
        )
    return client_id, secret


def token(name: str) -> str:
    """The token of an API that gives one for good: `NAME_TOKEN`, or what the file `NAME_TOKEN_FILE` holds.

    '' where there is none.

    Raises:
        ReconcileError: the file cannot be read.
    """
    return _secret(f"{name}_TOKEN")


def _secret(variable: str) -> str:
    file = os.environ.get(f"{variable}_FILE", "")
    try:
        found = Path(file).read_text(encoding="utf-8") if file else os.environ.get(variable, "")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcileError(f"{file}: the secret cannot be read: {why}; see {variable}_FILE") from None
    return found.strip()
