"""A real SFTP server on loopback, paramiko's own: the files of a folder, for one account."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import paramiko
from paramiko import common, sftp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

USER, PASSWORD = "exports", "sftp-passw0rd"


class SftpServer:
    """Its folder, its keys, and what is wrong with it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = paramiko.RSAKey.generate(2048)
        self.client_key = paramiko.RSAKey.generate(2048)
        self.read: list[str] = []
        self.after_open: Callable[[Path], None] = lambda _path: None
        """What becomes of a file once it was opened."""
        self.drops = False
        """Whether the connection ends at the first read."""
        self.refused: set[str] = set()
        """Names of files that the account may not read."""
        self.untold: tuple[str, ...] = ()
        """What it does not say of a file, as paramiko calls it."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def where(self) -> str:
        """Its address, without a user."""
        return f"127.0.0.1:{self.port}"

    def known_hosts(self, path: Path, key: paramiko.PKey | None = None) -> Path:
        """A file that knows it by its key, or by another."""
        known = key or self.host_key
        path.write_text(f"[127.0.0.1]:{self.port} {known.get_name()} {known.get_base64()}\n")
        return path

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, sftp_si=_Files, of=self)
            self._transports.append(transport)
            transport.start_server(event=threading.Event(), server=_Account(self))

    def drop(self) -> None:
        """End every connection."""
        for transport in self._transports:
            transport.close()

    def stop(self) -> None:
        """End."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.drop()
        self._thread.join()
        for transport in self._transports:
            transport.join()


@contextmanager
def serving(root: Path) -> Iterator[SftpServer]:
    """The server, while it runs."""
    server = SftpServer(root)
    try:
        yield server
    finally:
        server.stop()


class _Account(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def check_auth_password(self, username: str, password: str) -> int:
        return _verdict(ours=(username, password) == (USER, PASSWORD))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return _verdict(ours=username == USER and key == self._server.client_key)

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del kind, chanid
        return common.OPEN_SUCCEEDED


def _verdict(*, ours: bool) -> int:
    return common.AUTH_SUCCESSFUL if ours else common.AUTH_FAILED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, *, of: SftpServer) -> None:
        super().__init__(server)
        self._of = of

    def _local(self, path: str) -> Path:
        return self._of.root / path.lstrip("/")

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            found = sorted(self._local(path).iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return [paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in found]

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            found = paramiko.SFTPAttributes.from_stat(self._local(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        for name in self._of.untold:
            setattr(found, name, None)
        return found

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        del attr
        local = self._local(path)
        self._of.read.append(path)
        if local.name in self._of.refused:
            return sftp.SFTP_PERMISSION_DENIED
        handle = _Handle(self._of, flags)
        handle.filename = str(local)
        handle.readfile = local.open("rb")
        self._of.after_open(local)
        return handle


class _Handle(paramiko.SFTPHandle):
    filename: str
    readfile: BinaryIO

    def __init__(self, of: SftpServer, flags: int) -> None:
        super().__init__(flags)
        self._of = of

    def read(self, offset: int, length: int) -> bytes | int:
        if self._of.drops:
            self._of.drop()
            return sftp.SFTP_FAILURE
        return super().read(offset, length)

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))
