"""Bytes of an export -> UTF-8. Nothing is replaced or skipped: a byte that is no character is an error."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import polars as pl

from reconciler.errors import InputError, Mistake, one_mistake

if TYPE_CHECKING:
    from collections.abc import Mapping

AGAIN = "export it again"

_NOT_TEXT: Mapping[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("a workbook or a zip file", "save it as CSV (UTF-8), or name the file in it"),
    b"\xd0\xcf\x11\xe0": ("an old workbook (.xls)", "save it as CSV (UTF-8)"),
    b"\x1f\x8b": ("a compressed file (gzip)", "unpack it"),
    b"%PDF": ("a PDF", "export it as CSV"),
}
"""How files begin that somebody may take for an export -> what they are, and what to do."""
_MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF32_LE: "utf-32",  # stands first: it begins with UTF-16's mark
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_BEGIN_BELOW_0300 = bytes(range(0xCC))
"""The bytes of UTF-8 but those with which characters from U+0300 on begin."""
_A_BYTE_EACH = ("windows-1252", "iso-8859-1", "mac-roman")
_CONTROLS = re.compile(rb"[\x80-\x9f]")
_NAMES: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "cp1252": "windows-1252",
    "iso8859-1": "iso-8859-1",
    "mac-roman": "mac-roman",
}
"""Python's name of each encoding that may be declared -> ours."""


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file."""

    utf8: bytes
    """Without byte order mark."""
    encoding: str
    """What it came in."""
    composed: bool
    """Whether it is in NFC."""


def read_text(data: bytes, path: str, declared: str = "") -> Text:
    """The text in a file's bytes.

    Raises:
        InputError: the text cannot be read as it is declared, or as any encoding that is detected.
    """
    for start, (kind, remedy) in _NOT_TEXT.items():
        if data.startswith(start):
            raise one_mistake(path, f"this is {kind}, not text", remedy)
    named = _declared(declared, data, path) or _marked(data, path) or _seen_as_utf_16(data)
    encoding = named or _guess(data, path)
    if declared:
        _see_that_it_fits(data, encoding, path)
    ordinary = encoding == "utf-8" and not named  # and then without a copy
    utf8 = data if ordinary else _decode(data, encoding, path).removeprefix("\ufeff").encode()
    if b"\0" in utf8:
        line, column = _place(utf8, utf8.index(b"\0"), "utf-8")
        raise InputError(
            [Mistake(path, line, column, "a NUL byte", f"the file is damaged or not text: {AGAIN}")]
        )
    return Text(utf8, encoding, _is_composed(utf8))


def _declared(name: str, data: bytes, path: str) -> str:
    if not name:
        return ""
    try:
        encoding = _NAMES[codecs.lookup(name).name]
    except (LookupError, ValueError):
        known = "utf-8, utf-16, windows-1252, iso-8859-1, mac-roman"
        raise one_mistake(path, f"unknown encoding {name!r}", f"write one of {known}") from None
    if encoding == "utf-16":
        return "utf-16-be" if data.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    return encoding


def _see_that_it_fits(data: bytes, encoding: str, path: str) -> None:
    """Any bytes can be taken for a character each: those of an export that changed would garble names."""
    if encoding not in _A_BYTE_EACH or data.isascii():
        return
    if _is_utf_8(data):
        raise one_mistake(path, f"it is declared as {encoding}, and is UTF-8", "take the encoding out")
    if encoding == "iso-8859-1" and (control := _CONTROLS.search(data)):
        line, column = _place(data, control.start(), encoding)
        message = f"byte 0x{control[0][0]:02X} is no character in {encoding}"
        raise InputError([Mistake(path, line, column, message, "set encoding: windows-1252")])


def _marked(data: bytes, path: str) -> str:
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")
    if encoding == "utf-32":
        raise one_mistake(path, "the file is UTF-32, which is not read", "export it as UTF-8")
    return encoding


def _seen_as_utf_16(data: bytes) -> str:
    """UTF-16, where a file's NULs show it."""
    head = data[:200]
    pairs = len(head) // 2
    low, high = head[1::2].count(0), head[::2].count(0)
    if pairs and max(low, high) >= 0.7 * pairs and min(low, high) <= 0.1 * pairs:
        return "utf-16-le" if low > high else "utf-16-be"
    return ""


def _guess(data: bytes, path: str) -> str:
    """UTF-8 where the bytes are that, else Windows-1252."""
    try:
        if not _is_utf_8(data):
            data.decode()  # for what is wrong, and where
    except UnicodeDecodeError as error:
        # A stray byte among good UTF-8 is damage; taken for Windows-1252 it would garble every name.
        if not data.decode(errors="ignore").isascii() or _is_cut(error):
            _refuse(data, error, "utf-8", path)
        return "windows-1252"
    return "utf-8"


def _is_utf_8(data: bytes) -> bool:
    """Told in a fifth of the time that Python takes to decode it."""
    if data.isascii():
        return True
    try:
        pl.Series([data]).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def _is_cut(error: UnicodeDecodeError) -> bool:
    r"""Whether the only bytes beyond ASCII are the beginning of a character at the very end.

    One accented letter of Windows-1252 looks so too; \xc2 to \xc5 begin most accented letters of UTF-8 and
    hardly ever end a word in Windows-1252.
    """
    tail = error.object[error.start :]
    return error.reason == "unexpected end of data" and (len(tail) > 1 or 0xC2 <= tail[0] <= 0xC5)


def _is_composed(utf8: bytes) -> bool:
    """Whether text is in NFC. All text below U+0300 is, and mostly there is no other."""
    below = utf8.isascii() or not utf8.translate(None, _BEGIN_BELOW_0300)
    return below or unicodedata.is_normalized("NFC", utf8.decode())


def _decode(data: bytes, encoding: str, path: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        _refuse(data, error, encoding, path)


def _refuse(data: bytes, error: UnicodeDecodeError, encoding: str, path: str) -> NoReturn:
    line, column = _place(data, error.start, encoding)
    if error.reason in {"unexpected end of data", "truncated data"}:
        message, hint = "the file is cut off in the middle of a character", AGAIN
    else:
        message = f"byte 0x{data[error.start]:02X} is not {encoding} text"
        hint = f"{AGAIN}, or set the file's encoding"
    raise InputError([Mistake(path, line, column, message, hint)]) from None


def _place(data: bytes, at: int, encoding: str) -> tuple[int, int]:
    """Line, and byte within the line, both from 1."""
    before = data[:at].decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before.rpartition("\n")[2].encode(encoding, "replace")) + 1
