"""However a table is written, the same frame is read."""

from __future__ import annotations

import tempfile
import unicodedata
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InputError
from reconciler.model import SourceFile
from reconciler.sources import open_source
from tests.sources.exports import make_rules, make_school, write_file, write_rows

if TYPE_CHECKING:
    import polars as pl

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
LINE_ENDS = ["\n", "\r\n", "\r"]
DELIMITERS = [",", "\t", ";", "|"]
HEADER = ["id", "name", "note"]
PEOPLE = [["007", "José", "a, b; c|d"], ["1E5", 'the "Bo"', ""], ["NA", "Zoë", "x"], ["", "", "y"]]

signs = st.sampled_from("ab0 ,;\t\"'éßñ")
values = st.text(signs, max_size=6)
plain_values = st.text(st.sampled_from("ab0 \"'éßñ"), max_size=6)


def read(data: bytes, *, delimiter: str = "") -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        file = write_file(Path(folder) / "t.csv", data, delimiter=delimiter)
        return open_source(make_school({"t": file}, {"t": make_rules()})).read().frames["t"]


def rows_of(data: bytes, *, delimiter: str = "") -> list[tuple[str, ...]]:
    return read(data, delimiter=delimiter).select(HEADER).rows()


@pytest.mark.parametrize(
    ("encoding", "line_end", "delimiter"), list(product(ENCODINGS, LINE_ENDS, DELIMITERS))
)
def test_every_layout_gives_the_same_table(encoding: str, line_end: str, delimiter: str) -> None:
    data = write_rows([HEADER, *PEOPLE], encoding=encoding, line_end=line_end, delimiter=delimiter)
    assert rows_of(data) == [tuple(row) for row in PEOPLE]


@given(
    rows=st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    line_end=st.sampled_from(LINE_ENDS),
    delimiter=st.sampled_from([",", ";", "\t"]),
    last_line_end=st.booleans(),
    breaks=st.booleans(),
)
def test_what_was_written_quoted_is_read(
    rows: list[list[str]], encoding: str, line_end: str, delimiter: str, last_line_end: bool, breaks: bool
) -> None:
    if breaks:
        rows = [[first, f"a{line_end}{second}", third] for first, second, third in rows]
    data = write_rows(
        [HEADER, *rows],
        encoding=encoding,
        line_end=line_end,
        delimiter=delimiter,
        last_line_end=last_line_end,
    )
    expected = [tuple(value.replace(line_end, "\n").strip() for value in row) for row in rows]
    frame = read(data)
    assert frame.select(HEADER).rows() == expected
    assert frame["_line"].to_list() == [2 + number * (1 + breaks) for number in range(len(rows))]


@given(
    rows=st.lists(st.lists(plain_values, min_size=3, max_size=3), min_size=1, max_size=6),
    line_end=st.sampled_from(LINE_ENDS),
)
def test_what_was_written_as_a_quick_export_is_read(rows: list[list[str]], line_end: str) -> None:
    data = write_rows([HEADER, *rows], line_end=line_end, delimiter="\t", quoting="none")
    assert rows_of(data) == [tuple(value.strip() for value in row) for row in rows]


@pytest.mark.parametrize(
    "text", ["007", "1E5", "NA", "true", "null", "1.0", "-0", "1,5", "2026-01-05", "#N/A"]
)
@pytest.mark.parametrize("quoting", ["all", "needed"])
def test_everything_stays_text(text: str, quoting: str) -> None:
    assert rows_of(write_rows([HEADER, [text, "a", text]], quoting=quoting)) == [(text, "a", text)]


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "\u2003", "\u3000", "\n"])
def test_values_and_headers_are_trimmed(space: str) -> None:
    header = [f"{space}{name}{space}" for name in HEADER]
    row = [f"{space}a{space}b{space}", space, "c"]
    assert rows_of(write_rows([header, row])) == [(f"a{space}b", "", "c")]


def test_values_and_headers_are_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "Zoë Núñez")
    rules = make_rules(columns={"id": ("id",), "name": ("prénom",)})
    with tempfile.TemporaryDirectory() as folder:
        data = write_rows([["id", unicodedata.normalize("NFD", "Prénom")], ["1", decomposed]])
        file = write_file(Path(folder) / "t.csv", data)
        tables = open_source(make_school({"t": file}, {"t": rules})).read()
    assert tables.frames["t"]["name"].to_list() == ["Zoë Núñez"]
    assert tables.info["t"].mapped == {"id": "id", "name": "Prénom"}


def test_composing_never_makes_a_delimiter() -> None:
    greek_question_mark = "\u037e"  # NFC turns it into a semicolon
    data = write_rows([HEADER, ["1", f"a{greek_question_mark}b", ""]], delimiter=";", quoting="none")
    assert rows_of(data) == [("1", "a;b", "")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"id,name\n1,Jos\xe9", "José", id="accent at the very end"),
        pytest.param(b"id,name\n1,\x93Bo\x94", "\u201cBo\u201d", id="curly quotes"),
        pytest.param(b"id,name\n1,O\x92Shea\n", "O\u2019Shea", id="apostrophe"),
    ],
)
def test_bytes_that_are_not_utf_8_are_windows_1252(data: bytes, expected: str) -> None:
    assert read(data)["name"].to_list() == [expected]


def test_a_declared_encoding_is_taken_over_what_the_bytes_look_like(tmp_path: Path) -> None:
    file = write_file(tmp_path / "t.csv", b"id,name\n1,\x8e\n", encoding="mac-roman")
    tables = open_source(make_school({"t": file}, {"t": make_rules()})).read()
    assert tables.frames["t"]["name"].to_list() == ["é"]
    assert tables.info["t"].encoding == "mac-roman"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "mac-roman", "iso-8859-1"])
def test_every_encoding_can_be_declared(tmp_path: Path, encoding: str) -> None:
    declared = "utf-16" if encoding == "utf-16" else encoding
    file = write_file(tmp_path / "t.csv", "id,name\n1,é\n".encode(encoding), encoding=declared)
    tables = open_source(make_school({"t": file}, {"t": make_rules()})).read()
    assert tables.frames["t"]["name"].to_list() == ["é"]


def test_a_lone_quote_in_a_tab_file_is_part_of_the_value() -> None:
    data = b'id\tname\tnote\r1\t"Bo"\t5" disc\r2\t"\tx\r'
    assert rows_of(data) == [("1", '"Bo"', '5" disc'), ("2", '"', "x")]


def test_a_tab_file_whose_header_is_quoted_is_quoted() -> None:
    assert rows_of(b'"id"\t"name"\t"note"\n"1"\t"a\tb"\t""\n') == [("1", "a\tb", "")]


@pytest.mark.parametrize("delimiter", [",", "comma"])
def test_a_declared_delimiter_is_taken_by_its_sign_or_its_name(delimiter: str) -> None:
    data = b"id,name,a;b;c;d,note\n1,x,y,z\n"
    assert rows_of(data, delimiter=delimiter) == [("1", "x", "z")]


def test_delimiters_inside_quoted_headers_do_not_count() -> None:
    assert rows_of(b'id;name;note;"a,b,c,d,e"\n1;x;y;z\n') == [("1", "x", "y")]


def test_quoting_can_be_switched_off(tmp_path: Path) -> None:
    file = write_file(tmp_path / "t.csv", b'id,name\n1,5" disc\n', quoting="none")
    tables = open_source(make_school({"t": file}, {"t": make_rules()})).read()
    assert tables.frames["t"]["name"].to_list() == ['5" disc']


def test_an_unnamed_column_that_is_blank_is_left_out() -> None:
    assert rows_of(b"id,name,note,\n1,a,b,\n2,c,d, \n") == [("1", "a", "b"), ("2", "c", "d")]


@given(st.data())
def test_damage_never_loses_rows_silently(data: st.DataObject) -> None:
    """Cut anywhere, a file loses whole rows at its end; with a byte garbled none; or it is refused."""
    count = data.draw(st.integers(1, 5))
    rows = [[str(number), data.draw(values), data.draw(values)] for number in range(count)]
    whole = write_rows(
        [HEADER, *rows],
        encoding=data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        line_end=data.draw(st.sampled_from(LINE_ENDS)),
        delimiter=data.draw(st.sampled_from([",", ";"])),
        quoting=data.draw(st.sampled_from(["all", "needed"])),
    )
    at = data.draw(st.integers(0, len(whole) - 1))
    garbled = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    assert _ids(whole[:at]) in [None, *([row[0] for row in rows[:kept]] for kept in range(1, count + 1))]
    assert len(_ids(garbled) or rows) == count


def _ids(data: bytes) -> list[str] | None:
    """The ids that are read, or nothing where the file is refused."""
    try:
        return read(data)["id"].to_list()
    except InputError:
        return None


def test_file_names_and_rows_are_told_apart_from_paths(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,name\n1,a\n")
    file = SourceFile("exports/t.csv", str(tmp_path / "t.csv"))
    frame = open_source(make_school({"t": file}, {"t": make_rules()})).read().frames["t"]
    assert frame.rows(named=True) == [{"id": "1", "name": "a", "_file": "exports/t.csv", "_line": 2}]


@pytest.mark.parametrize("data", [b"id\r\nb\r\n\r\n", b'"id"\r\n"b"\r\n\r\n'])
def test_blank_lines_at_the_end_of_a_single_column_are_no_rows(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = write_file(Path(folder) / "t.csv", data)
        rules = {"t": make_rules({"id": ("id",)}, required=(("id",),))}
        frame = open_source(make_school({"t": file}, rules)).read().frames["t"]
    assert frame["id"].to_list() == ["b"]
