"""Files by SFTP, through fsspec, from hosts whose keys are known."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from stat import S_ISDIR
from typing import TYPE_CHECKING, Any, BinaryIO

from reconciler.environment import known_hosts, password, ssh_key, user
from reconciler.errors import ReconcileError, one_mistake
from reconciler.remote.interface import CHUNK, LARGEST, TIMEOUT, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PORT = 22
_INSTALL = "files by SFTP take a package more: pip install 'vidigami-reconciler[remote]'"


class SftpPlace:
    """A host that is reached by SSH."""

    def __init__(self, host: str, port: int | None, account: str, name: str) -> None:
        """`account` is that of the address, and `name` how the variables begin that hold the credentials.

        Raises:
            ReconcileError: a package or a setting is missing, or the host does not let us in.
        """
        self._where = f"sftp://{host}" if port is None else f"sftp://{host}:{port}"
        hosts = known_hosts(name)
        with _reaching(self._where, hosts):
            signing_in = _signing_in(self._where, account or user(name), name)
            self._files = _connect(host, port or _PORT, hosts, signing_in)

    def copy(self, path: str, into: BinaryIO) -> Seen:
        """Copy a file; what was said of it before."""
        seen = self.look(path)
        if seen.size > LARGEST:
            raise one_mistake(self._where + path, "larger than any school", "see what it is")
        with self._reading(path), self._files.open(path, "rb") as file:
            file.prefetch(seen.size)
            # A byte more than was said is enough to see that the file has grown.
            while into.tell() <= seen.size and (data := file.read(CHUNK)):
                into.write(data)
        return seen

    def look(self, path: str) -> Seen:
        """What is said of a file now."""
        with self._reading(path):
            # Not fsspec's, which takes it that every server says everything.
            said = self._files.ftp.stat(path)
        if S_ISDIR(said.st_mode or 0):
            raise one_mistake(self._where + path, "a folder, not a file", "name a file")
        if said.st_size is None:
            told = "the server does not say how long it is, so it may not be whole"
            raise one_mistake(self._where + path, told, "ask who runs it")
        return Seen(said.st_size, None if said.st_mtime is None else float(said.st_mtime))

    def names(self, path: str) -> list[str]:
        """The names of what is in a folder."""
        with self._reading(path):
            return [str(name) for name in self._files.ftp.listdir(path)]

    def close(self) -> None:
        """Leave."""
        self._files.client.close()

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        from paramiko import SSHException  # noqa: PLC0415 - slow

        try:
            yield
        except FileNotFoundError:
            raise one_mistake(
                self._where + path, "no such file", "see where it is put, or correct the address"
            ) from None
        except PermissionError:
            hint = "have the account let in to it"
            raise one_mistake(self._where + path, "may not be read by this account", hint) from None
        except (OSError, EOFError, SSHException) as error:
            raise ReconcileError(
                f"{self._where}{path}: reading broke off ({type(error).__name__}); run it again"
            ) from None


def _signing_in(where: str, account: str, name: str) -> dict[str, Any]:
    """What paramiko is told of us: a key or a password, and no other key that lies around here."""
    key, passphrase = ssh_key(name)
    secret = "" if key else password(name)
    if not account or not (key or secret):
        raise ReconcileError(
            f"{where}: it is not said who reads it; set {name}_USER, unless the address names the user, and"
            f" {name}_KEY_FILE or {name}_PASSWORD"
        )
    return {"username": account} | (
        {"pkey": _load_key(key, passphrase, name)} if key else {"password": secret}
    )


def _load_key(path: str, passphrase: str, name: str) -> Any:  # noqa: ANN401 - a class of paramiko's
    import paramiko  # noqa: PLC0415 - slow, and an extra

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(path, passphrase or None)
        except paramiko.PasswordRequiredException:
            raise ReconcileError(f"{path}: the key has a passphrase; set {name}_KEY_PASSPHRASE") from None
        except OSError as error:
            raise ReconcileError(f"{path}: the key cannot be read: {error.strerror}") from None
        except (paramiko.SSHException, ValueError):
            continue  # of another kind, or of another passphrase
    raise ReconcileError(f"{path}: this is no private key that can be read; see it, and its passphrase")


@contextmanager
def _reaching(where: str, hosts: Path) -> Iterator[None]:
    """Errors of paramiko -> ours; none of its own words, which may be the server's."""
    try:
        import paramiko  # noqa: PLC0415 - slow, and an extra
    except ImportError:
        raise ReconcileError(f"{where}: {_INSTALL}") from None
    try:
        yield
    except paramiko.BadHostKeyException:
        raise ReconcileError(
            f"{where}: its key is another than {hosts} has: perhaps somebody is in between; ask who runs it"
        ) from None
    except paramiko.AuthenticationException:
        raise ReconcileError(f"{where}: it takes neither this account nor its key or password") from None
    except _UnknownHostError:
        raise ReconcileError(
            f"{where}: its key is not in {hosts}; have who runs it tell you the key, and write it there"
        ) from None
    except (OSError, EOFError, ValueError, paramiko.SSHException) as error:
        raise ReconcileError(
            f"{where}: cannot be reached ({type(error).__name__}); check host, port and network"
        ) from None


class _UnknownHostError(Exception):
    pass


def _connect(host: str, port: int, hosts: Path, signing_in: dict[str, Any]) -> Any:  # noqa: ANN401 - fsspec is untyped
    import paramiko  # noqa: PLC0415 - slow, and an extra
    from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415 - slow, and an extra

    class Refuse(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, *_: object) -> None:
            raise _UnknownHostError

    class Verified(SFTPFileSystem):  # type: ignore[misc]  # fsspec is untyped
        """As fsspec's, which by itself trusts whoever answers."""

        cachable = False  # a connection is closed, and nobody else is to get it again

        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_host_keys(str(hosts))
            self.client.set_missing_host_key_policy(Refuse())
            try:
                self.client.connect(self.host, **self.ssh_kwargs)
                self.ftp = self.client.open_sftp()
            except BaseException:
                self.client.close()
                raise
            channel = self.ftp.get_channel()
            if channel is not None:
                channel.settimeout(TIMEOUT)

    # It writes on standard error otherwise, the server's words among its own.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
    if not hosts.is_file():
        raise _UnknownHostError
    timeouts = dict.fromkeys(("timeout", "banner_timeout", "auth_timeout", "channel_timeout"), TIMEOUT)
    return Verified(host, port=port, allow_agent=False, look_for_keys=False, **timeouts, **signing_in)
