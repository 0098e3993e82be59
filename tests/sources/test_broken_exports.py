"""Broken exports: each with the whole of its message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import InputError
from reconciler.model import SourceFile
from reconciler.sources import open_source
from tests.sources.exports import make_rules, make_school

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = "see that this is the right file, and that its first line holds the names of its columns"
AGAIN = "the file may be cut off: export it again"
SPLIT = "a line break in a value may have split it: export again with quotes"
STRAY = "a quote stands inside a value that is not quoted; export again with quotes, or set quoting: none"
EMPTY = "export it again; where the table may be empty, set allow_empty: true for the file"
ENCODING = "export it again, or set the file's encoding"
NUL = "a NUL byte; the file is damaged or not text: export it again"

# name, bytes, the settings of the file, the message
BROKEN: list[tuple[str, bytes, dict[str, Any], str]] = [
    ("zero bytes", b"", {}, "t.csv: the file is empty (0 bytes); export it again"),
    ("byte order mark alone", b"\xef\xbb\xbf", {}, "t.csv: the file is empty (3 bytes); export it again"),
    ("header alone", b"id,name\n", {}, f"t.csv: no rows below the header; {EMPTY}"),
    ("header without line end", b"id,name", {}, f"t.csv: no rows below the header; {EMPTY}"),
    ("blank lines alone", b"id,name\r\n\r\n \r\n", {}, f"t.csv: no rows below the header; {EMPTY}"),
    (
        "blank first line",
        b"\nid,name\n1,a\n",
        {},
        "t.csv:1: no header; the first line must hold the column names",
    ),
    (
        "missing column",
        b"id,nme\n1,a\n",
        {},
        "t.csv:1: no column for 'name'; looked for name; the nearest found: nme",
    ),
    (
        "no header at all, so that line 1 is a person",
        b"7,Ann,Ann\n7,Bob,Bob\n",
        {},
        f"t.csv:1: none of the columns is here; looked for id, name; {RIGHT}",
    ),
    (
        "a line for Excel above the header",
        b"sep=,\nid,name\n1,a\n",
        {},
        f"t.csv:1: none of the columns is here; looked for id, name; {RIGHT}",
    ),
    (
        "an error message in place of an export",
        b"ERROR: query timed out\n",
        {},
        f"t.csv:1: none of the columns is here; looked for id, name; {RIGHT}",
    ),
    (
        "web page in place of an export",
        b"\r\n<!DOCTYPE html>\n<html><p>Your session has expired, please sign in.</p></html>\n",
        {},
        "t.csv: this is a web page (HTML), not an export; sign in to the SIS, and export it again",
    ),
    (
        "answer of a server in place of an export",
        b'{"error": "not found", "code": 404}\n',
        {},
        "t.csv: this is an answer in JSON, not an export; sign in to the SIS, and export it again",
    ),
    (
        "old workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        {},
        "t.csv: this is an old workbook (.xls), not text; save it as CSV (UTF-8)",
    ),
    ("gzip", b"\x1f\x8b\x08\0", {}, "t.csv: this is a compressed file (gzip), not text; unpack it"),
    ("PDF", b"%PDF-1.7\n", {}, "t.csv: this is a PDF, not text; export it as CSV"),
    (
        "nothing but near misses, which are named",
        b"idd,nme\n1,a\n",
        {},
        (
            "t.csv:1: no column for 'id'; looked for id; the nearest found: idd\n"
            "t.csv:1: no column for 'name'; looked for name; the nearest found: nme"
        ),
    ),
    (
        "header with one name twice",
        b"id,name,ID\n1,a,2\n",
        {},
        (
            "t.csv:1: columns 1 and 3 have the same header, id; export it once\n"
            "t.csv:1: id and ID could each be 'id' (id); leave out all but one, or name the right one with"
            " its table in the rules for this table's columns"
        ),
    ),
    (
        "unmapped header twice",
        b"id,name,x,X,x\n1,a,,,\n",
        {},
        "t.csv:1: columns 3 and 4 and 5 have the same header, x; export it once",
    ),
    (
        "ambiguous header",
        b"id,A.Name,B.Name\n1,a,b\n",
        {},
        (
            "t.csv:1: A.Name and B.Name could each be 'name' (name); leave out all but one, or name the right"
            " one with its table in the rules for this table's columns"
        ),
    ),
    (
        "values without header",
        b"id,name,\n1,a,\n2,b,c\n",
        {},
        "t.csv:3: column 3 has values but no header; name it in line 1, or leave it out",
    ),
    ("cut in mid-row", b"id,name\n1,a\n2", {}, f"t.csv:3: row has 1 cell, the header has 2; {AGAIN}"),
    (
        "short row in the middle",
        b"id,name,x\n1,a\n2,b,c\n",
        {},
        f"t.csv:2: row has 2 cells, the header has 3; {SPLIT}",
    ),
    (
        "long row",
        b"id,name\n1,a,b\n",
        {},
        "t.csv:2: row has 3 cells, the header has 2; a value may hold a comma: export again with quotes",
    ),
    (
        "long row in a tab file",
        b"id\tname\r1\ta\tb\r",
        {},
        "t.csv:2: row has 3 cells, the header has 2; a value may hold a tab: export again with quotes",
    ),
    (
        "a long row that makes up for a short one",
        b"id,name,x\n1,a\n2,b,c,d\n",
        {},
        (
            f"t.csv:2: row has 2 cells, the header has 3; {SPLIT}\n"
            "t.csv:3: row has 4 cells, the header has 3; a value may hold a comma: export again with quotes"
        ),
    ),
    (
        "many bad rows",
        b"id,name\n" + b"1\n" * 9,
        {},
        "\n".join(f"t.csv:{line}: row has 1 cell, the header has 2; {SPLIT}" for line in range(2, 7))
        + "\nt.csv:7: and 4 more like these",
    ),
    (
        "six bad rows",
        b'id,name\n"1\n\n",a\n' + b"1\n" * 6,
        {},
        "\n".join(f"t.csv:{line}: row has 1 cell, the header has 2; {SPLIT}" for line in range(5, 10))
        + "\nt.csv:10: and 1 more like these",
    ),
    (
        "unclosed quote",
        b'id,name\n1,"a\n2,b\n',
        {},
        f"t.csv:2: a quote opens here and never closes; {AGAIN}",
    ),
    (
        "unclosed quote below a line break",
        b'id,name\n"1\n2","b\n',
        {},
        f"t.csv:3: a quote opens here and never closes; {AGAIN}",
    ),
    (
        "unclosed quote in the header",
        b'id,"name\n1,a\n',
        {},
        f"t.csv:1: a quote opens here and never closes; {AGAIN}",
    ),
    ("quote in an unquoted value", b'id,name\n1,a\n2,5" disc\n', {}, f"t.csv:3: {STRAY}"),
    ("two quotes in an unquoted value", b'id,name\n1,3" by 5"\n"2","b"\n', {}, f"t.csv:2: {STRAY}"),
    (
        "text after a closing quote",
        b'id,name\n1,"Bo" Peep\n',
        {},
        "t.csv:2: text follows a closing quote; a quote inside a quoted value is written twice",
    ),
    (
        "declared as quoted",
        b'id\tname\n1\t"Bo" Peep\n',
        {"quoting": "standard"},
        "t.csv:2: text follows a closing quote; a quote inside a quoted value is written twice",
    ),
    (
        "stray byte in UTF-8",
        "id,name\n1,é\n2,".encode() + b"\xe9\n",
        {},
        f"t.csv:3:3: byte 0xE9 is not utf-8 text; {ENCODING}",
    ),
    (
        "cut in mid-character",
        "id,name\n1,é\n2,é".encode()[:-1],
        {},
        "t.csv:3:3: the file is cut off in the middle of a character; export it again",
    ),
    (
        "cut in its only character",
        "id,name\n1,Jos\u00e9".encode()[:-1],
        {},
        "t.csv:2:6: the file is cut off in the middle of a character; export it again",
    ),
    (
        "byte that Windows-1252 lacks",
        b"id,name\r\n1,a\r\n2,\x81\r\n",
        {},
        f"t.csv:3:3: byte 0x81 is not windows-1252 text; {ENCODING}",
    ),
    (
        "not the declared encoding",
        b"id,name\r1,\xe9\r",
        {"encoding": "utf-8"},
        f"t.csv:2:3: byte 0xE9 is not utf-8 text; {ENCODING}",
    ),
    (
        "UTF-8 though another encoding is declared, as of before",
        "id,name\n1,Jos\u00e9\n".encode(),
        {"encoding": "windows-1252"},
        "t.csv: it is declared as windows-1252, and is UTF-8; take the encoding out",
    ),
    (
        "Windows-1252 declared as ISO-8859-1",
        b"id,name\n1,O\x92Shea\n",
        {"encoding": "iso-8859-1"},
        "t.csv:2:4: byte 0x92 is no character in iso-8859-1; set encoding: windows-1252",
    ),
    (
        "list in JSON",
        b'[{"id": 1}]',
        {},
        "t.csv: this is an answer in JSON, not an export; sign in to the SIS, and export it again",
    ),
    (
        "unknown encoding",
        b"id,name\n1,a\n",
        {"encoding": "utf-9"},
        "t.csv: unknown encoding 'utf-9'; write one of utf-8, utf-16, windows-1252, iso-8859-1, mac-roman",
    ),
    (
        "an encoding that is no text",
        b"id,name\n1,a\n",
        {"encoding": "hex"},
        "t.csv: unknown encoding 'hex'; write one of utf-8, utf-16, windows-1252, iso-8859-1, mac-roman",
    ),
    (
        "UTF-32",
        "id,name\n1,a\n".encode("utf-32"),
        {},
        "t.csv: the file is UTF-32, which is not read; export it as UTF-8",
    ),
    (
        "odd number of bytes in UTF-16",
        "id,name\n1,a".encode("utf-16")[:-1],
        {},
        "t.csv:2:5: the file is cut off in the middle of a character; export it again",
    ),
    ("NUL byte", b"id,name\n1,a\0b\n", {}, f"t.csv:2:4: {NUL}"),
    (
        "workbook",
        b"PK\x03\x04\x14\0\x06\0",
        {},
        "t.csv: this is a workbook or a zip file, not text; save it as CSV (UTF-8), or name the file in it",
    ),
    (
        "header and rows at once",
        b"id,nme\n1\n",
        {},
        (
            "t.csv:1: no column for 'name'; looked for name; the nearest found: nme\n"
            f"t.csv:2: row has 1 cell, the header has 2; {AGAIN}"
        ),
    ),
]


@pytest.mark.parametrize(
    ("data", "options", "message"), [pytest.param(*case, id=name) for name, *case in BROKEN]
)
def test_broken_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, options: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_bytes(data)
    file = SourceFile("t.csv", "t.csv", **options)
    with pytest.raises(InputError) as caught:
        open_source(make_school({"t": file}, {"t": make_rules()})).read()
    assert str(caught.value) == message
