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


def credentials(name: str) -> tuple[str, str]:
    """Client id and secret of an API: `NAME_ID`, and `NAME_SECRET` or the file that `NAME_SECRET_FILE` names.

    Raises:
        ReconcileError: one is missing, or the file cannot be read.
    """
    client_id = os.environ.get(f"{name}_ID", "")
    file = os.environ.get(f"{name}_SECRET_FILE", "")
    try:
        secret = Path(file).read_text(encoding="utf-8") if file else os.environ.get(f"{name}_SECRET", "")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcileError(f"{file}: the secret cannot be read: {why}; see {name}_SECRET_FILE") from None
    if not client_id or not secret.strip():
        missing = f"{name}_ID" if not client_id else f"{name}_SECRET (or {name}_SECRET_FILE)"
        raise ReconcileError(
            f"the variable {missing} is not set; source.credentials names them, and your SIS gives them"
        )
    return client_id, secret.strip()
