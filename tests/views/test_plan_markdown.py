from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.model import Verdict
from reconciler.views import plan_markdown
from reconciler.views.markdown import LIMIT, Document, escape
from tests.support.plans import finding, group, make_header, make_plan, membership, relationship, user

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})
"""Reads Markdown nearly as GitHub does."""


def huge():
    """100,000 changes of all kinds in long groups, thousands of findings, and a tripped guard."""
    name = "A group with a name that is as long as somebody may well write it " * 3
    return make_plan(
        users=[user(at, "deactivate", f"S{at}", reason=f"cause {at}") for at in range(20_000)]
        + [user(at, "create", f"P{at}", reason="new in the SIS") for at in range(20_000, 40_000)],
        groups=[group(at, "create", f"Grade {at}") for at in range(40_000, 41_000)],
        memberships=[
            membership(at, "remove" if at % 2 else "add", f"S{at}", f"{name}{at}")
            for at in range(50_000, 90_000)
        ],
        relationships=[relationship(at, "remove", f"S{at}", f"P{at}") for at in range(90_000, 110_000)],
        findings=[
            finding(code, f"S{at}", file="students.txt", line=at + 1, detail="|<b>" * 60)
            for at in range(2000)
            for code in ("shared-email", "missing-name", "rows-dropped", "no-parent")
        ],
        people=[],
        header=make_header(verdicts=(Verdict("users.deactivate", 20_000, 40_000, 4000, "percent", 10),)),
    )


@pytest.fixture(scope="module")
def huge_plan():
    return huge()


@pytest.mark.parametrize("limit", [LIMIT, 20_000, 5000, 1000])
def test_however_large_the_plan_it_fits_and_says_what_matters_first(huge_plan, limit):
    text = plan_markdown(huge_plan, limit=limit)
    assert len(text) <= limit
    lines = text.splitlines()
    assert lines[0] == "### \U0001f534 Held: Maple Grove School (maple-grove), 2025-26"
    assert re.search(
        r"rows left out, or counted alone. The whole: `reconcile show PLANFILE --full`", lines[-1]
    )
    assert text.count("<details>") == text.count("</details>")


def test_a_whole_comment_tells_guards_then_errors_then_what_is_taken_away(huge_plan):
    text = plan_markdown(huge_plan)
    order = ["| users |", "Held by guards", "Held by errors", "- Deactivate 20,000 users", "- Remove 20,000"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "_... and 19,950 more users_" in text


def test_what_is_left_out_is_counted_row_by_row():
    plan = make_plan(users=[user(at, "deactivate", f"S{at}") for at in range(70)])
    assert plan_markdown(plan).splitlines()[-1].startswith("20 rows left out, or counted alone.")
    assert "left out" not in plan_markdown(make_plan(users=[user(1, "deactivate", "S1")]))


def test_no_changes_are_a_green_line():
    plan = make_plan(header=make_header(active_users=2661))
    assert plan_markdown(plan) == (
        "### \U0001f7e2 No changes: Maple Grove School (maple-grove), 2025-26\n\n"
        "2,661 active users, as the SIS has them.\n"
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_whatever_a_text_holds_it_shows_as_it_is_and_does_nothing(text):
    document = Document()
    document.table(("a",), [(f"x{text}x",)])
    tokens = [token for token in GFM.parse(str(document)) if token.type == "inline"]
    assert [token.content for token in tokens][:1] == ["a"]
    (cell,) = tokens[1:]
    kinds = {child.type for child in cell.children or []}
    assert kinds <= {"text", "text_special"}
    shown = "".join(child.content for child in cell.children or [])
    unseen = shown.replace("\u200b", "")
    visible = re.sub(
        "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", "\ufffd", text.replace("\n", " ")
    )
    assert unseen == " ".join(f"x{visible}x".split()).replace("\u200b", "")
    assert not re.search(r"@\w|#\d|://\w|www\.|:\w+:", shown.replace("\\:", ""))


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("@everyone", "@everyone"),
        ("see #12", "#12"),
        ("GH-3", "GH-3"),
        ("https://x.example.org", "://x"),
        ("www.x.org", "www."),
    ],
)
def test_nothing_in_a_text_becomes_a_mention_or_a_link(text, live):
    assert live not in escape(text)
