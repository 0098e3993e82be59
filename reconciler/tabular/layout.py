"""How an export is laid out: delimiter, quoting, line ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import SourceFile

DELIMITERS: Mapping[str, str] = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe"}
"""The delimiters, and what they are called in messages."""

_DETECTED = ",\t;|"
_LINE = re.compile(rb"[^\r\n]*")
_QUOTED = re.compile(rb'("[^"]*")')


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands between cells, and whether a `"` quotes or is text like any other."""

    delimiter: str
    quoted: bool


def detect_layout(data: bytes, file: SourceFile) -> Layout:
    """The layout as the school declares it, else as the header line shows it.

    A tab file counts as unquoted unless its header begins with a quote: PowerSchool's quick export writes
    a lone `"` (in a nickname, say) as it is.
    """
    line = _LINE.match(data)
    header = line[0] if line else b""
    bare = header if file.quoting == "none" else _QUOTED.sub(b"", header)
    found = max(_DETECTED, key=lambda delimiter: bare.count(delimiter.encode()))
    signs = {name: sign for sign, name in DELIMITERS.items()}
    delimiter = signs.get(file.delimiter, file.delimiter) or found
    quoted = file.quoting != "none" and (
        file.quoting == "standard" or delimiter != "\t" or header.lstrip().startswith(b'"')
    )
    return Layout(delimiter, quoted)


def unify_line_ends(data: bytes, layout: Layout) -> bytes:
    r"""The same text with `\n` at the end of each line, whichever of CRLF, LF and CR stood there.

    A lone CR inside a quoted cell stays as it is where the lines end otherwise.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if b"\r" not in data:
        return data
    if not layout.quoted or b"\n" not in _QUOTED.sub(b"", data):
        return data.replace(b"\r", b"\n")
    parts = _QUOTED.split(data)
    parts[::2] = [part.replace(b"\r", b"\n") for part in parts[::2]]
    return b"".join(parts)
