from __future__ import annotations

import json
from textwrap import dedent

from reconciler.views import findings_json, findings_text, plan_text
from tests.support.plans import finding, make_plan, person, relationship

PLAN = make_plan(
    findings=[
        finding("no-email", "S2", file="b.csv", line=2),
        finding("shared-email", "S1", file="a.csv", line=12, detail="shares its e-mail with P9", others="P9"),
        finding("missing-id", file="a.csv", line=3, detail="the id is blank"),
        finding("grade-mismatch", level="error", detail="most students' grades disagree"),
    ],
    people=[person("S1", "Ada", "Byron"), person("P9", "Bo", "Berg"), person("S2", "Cy", "Ek")],
)


def test_findings_are_listed_by_code_the_worst_first() -> None:
    shown = findings_text(PLAN.findings, PLAN.people, width=80)
    assert shown == dedent("""\
        Findings: 1 error, 2 blocked, 1 info
          grade-mismatch, grade and graduation year disagree: 1
                most students' grades disagree
            What to do: Correct the record in the SIS, or school_year in the school
            file.
          missing-id, a row without an id: 1
              a.csv:3  the id is blank
            What to do: Give the person an id in the SIS, then export again.
          shared-email, people who share an e-mail: 1
            S1  a.csv:12  shares its e-mail with P9
            What to do: Ask the family or the member of staff for an e-mail of their own
            and enter it in the SIS; until then, email.overrides can name one.
          no-email, no e-mail: 1
            S2  b.csv:2
            What to do: Enter an e-mail in the SIS if the person should log in.
    """)


def test_names_are_shown_when_asked_for() -> None:
    shown = findings_text(PLAN.findings, PLAN.people, show_names=True)
    assert "    S1 Ada Byron  a.csv:12  shares its e-mail with P9 Bo Berg\n" in shown


def test_none() -> None:
    assert findings_text(PLAN.findings.clear(), PLAN.people) == "No findings.\n"
    assert json.loads(findings_json(PLAN.findings.clear(), PLAN.people)) == {"format": 1, "findings": []}


def test_json_has_names_when_asked_for() -> None:
    of_code = PLAN.findings.filter(code="shared-email")
    expected = {
        "code": "shared-email",
        "level": "blocked",
        "host_id": "S1",
        "file": "a.csv",
        "line": 12,
        "detail": "shares its e-mail with P9",
        "others": ["P9"],
    }
    assert json.loads(findings_json(of_code, PLAN.people)) == {"format": 1, "findings": [expected]}
    named = json.loads(findings_json(of_code, PLAN.people, show_names=True))
    assert named == {"format": 1, "findings": [{**expected, "name": "Ada Byron"}]}


def test_on_a_narrow_terminal_the_last_column_goes_on_below() -> None:
    detail = "its graduation year is 2028, and its grade says that it is 2029"
    plan = make_plan(findings=[finding("grade-mismatch", "S1", file="students.txt", line=65, detail=detail)])
    wide = findings_text(plan.findings, plan.people)
    assert f"    S1  students.txt:65  {detail}\n" in wide
    narrow = findings_text(plan.findings, plan.people, width=60)
    assert "    S1  students.txt:65  its graduation year is 2028, and\n" in narrow
    assert f"\n{' ' * 25}its grade says that it is 2029\n" in narrow
    assert max(map(len, narrow.splitlines())) <= 60


def test_a_change_that_goes_on_below_has_one_sign() -> None:
    reason = "no longer a contact with access in the SIS"
    plan = make_plan(
        relationships=[
            relationship(1, "remove", "S1", "P1", reason=reason),
            relationship(2, "remove", "S2", "P2", reason="another"),
        ]
    )
    text = plan_text(plan, width=50)
    assert "  - P1  parent of S1  no longer a contact with\n                      access in the SIS\n" in text
    assert "  - P2  parent of S2  another\n" in text
