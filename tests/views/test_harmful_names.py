"""Names as an export may have them: no view obeys them, and one of them is not paid for by all others."""

from __future__ import annotations

import pytest

from reconciler.report import build_report
from reconciler.views import PLAN_VIEWS, REPORT_VIEWS
from reconciler.views.letters_files import letters_html
from tests.support.plans import finding, make_plan, person, user

TURNED = "\N{RIGHT-TO-LEFT OVERRIDE}gnol\x1b[31m"


@pytest.mark.parametrize("view", [*PLAN_VIEWS, *(f"report {view}" for view in REPORT_VIEWS)])
def test_no_view_for_people_turns_a_line_round_or_colours_it(view: str) -> None:
    plan = make_plan(
        users=[user(1, "create", "S1", after_first_name=TURNED), user(2, "create", "S2")],
        people=[person("S1", TURNED, "Byron"), person("S2", "Ada")],
        findings=[finding("shared-email", "S1", others="S2")],
    )
    if view.startswith("report "):
        shown = REPORT_VIEWS[view.split()[1]](build_report(plan), show_names=True)
    else:
        shown = PLAN_VIEWS[view](plan, show_names=True)
    assert "gnol" in shown
    if not view.endswith("json"):  # for programs, which take a name as it is
        assert TURNED[0] not in shown
    assert "\x1b" not in shown


def test_letters_show_such_a_name_without_what_it_would_do() -> None:
    page = letters_html([f"Dear {TURNED},\nHello"], "Elm")
    assert "Dear \N{REPLACEMENT CHARACTER}gnol\N{REPLACEMENT CHARACTER}[31m,\nHello" in page
    assert "1 letter of Elm" in page


def test_one_long_name_makes_its_own_row_long_and_no_other() -> None:
    users = [user(number, "create", f"S{number}") for number in range(1, 101)]
    plan = make_plan(users=users, people=[person("S1", "A" * 50_000)])
    shown = PLAN_VIEWS["text"](plan, show_names=True, full=True)
    assert "A" * 50_000 in shown
    assert len(shown) < 70_000
