"""How fast a server is asked: a few numbers, which all processes of a machine may have in common.

No secrets and no people: moments alone. They are of CLOCK_MONOTONIC, which all processes of a machine share,
and which begins again when it starts; a container may have its own, but has its own temporary files as well.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from array import array
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.shared_file import SharedFile

MOST_ANSWERS = 1000
FORGOTTEN = 60.0
"""Seconds after which what was learnt counts no more, unless a pause lasts longer: servers change."""
_FORMAT = b"pace-1\n\0"
_NUMBERS = struct.Struct("=4dI")
_SUM = struct.Struct("=I")
_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class Pace:
    """What is known of a server; moments are seconds of the clock."""

    turn: float = 0.0
    """When the next request may be made."""
    interval: float = 0.0
    """Seconds between two requests; 0 as long as it has never been asked too much."""
    judged: float = float("-inf")
    """Until when the last cut of the rate counts."""
    seen: float = 0.0
    """When any of this last changed."""
    answers: array[float] = field(default_factory=lambda: array("d"))
    """When it answered, the last ones."""


def shared_pace(url: str) -> SharedFile:
    """The file of the server of an address: of its scheme, host and port."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:  # no number: whoever asks there is told
        port = 0
    server = f"{parts.scheme}://{parts.hostname}:{port}"
    return SharedFile(hashlib.sha256(server.encode()).hexdigest()[:32] + ".pace")


def pack(pace: Pace) -> bytes:
    """The bytes of a file, with a sum: one that is killed in the middle leaves some of before."""
    numbers = _NUMBERS.pack(pace.turn, pace.interval, pace.judged, pace.seen, len(pace.answers))
    text = numbers + pace.answers.tobytes()
    return _FORMAT + _SUM.pack(zlib.crc32(text)) + text


def unpack(text: bytes, now: float) -> Pace | None:
    """What a file says, if it is whole and of lately; of before the machine was started, it is not."""
    start = len(_FORMAT) + _SUM.size
    begin = start + _NUMBERS.size
    if len(text) < begin or not text.startswith(_FORMAT):
        return None
    turn, interval, judged, seen, count = _NUMBERS.unpack_from(text, start)
    whole = text[start : begin + 8 * count]
    if _SUM.unpack_from(text, len(_FORMAT))[0] != zlib.crc32(whole):
        return None
    if seen > now or now > max(seen, turn) + FORGOTTEN:
        return None
    return Pace(turn, interval, judged, seen, array("d", whole[_NUMBERS.size :]))
