"""Exports that are not on this machine (`sftp://user@host/dir/file.csv`), and servers that are asked."""

from __future__ import annotations

from urllib.parse import urlsplit

_MARK = "://"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TAKE_OUT = "take it out; the environment has it"
_WRITE = "write sftp://user@host/dir/file.csv or https://host/dir/sent.zip"


def is_address(text: str) -> bool:
    """Whether a path is an address on another machine."""
    return _MARK in text


def fault_of(address: str) -> tuple[str, str] | None:
    """What is wrong with an address, and what to do; neither says anything of it that may be secret."""
    try:
        parts = urlsplit(address)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "not an address", _WRITE
    dotted = {".", ".."} & set(parts.path.split("/"))
    faults = (
        (parts.password is not None, ("a password does not belong into an address", _TAKE_OUT)),
        (scheme == "https" and parts.username is not None, ("an address of https names no user", _TAKE_OUT)),
        (parts.query or parts.fragment, ("? or # may begin a secret, and is not taken", "name the file")),
        (scheme not in {"sftp", "https"}, ("nothing is read from such an address", _WRITE)),
        (not host or not parts.path.strip("/"), ("an address without a host or a path", _WRITE)),
        (dotted, ("an address with . or .. in it", "write the whole path")),
    )
    return next((told for holds, told in faults if holds), None)


def fault_beside(first: str, address: str) -> tuple[str, str] | None:
    """What is wrong with an address beside the first one of a school; both are without a fault of their own.

    There is one set of credentials, which is for one host alone.
    """
    if not first or urlsplit(first)[:2] == urlsplit(address)[:2]:
        return None
    return "on another host than the others, and the credentials are for one", "have them put in one place"


def fault_of_server(url: str) -> tuple[str, str] | None:
    """What is wrong with the address of a server that is asked by HTTP, and what to do; '' is none."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "not an address", "write https:// and the server's name"
    if scheme == "http" and host not in _LOOPBACK:
        return "would send secrets and people in the clear", "write https://"
    return None


def join_address(folder: str, name: str) -> str:
    """A file in a folder at an address."""
    return f"{folder.rstrip('/')}/{name}"
