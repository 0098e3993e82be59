from __future__ import annotations

from tests.docs.readme import block
from tests.docs.session import MARKER, commands, play


def test_the_recorded_session_is_what_a_newcomer_sees(tmp_path):
    assert play(tmp_path) == block(MARKER), "python -m tests.docs.session writes it anew"


def test_it_leads_from_a_clone_to_a_plan_an_apply_and_a_report():
    words = " ".join(commands())
    order = ["git clone", "reconcile validate", "reconcile plan", "reconcile apply", "reconcile report"]
    assert sorted(order, key=words.index) == order
