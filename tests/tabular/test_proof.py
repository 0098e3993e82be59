"""What is shown of a text holds of its cells, as the strict way reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import InputError
from reconciler.model import SourceFile
from reconciler.tabular import parse
from reconciler.tabular.layout import Layout, unify_line_ends
from reconciler.tabular.parse import Export, open_export, read_rows
from reconciler.tabular.proof import Proof, prove
from reconciler.tabular.strict import Row, read_strictly, scan
from tests.sources.exports import write_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.errors import Mistake

COMMAS, TABS = Layout(",", quoted=True), Layout("\t", quoted=False)
WHITE = "\t\n\v\f\r \u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000"

rough_text = st.text(st.sampled_from('",\n\r a\té\u00a0'), max_size=40)
line_ends = st.sampled_from(["\n", "\r\n"])


def proof_of(text: str, layout: Layout = COMMAS, *, width: int = 2, line_end: str = "\n") -> Proof:
    return prove(text.encode(), layout, width, line_end)


def rows_of(text: str, layout: Layout = COMMAS) -> list[Row]:
    """The rows of `text`, whatever ends its lines."""
    return list(scan(unify_line_ends(text.encode(), layout).decode(), layout))


def cells_of(rows: list[Row]) -> list[str]:
    return [cell for row in rows for cell in row.cells]


@given(rough_text, line_ends)
@example('"a","b"\r\n"c","d"', "\r\n")
@example('"a\r\n","b"\r\n', "\r\n")
@example('a,"b"\r\nc,d\r\n', "\r\n")
@example('a,"b"\n"\n""",d\n', "\n")
@example('a"b",c\n', "\n")
@example('"a"b,c\n', "\n")
@example('a,"b\n', "\n")
def test_text_is_well_formed_where_the_strict_way_finds_nothing_wrong(text: str, line_end: str) -> None:
    rows = rows_of(text)
    if proof_of(text, line_end=line_end).well_formed:
        assert [row.problem for row in rows] == [None] * len(rows)
        assert {len(row.cells) for row in rows} <= {2}


@given(rough_text, line_ends)
@example(" ,b\n", "\n")
@example('"a"," "', "\n")
@example('"a",b ', "\n")
@example('"a","b "', "\n")
@example('"a","\nb"\n', "\n")
@example('"a","b"\r\n" a","b"\r\n', "\r\n")
def test_text_is_trimmed_where_the_cells_below_the_header_are(text: str, line_end: str) -> None:
    header = f'"x","y"{line_end}'
    proof = proof_of(header + text, line_end=line_end)
    cells = cells_of(rows_of(header + text))
    if proof.well_formed and proof.trimmed:
        assert [cell for cell in cells if cell != cell.strip(WHITE)] == []
    if proof.well_formed and proof.plain_ends:
        assert [cell for cell in cells if cell.strip(" ") != cell.strip(WHITE)] == []


@given(st.text(st.sampled_from('"\t\n a\u2003é'), max_size=40))
def test_unquoted_text_is_trimmed_where_its_cells_are(text: str) -> None:
    proof = proof_of("x\ty\n" + text, TABS)
    cells = cells_of(rows_of("x\ty\n" + text, TABS))
    if proof.trimmed:
        assert [cell for cell in cells if cell != cell.strip(WHITE)] == []
    if proof.plain_ends:
        assert [cell for cell in cells if cell.strip(" ") != cell.strip(WHITE)] == []


def open_text(text: str) -> Export:
    return open_export(text.encode(), SourceFile("a.csv", "a.csv"))


def outcome(read: Callable[[], pl.DataFrame]) -> pl.DataFrame | list[Mistake]:
    """The rows that are read, or the mistakes."""
    try:
        return read()
    except InputError as error:
        return error.mistakes


@given(rough_text)
@example('"a\r\nb",c\r\n')
@example("a\r,b\r\n")
@example("a,b\r\nc,d\n")
@example("a,b\r\nc,d")
@example("a,b\r\n\r\n\r\n")
@example('a,"b"\r')
def test_lines_that_end_in_crlf_are_read_as_if_they_ended_in_lf(body: str) -> None:
    text = "x,y\r\n" + body
    export = open_text(text)
    alike = parse._with_line_feeds(export)
    strict = outcome(lambda: read_strictly(alike.data[alike.body :].decode(), 2, alike.layout, 2, "a.csv"))
    fast = parse._read_fast(export, [0, 1])
    if fast is not None:
        assert isinstance(strict, pl.DataFrame)
        assert fast.equals(strict)
    if not isinstance(strict, pl.DataFrame):
        assert outcome(lambda: read_rows(export)) == strict


def test_an_ordinary_export_is_shown_to_need_nothing() -> None:
    people = [["id", "name"], ["1", 'Ann "Bo" Ash,Jr'], ["2", ""]]
    for line_end in ("\n", "\r\n"):
        for last in (True, False):
            export = open_export(
                write_rows(people, line_end=line_end, last_line_end=last), SourceFile("a", "a")
            )
            assert export.line_end == line_end
            assert export.proof == Proof(well_formed=True, single_lines=True, plain_ends=True, trimmed=True)


@pytest.mark.parametrize("white", sorted(WHITE))
@pytest.mark.parametrize("cell", ["{}a", "a{}"])
def test_no_white_space_at_an_end_is_overlooked(white: str, cell: str) -> None:
    export = open_export(write_rows([["id", "name"], ["1", cell.format(white)]]), SourceFile("a", "a"))
    assert not export.proof.trimmed
    assert export.proof.plain_ends == (white == " ")
    assert read_rows(export)["1"].to_list() == ["a"]


def test_columns_that_nobody_needs_are_not_read_but_their_rows_are_checked() -> None:
    assert read_rows(open_text('id,name,note\n1,"a",b\n'), [1]).columns == ["1", "_line"]
    with pytest.raises(InputError) as caught:
        read_rows(open_text('id,name,note\n1,"a",b\n2,"c",d,e\n'), [1])
    assert [mistake.line for mistake in caught.value.mistakes] == [3]


def test_line_breaks_in_a_column_that_nobody_needs_count() -> None:
    rows = read_rows(open_text('id,name\n1,"a\nb"\n2,c\n'), [0])
    assert rows.select("0", "_line").rows() == [("1", 2), ("2", 4)]
