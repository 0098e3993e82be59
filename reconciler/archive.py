"""Zip archives, in which exports often arrive: files are read within them, and nothing is unpacked."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import one_mistake

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 2**31
"""Bytes of one file, unpacked: more than any school has, and less than a machine chokes on."""
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, LookupError),
)
"""What `zipfile` raises of an archive that is not whole, is encrypted, or was changed while it was read."""
_AGAIN = "ask for it again, or export it again"


def on_disk(path: str) -> Path:
    """The file that holds what stands at a path: that file, or the archive that is one of its folders."""
    wanted = Path(path)
    return next((one for one in (wanted, *wanted.parents) if one.is_file()), wanted)


def read_stored(path: str) -> bytes:
    """What stands at a path, in a folder or in an archive (`exports/elm.zip/students.csv`).

    In an archive, its folders and capitals do not count, as long as one file alone can be meant.

    Raises:
        InputError: the archive is not whole, or what is meant is not in it or not clear.
        OSError, ValueError: as when any file is read.
    """
    stored = on_disk(path)
    if stored == Path(path):
        return Path(path).read_bytes()
    inside = open_members(stored)
    wanted = Path(path).relative_to(stored).as_posix()
    found = [wanted] if wanted in inside else [name for name in inside if _may_be(name, wanted)]
    if not found:
        there = ", ".join(sorted(inside)) or "no file"
        raise one_mistake(str(stored), f"there is no {wanted} in the archive", f"there is {there}")
    if len(found) > 1:
        message = f"{' and '.join(sorted(found))} may both be {wanted}"
        raise one_mistake(str(stored), message, "name the file with its folder in the archive")
    return inside[found[0]]()


def open_members(path: Path) -> dict[str, Callable[[], bytes]]:
    """Name -> how to read it, of every file in an archive; reading one proves it by its checksum.

    Raises:
        InputError: it is no archive, not whole, or holds something larger than any school.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.infolist()
    except UNREADABLE as error:
        raise one_mistake(str(path), f"not a whole zip archive: {error}", _AGAIN) from None
    # Macs add a folder of their own to each archive.
    wanted = [
        one for one in inside if not one.filename.endswith("/") and not one.filename.startswith("__MACOSX/")
    ]
    large = [one.filename for one in wanted if one.file_size > LARGEST]
    if large:
        raise one_mistake(str(path), f"{large[0]} is larger than any school", "see what is in the archive")
    names = [one.filename for one in wanted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise one_mistake(str(path), f"{twice[0]} is in it twice", _AGAIN)
    return {one.filename: _reader(path, one) for one in wanted}


def _reader(path: Path, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        where = f"{path}/{member.filename}"
        if member.flag_bits & 1:
            raise one_mistake(where, "encrypted: it takes a password", "have it sent without one")
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(member.filename)
        except UNREADABLE as error:
            raise one_mistake(where, f"damaged: {error}", _AGAIN) from None

    return read


def _may_be(name: str, wanted: str) -> bool:
    return f"/{name.casefold()}".endswith(f"/{wanted.casefold()}")
