"""What the environment says: secrets, and where things are. Nothing of it stands in a school's file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.model import School

STATE = "RECONCILE_STATE"
"""Names the state store: a path, or a PostgreSQL URL."""
STATE_FOLDER = ".reconcile"
"""Where what is remembered is kept by default: a folder beside the directory."""
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
    client_id, secret = os.environ.get(f"{name}_ID", ""), _secret(f"{name}_SECRET")
    if not client_id or not secret:
        missing = f"{name}_ID" if not client_id else f"{name}_SECRET (or {name}_SECRET_FILE)"
        raise _unset(missing, setting)
    return client_id, secret


def token(name: str) -> str:
    """The token of an API that gives one for good: `NAME_TOKEN`, or what the file `NAME_TOKEN_FILE` holds.

    '' where there is none.

    Raises:
        ReconcileError: the file cannot be read.
    """
    return _secret(f"{name}_TOKEN")


def subscription_key(name: str) -> str:
    """The key of a developer's subscription: `NAME_SUBSCRIPTION_KEY`, or the file of `..._KEY_FILE`.

    Raises:
        ReconcileError: it is missing, or the file cannot be read.
    """
    variable = f"{name}_SUBSCRIPTION_KEY"
    if key := _secret(variable):
        return key
    raise _unset(f"{variable} (or {variable}_FILE)")


def password(name: str) -> str:
    """The password of an account that files are read by: `NAME_PASSWORD`, or the file; '' for none.

    Raises:
        ReconcileError: the file cannot be read.
    """
    return _secret(f"{name}_PASSWORD")


def user(name: str) -> str:
    """The account that files are read by: `NAME_USER`; '' for none."""
    return os.environ.get(f"{name}_USER", "")


def ssh_key(name: str) -> tuple[str, str]:
    """The file of a private key (`NAME_KEY_FILE`), and its passphrase (`NAME_KEY_PASSPHRASE`); '' for none.

    Raises:
        ReconcileError: the file of the passphrase cannot be read.
    """
    return os.environ.get(f"{name}_KEY_FILE", ""), _secret(f"{name}_KEY_PASSPHRASE")


def known_hosts(name: str) -> Path:
    """The file of the host keys that are known: `NAME_KNOWN_HOSTS`, else that of the user."""
    named = os.environ.get(f"{name}_KNOWN_HOSTS")
    return Path(named) if named else Path.home() / ".ssh" / "known_hosts"


def token_file(school: School) -> Path:
    """The file of a school's sign-in: the one that `NAME_TOKEN_FILE` names, else beside the state store."""
    if named := os.environ.get(f"{school.source.credentials}_TOKEN_FILE"):
        return Path(named)
    state = os.environ.get(STATE, "")
    folder = Path(state).parent if state and "://" not in state else state_folder(school)
    return folder / f"{school.id}.token"


def state_folder(school: School) -> Path:
    """Beside the directory, or the school's file where the directory is on a server."""
    return Path(school.target.path or school.file).parent / STATE_FOLDER


def _secret(variable: str) -> str:
    """The text of a variable, or of the file that `VARIABLE_FILE` names; '' for none."""
    file = os.environ.get(f"{variable}_FILE", "")
    try:
        text = Path(file).read_text(encoding="utf-8") if file else os.environ.get(variable, "")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcileError(f"{file}: the secret cannot be read: {why}; see {variable}_FILE") from None
    return text.strip()


def _unset(variable: str, setting: str = "source.credentials") -> ReconcileError:
    giver = "your SIS" if setting.startswith("source") else "the server's administrator"
    return ReconcileError(f"the variable {variable} is not set; {setting} names them, and {giver} gives them")
