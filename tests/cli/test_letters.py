"""Letters to families that share an address: who is in which, what they say, what a template may do."""

from __future__ import annotations

import csv
import io
import re
import stat
import time
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest

from reconciler.frames import FINDINGS, PLAN_PEOPLE
from reconciler.letters import families
from tests.support.plans import finding, frame, person

PAIRS = {"student_host_id": pl.String, "parent_host_id": pl.String}


def test_whoever_shares_with_somebody_is_of_their_family():
    found = [
        finding("shared-email", "P1", others="P2 S1"),
        finding("shared-email", "P2", others="P1"),
        finding("shared-email", "S1", others="P1"),
        finding("shared-email", "T9", others="P8"),
        finding("shared-email", "P8", others="T9"),
        finding("no-email", "P7"),
    ]
    people = [
        person("P1", "Ada", "Byron", "b@example.org"),
        person("P2", "Bill", "Byron", "b@example.org"),
        person("S1", "Cy", "Byron", "b@example.org"),
        person("S2", "Di", "Byron"),
        person("T9", "Emmy", "Adams", "a@example.org"),
        person("P8", "Fay", "Zeta", "a@example.org"),
    ]
    links = pl.DataFrame([("S2", "P1"), ("S1", "P1"), ("S2", "P2"), ("S3", "P1")], schema=PAIRS, orient="row")
    told = families(frame(FINDINGS, found), frame(PLAN_PEOPLE, people), links)
    assert [(one.number, one.email, [member.host_id for member in one.people]) for one in told] == [
        (1, "b@example.org", ["P1", "P2", "S1"]),
        (2, "a@example.org", ["P8", "T9"]),
    ]
    assert told[0].people[0].children == ("Cy Byron", "Di Byron")
    assert told[0].children == ("Cy Byron", "Di Byron")


def test_each_family_gets_a_letter_and_each_person_a_row(demo, reconcile):
    code, shown, log = reconcile("letters", "maple-grove", "--out", "out")
    assert (code, shown) == (0, "Wrote 7 letters, about 14 people, to out.\n")
    assert log == "They hold names and addresses: delete out when they are sent.\n"
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == [".letters", *(f"{number:04d}.txt" for number in range(1, 8)), "all.html", "letters.csv"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path("out").glob("[!.]*")} == {0o600}
    assert stat.S_IMODE(Path("out").stat().st_mode) == 0o700
    school = "Maple Grove School"
    assert Path("out/0001.txt").read_text() == dedent(f"""\
        Maple Grove School

        Dear Kaia Elderfield,

        {school} shares photos with its families on Vidigami, a private platform. Everybody logs in there
        with an e-mail address of their own.

        In our records, these people have the same address, kaia.elderfield@example.org:

          - Kaia Elderfield, parent of Jada Elderfield
          - Jada Elderfield

        Until each of them has one of their own, none of them can be invited. Please tell us an address for
        each.

          Kaia Elderfield: ______________________________

          Jada Elderfield: ______________________________

        Thank you,
        Maple Grove School
    """)
    rows = list(csv.DictReader(io.StringIO(Path("out/letters.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == 14
    assert rows[0] == {
        "letter": "0001",
        "host_id": "P1140",
        "first_name": "Kaia",
        "last_name": "Elderfield",
        "member_type": "parent",
        "shared_email": "kaia.elderfield@example.org",
        "shares_with": "Jada Elderfield",
        "children": "Jada Elderfield",
        "school": "Maple Grove School",
    }
    page = Path("out/all.html").read_text()
    assert page.count("<article>") == 7
    assert "default-src 'none'" in page
    assert demo


def test_no_letter_tells_of_anybody_else(demo, reconcile):
    reconcile("letters", "maple-grove", "--out", "out")
    rows = list(csv.DictReader(io.StringIO(Path("out/letters.csv").read_text(encoding="utf-8-sig"))))
    for row in rows:
        for path in Path("out").glob("*.txt"):
            told = path.read_text()
            here = path.stem == row["letter"]
            assert (row["shared_email"] in told) is here
            assert here or f"{row['first_name']} {row['last_name']}" not in told
    assert demo


def test_letters_of_before_are_replaced_and_nothing_else_is(demo, reconcile):
    reconcile("letters", "maple-grove", "--out", "out")
    Path("out/0099.txt").write_text("by hand")
    code, _, log = reconcile("letters", "maple-grove", "--out", "out")
    assert (code, log) == (1, "out: 0099.txt is in it, which is no letter; name a new folder\n")
    Path("out/0099.txt").unlink()
    overrides = demo / "schools/maple-grove/email_overrides.csv"
    overrides.write_text(overrides.read_text() + "P1140,kaia.two@example.org\n")
    assert reconcile("letters", "maple-grove", "--out", "out")[0] == 0
    assert not Path("out/0007.txt").exists()
    assert Path("out/0006.txt").exists()


def test_where_nobody_shares_nothing_is_written(demo, reconcile):
    path = demo / "schools/maple-grove/2025-26/emails.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.replace(b"@", b"%d@" % number) for number, line in enumerate(lines)))
    students = demo / "schools/maple-grove/2025-26/students.txt"
    students.write_bytes(students.read_bytes().replace(b"@example.org", b""))
    (demo / "schools/maple-grove/email_overrides.csv").write_text("host_id,email\n")
    assert reconcile("letters", "maple-grove", "--out", "out") == (
        0,
        "No family shares an e-mail address; no letter is written.\n",
        "",
    )
    assert not Path("out").exists()


def test_an_address_that_stands_for_none_gets_no_letter_and_stops_no_other(demo, reconcile):
    students = demo / "schools/maple-grove/2025-26/students.txt"
    students.write_bytes(re.sub(rb"[a-z.]+@example.org", b"none@example.org", students.read_bytes()))
    code, shown, log = reconcile("letters", "maple-grove", "--out", "out", "--quiet")
    assert (code, shown) == (0, "Wrote 5 letters, about 10 people, to out.\n")
    assert re.fullmatch(r"\d+ people share one address, S1\d+ among them: that is no family, and .*\n", log)
    assert "none@" not in Path("out/all.html").read_text()


def test_thousands_of_one_address_take_no_time():
    ids = [f"S{number}" for number in range(3000)]
    everybody = " ".join(ids)
    found = [finding("shared-email", one, others=everybody) for one in ids]
    people = [person(one, "Ada", "Byron", "none@example.org") for one in ids]
    began = time.monotonic()
    told = families(frame(FINDINGS, found), frame(PLAN_PEOPLE, people), frame(PAIRS, []))
    assert time.monotonic() - began < 30  # hours, if each looked at whom each of the others looks at
    assert [len(one.people) for one in told] == [3000]


def test_a_saved_plan_gives_letters_that_name_no_children(demo, reconcile):
    reconcile("plan", "maple-grove", "--out", "p.plan")
    assert reconcile("letters", "p.plan", "--out", "out")[0] == 0
    assert "parent of" not in Path("out/0001.txt").read_text()
    assert demo


# -- the school's own letter ----------------------------------------------------------------------------


@pytest.fixture
def own(demo):
    """Writes the school's own template, which its file names."""
    file = demo / "schools/maple-grove.yaml"
    file.write_text(
        file.read_text() + "\nletters: {template: maple-grove/own.txt, reply_to: office@example.org}\n"
    )

    def write(text):
        (demo / "schools/maple-grove/own.txt").write_text(text)

    return write


def test_a_school_may_write_its_own(own, reconcile):
    own(
        "{{ addressed_to }}|{{ school }}|{{ school_year }}|{{ email }}|{{ reply_to }}|"
        "{{ children | join('+') }}|"
        "{% for one in people %}{{ one.name }},{{ one.member_type }};{% endfor %}"
    )
    assert reconcile("letters", "maple-grove", "--out", "out")[0] == 0
    assert Path("out/0001.txt").read_text() == (
        "Kaia Elderfield|Maple Grove School|2025-26|kaia.elderfield@example.org|office@example.org|"
        "Jada Elderfield|Kaia Elderfield,parent;Jada Elderfield,student;\n"
    )
    Path("other.txt").write_text("Hello")
    reconcile("letters", "maple-grove", "--out", "out", "--template", "other.txt")
    assert Path("out/0001.txt").read_text() == "Hello\n"


def test_the_shipped_letter_says_where_to_answer(own, reconcile, demo):
    own("")
    file = demo / "schools/maple-grove.yaml"
    file.write_text(file.read_text().replace("template: maple-grove/own.txt, ", ""))
    reconcile("letters", "maple-grove", "--out", "out")
    assert "for\neach, by a reply to office@example.org." in Path("out/0001.txt").read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n{% for x in %}", "own.txt:2: Expected an expression"),
        (
            "{{ password }}",
            "own.txt:1: 'password' is undefined; a letter may use school, school_year, people",
        ),
        (
            "{{ ''.__class__.__mro__ }}",
            "own.txt:1: access to attribute '__class__' of 'str'",
        ),
        ("{{ 'x' * 10 ** 10 }}", "own.txt:1: '**' is not allowed in a letter; "),
        ("{{ people.clear() }}", "own.txt:1: "),
        (
            "{% for x in range(99999) %}xxxxxxxxx{% endfor %}",
            "own.txt: ValueError: a letter is",
        ),
        ("{% for x in range(9999999) %}x{% endfor %}", "own.txt:1: OverflowError: "),
        ("{% include '/etc/passwd' %}", "own.txt:1: "),
        ("a\n\n{{ 1 / 0 }}", "own.txt:3: ZeroDivisionError: "),
        ("{# nothing #}\n", "own.txt: it makes an empty letter; write its text"),
        ("{% if not email %}x{% endif %}", "own.txt: it makes an empty letter; write its text"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_and_nothing_is_written(own, reconcile, text, told):
    own(text)
    code, shown, log = reconcile("letters", "maple-grove", "--out", "out")
    assert (code, shown) == (1, "")
    assert log.startswith(f"schools/maple-grove/{told}")
    assert not Path("out").exists()


def test_a_template_that_is_not_there_says_which_setting_names_it(own, reconcile, demo):
    own("x")
    (demo / "schools/maple-grove/own.txt").unlink()
    code, _, log = reconcile("letters", "maple-grove", "--out", "out")
    assert code == 1
    assert log.startswith(
        "schools/maple-grove/own.txt: the letter cannot be read: No such file or directory; "
    )
    assert log.endswith("correct --template, or letters.template in the school's file\n")


@pytest.mark.parametrize(
    "text", ["{{ {}[email] }}", "{{ school[people[0].name] }}", "{{ [][people[0].name.split()[0]] }}"]
)
def test_a_mistake_tells_nobodys_values(own, reconcile, text):
    own(text)
    code, _, log = reconcile("letters", "maple-grove", "--out", "out")
    assert code == 1
    assert log.startswith("schools/maple-grove/own.txt:1: ")
    assert "has no" in log
    assert "(a value)" in log
    assert "@" not in log
    assert "Elderfield" not in log
