"""Rows: the fast way and the strict way agree, and every row knows its line."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import InputError
from reconciler.model import SourceFile
from reconciler.tabular import parse
from reconciler.tabular.parse import Export, open_export, read_rows
from reconciler.tabular.strict import read_strictly
from tests.sources.exports import write_rows


def open_text(text: str, quoting: str = "") -> Export:
    return open_export(text.encode(), SourceFile("a.csv", "a.csv", quoting=quoting))


def lines_of(text: str) -> list[int]:
    return read_rows(open_text(text))["_line"].to_list()


# Text of the signs that matter to a reader of delimited files, below a header of two columns.
rough_text = st.text(st.sampled_from('ab,,""\n\n \t;é'), max_size=40)


@given(rough_text)
@example('1,"a\n\nb"\n2,c')
@example('"",""\n"a,","b"\n')
@example('5" x 3",b\n"c",d\n')
@example("1,2,3\n4\n")
@example('""a,b\n')
@example('"a"",b\n')
@example('" ,a\n" ,b\n')
def test_what_the_fast_way_gives_is_what_the_strict_way_gives(body: str) -> None:
    export = open_text("x,y\n" + body)
    fast = parse._read_fast(export, [0, 1])
    if fast is not None:
        text = export.data[export.body :].decode()
        assert fast.equals(read_strictly(text, 2, export.layout, 2, "a.csv"))


@given(rough_text)
def test_unquoted_files_are_read_alike_by_both_ways(body: str) -> None:
    export = open_text("x,y\n" + body, quoting="none")
    fast = parse._read_fast(export, [0, 1])
    if fast is not None:
        text = export.data[export.body :].decode()
        assert fast.equals(read_strictly(text, 2, export.layout, 2, "a.csv"))


def test_well_formed_files_take_the_fast_way() -> None:
    awkward = [["a", "b"], ["x,y", 'say "hi"'], ["two\nlines", ""], [",", '",'], ['"', "\n"], ['a,"', "é"]]
    for quoting in ("all", "needed"):
        export = open_export(write_rows(awkward, quoting=quoting), SourceFile("a.csv", "a.csv"))
        rows = parse._read_fast(export, [0, 1])
        assert rows is not None
        assert rows.rows() == [
            ("x,y", 'say "hi"', 2),
            ("two\nlines", "", 3),
            (",", '",', 5),
            ('"', "\n", 6),
            ('a,"', "é", 8),
        ]


def test_line_is_the_physical_line_of_a_rows_first_character() -> None:
    assert lines_of('id,name\n1,a\n2,"b\nb\nb"\n3,c\n"4\n","d"\n5,e\n') == [2, 3, 6, 7, 9]


def test_lines_count_on_after_a_header_of_several_lines() -> None:
    export = open_text('id,"name\nin full"\n1,a\n')
    assert export.header == ("id", "name\nin full")
    assert read_rows(export)["_line"].to_list() == [3]


def test_blank_lines_hold_no_row_but_count_as_lines() -> None:
    assert lines_of("id,name\n1,a\n\n   \n2,b\n\n\n") == [2, 5]


def test_a_blank_line_in_a_file_of_one_column_is_a_blank_value() -> None:
    rows = read_rows(open_text("id\n1\n\n2\n\n\n"))
    assert rows.rows() == [("1", 2), ("", 3), ("2", 4)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_breaks_inside_quotes_do_not_end_a_row(line_end: str) -> None:
    text = f'id,name{line_end}1,"a{line_end}b"{line_end}2,c{line_end}'
    assert read_rows(open_text(text)).rows() == [("1", "a\nb", 2), ("2", "c", 4)]


def test_a_line_feed_inside_quotes_does_not_hide_that_lines_end_in_cr() -> None:
    assert read_rows(open_text('id,name\r1,"a\nb"\r2,c\r')).rows() == [("1", "a\nb", 2), ("2", "c", 4)]


def test_a_lone_cr_inside_quotes_is_text_where_lines_end_in_lf() -> None:
    assert read_rows(open_text('id,name\n1,"a\rb"\n2,c\n')).rows() == [("1", "a\rb", 2), ("2", "c", 3)]


def test_a_lone_cr_outside_quotes_ends_a_line_whatever_ends_the_others() -> None:
    assert read_rows(open_text("id,name\n1,a\r2,b\r\n3,c\n"))["_line"].to_list() == [2, 3, 4]


def test_a_header_quote_that_never_closes_is_found_in_one_pass() -> None:
    with pytest.raises(InputError) as caught:
        open_text('id,"name\n' + "1,a\n" * 200_000)
    assert str(caught.value) == (
        "a.csv:1: a quote opens here and never closes; the file may be cut off: export it again"
    )


def test_rows_are_read_one_by_one_only_where_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    def strictly(text: str, *_: object) -> None:
        seen.append(len(text))
        raise InputError([])

    monkeypatch.setattr(parse, "read_strictly", strictly)
    good = "id,name,note\n" + "1,a,b\n" * 50_000
    assert read_rows(open_text(good)).height == 50_000
    assert seen == []
    with pytest.raises(InputError):
        read_rows(open_text(good[:-3]))
    assert len(seen) == 1
