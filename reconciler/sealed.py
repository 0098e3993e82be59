"""Bytes that only whoever holds a key can read: the age format, by pyrage (https://age-encryption.org/v1)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Sequence


SEALED = b"age-encryption.org/v1"
"""How sealed bytes begin."""
_SSH = ("ssh-ed25519 ", "ssh-rsa ")


def seal(data: bytes, recipients: Sequence[str]) -> bytes:
    """`data`, for any of these recipients to open: `age1...`, an SSH public key, or a file of such lines.

    Raises:
        ReconcileError: one of them is none.
    """
    import pyrage  # noqa: PLC0415 - loaded where something is sealed, as hardly anything is

    sealed: bytes = pyrage.encrypt(data, [_recipient(line) for line in _recipient_lines(recipients)])
    return sealed


def unseal(data: bytes, identity_file: Path, what: str) -> bytes:
    """What was sealed; `what` it is, for messages.

    Raises:
        ReconcileError: the identity file cannot be read or is none, or the data is for somebody else.
    """
    import pyrage  # noqa: PLC0415

    identities = _identities(identity_file)
    try:
        opened: bytes = pyrage.decrypt(data, identities)
    except pyrage.DecryptError as error:
        raise ReconcileError(
            f"{what}: cannot be opened with {identity_file}: {error}; it may be for another key, or damaged"
        ) from None
    return opened


def see_recipients(recipients: Sequence[str]) -> None:
    """See that something can be sealed for them, before long work is done.

    Raises:
        ReconcileError: one of them is none.
    """
    for line in _recipient_lines(recipients):
        _recipient(line)


def _recipient_lines(recipients: Sequence[str]) -> list[str]:
    lines = []
    for recipient in recipients:
        if recipient.startswith(("age1", *_SSH)):
            lines.append(recipient)
        else:
            lines += _read_lines(
                Path(recipient), "a recipient is age1..., an SSH public key, or a file of those"
            )
    if not lines:
        raise ReconcileError(
            f"{', '.join(recipients)}: no recipient in it; write one a line, such as age1..."
        )
    return lines


def _recipient(line: str) -> Any:  # noqa: ANN401 - of pyrage, which has no types
    import pyrage  # noqa: PLC0415

    kind = pyrage.ssh if line.startswith(_SSH) else pyrage.x25519
    try:
        return kind.Recipient.from_str(line)
    except pyrage.RecipientError as error:
        raise ReconcileError(
            f"{line}: not a recipient: {error}; 'age-keygen -y KEYFILE' prints one"
        ) from None


def _identities(file: Path) -> list[Any]:
    import pyrage  # noqa: PLC0415

    lines = _read_lines(file, "name the file of your age or SSH key in RECONCILE_IDENTITY")
    try:
        if any(line.startswith("-----BEGIN") for line in lines):
            return [pyrage.ssh.Identity.from_buffer(file.read_bytes())]
        return [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError as error:  # which may quote the key: it is not repeated
        del error
        raise ReconcileError(f"{file}: not an age or SSH key; 'age-keygen -o FILE' makes one") from None


def _read_lines(file: Path, hint: str) -> list[str]:
    """Lines that are neither blank nor a comment."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcileError(f"{file}: cannot be read: {why}; {hint}") from None
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
