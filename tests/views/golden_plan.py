"""The plan that every view shows in its golden file; `python -m tests.views.golden_plan` writes them anew."""

from __future__ import annotations

from pathlib import Path

from reconciler.model import Plan, Verdict
from reconciler.report import build_report
from reconciler.views import PLAN_VIEWS, report_html
from tests.support.plans import (
    finding,
    group,
    group_size,
    make_header,
    make_outcomes,
    make_plan,
    membership,
    person,
    relationship,
    rows_read,
    user,
)

FOLDER = Path(__file__).with_name("golden")
ENDINGS = {"text": "txt", "json": "json", "markdown": "md", "html": "html", "csv": "csv"}
ROWS = (
    rows_read("student", "created", 1),
    rows_read("student", "blocked", 2, "shared-email"),
    rows_read("staff", "updated", 1),
    rows_read("staff", "unchanged", 17),
    rows_read("parent", "left-out", 4, "no child at the school"),
)
LOOKS = {"ids": {"show_names": False}, "names": {"show_names": True}}
"""Name -> how it is shown."""


def golden_plan() -> Plan:
    """Every action of every kind, a tripped guard, an error, families, and names that try to be markup."""
    return make_plan(
        users=[
            user(1, "create", "S1", reason="new in the SIS"),
            user(2, "update", "T1", fields="first_name email", reason="differs from the SIS"),
            user(
                3,
                "rekey",
                "T5",
                before_host_id="P5",
                before_member_type="parent",
                fields="host_id member_type",
                reason="stays as staff",
            ),
            user(4, "reactivate", "P7", fields="active last_name", before_last_name="Old", reason="is back"),
            user(5, "deactivate", "S98", fields="active", reason="graduated"),
            user(6, "deactivate", "P98", fields="active", reason="parent"),
        ],
        groups=[
            group(7, "create", "Grade 1", reason="declared"),
            group(8, "update", "Grade 2", before_category="Academics", before_name="Two", fields="name"),
        ],
        memberships=[
            membership(9, "add", "S1", reason="their grade"),
            membership(10, "add", "P1", reason="parent of S1"),
            membership(11, "remove", "S98", "Grade 12", reason="has left (graduated)"),
        ],
        relationships=[
            relationship(12, "add", "S1", "P1", reason="a contact with access in the SIS"),
            relationship(13, "remove", "S98", "P98", reason="no longer a contact with access in the SIS"),
        ],
        findings=[
            finding("rows-dropped", file="users.csv", detail="40 rows, and there were 80"),
            finding(
                "shared-email",
                "P3",
                file="persons.csv",
                line=4,
                detail="shares its e-mail with P4",
                others="P4",
            ),
            finding(
                "shared-email",
                "P4",
                file="persons.csv",
                line=5,
                detail="shares its e-mail with P3",
                others="P3",
            ),
            finding(
                "missing-id", file="students.txt", line=7, detail="the id is blank; the row was left out"
            ),
            finding(
                "no-email",
                "S1",
                file="students.txt",
                line=2,
                detail="has no e-mail, so nobody can be invited",
            ),
        ],
        people=[
            person("S1", "Ada <b>|`x`|</b>", "=Byron, @everyone", "ada@example.org")
            | {"file": "students.txt", "line": 2},
            person("P1", "Anne", "Byron", "anne@example.org") | {"file": "persons.csv", "line": 2},
            person("P3", "Cy", "Twin", "twins@example.org") | {"file": "persons.csv", "line": 4},
            person("P4", "Di", "Twin", "twins@example.org") | {"file": "persons.csv", "line": 5},
            person("T1", "Grace", "Hopper", "t1@example.org") | {"file": "users.csv", "line": 3},
            person("S98", "Emmy", "Noether", "s98@example.org"),
        ],
        header=make_header(
            rows=ROWS,
            groups=(
                group_size("Grade 1", 0, 2),
                group_size("Grade 2", 30, 30),
                group_size("Grade 12", 25, 24),
            ),
            active_users=800,
            verdicts=(Verdict("users.deactivate", 2, 19, 1, "percent", 10),),
        ),
    )


def golden_files() -> dict[Path, str]:
    """File -> what stands in it."""
    plan = golden_plan()
    outcomes = make_outcomes(plan, users_2="stale", memberships_10="failed")
    reports = {
        FOLDER / f"report-{look}.html": report_html(build_report(plan, outcomes), **options)
        for look, options in LOOKS.items()
    }
    return reports | {
        FOLDER / f"plan-{look}.{ENDINGS[view]}": render(plan, **options)
        for view, render in PLAN_VIEWS.items()
        for look, options in LOOKS.items()
    }


if __name__ == "__main__":
    for path, text in golden_files().items():
        path.write_text(text, encoding="utf-8")
