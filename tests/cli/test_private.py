"""Names and e-mails stay out of logs and views of CI; under --pseudonyms Host IDs do, too."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import stat
from pathlib import Path

import pyrage
import pytest

from reconciler.pseudonyms import host_ids_of, pseudonym
from reconciler.saved import open_plan

KEY = "a secret of thirty-two characters"
OLD = "old.account@example.org"
"""The Host ID of an account of old."""


@pytest.fixture
def second_year(demo, reconcile, monkeypatch):
    """The demo school, applied for the first year, with an account of old, on its way to the next year."""
    assert reconcile("apply", "maple-grove", "--auto-approve")[0] == 0
    with sqlite3.connect("schools/maple-grove.db") as database:
        database.execute("UPDATE users SET host_id = ? WHERE host_id = 'P1379'", [OLD])
    database.close()
    monkeypatch.setenv("SCHOOL_YEAR", "2026-27")
    return demo


@pytest.fixture
def secrets(second_year):
    """Every last name, and every e-mail address, of both years' exports."""
    found = set()
    for file in sorted(second_year.glob("schools/maple-grove/*/*")):
        text = file.read_bytes()
        for encoding in ("utf-8-sig", "cp1252", "utf-16"):
            try:
                lines = text.decode(encoding).splitlines()
                break
            except UnicodeError:
                continue
        delimiter = "\t" if "\t" in lines[0] else ";" if ";" in lines[0] else ","
        for row in csv.DictReader(lines, delimiter=delimiter):
            found |= {
                value.strip()
                for name, value in row.items()
                if name and value and re.search(r"last_?name|email", name, re.IGNORECASE) and len(value) > 3
            }
    assert len(found) > 300
    return found


def commands(folder: Path):
    """Every command line that a CI run, or a log, may hold."""
    yield "validate"
    yield "validate", "--format", "json"
    yield "plan", "maple-grove", "--out", "next.plan", "--full", "--verbose"
    yield "plan", "maple-grove", "--format", "markdown"
    yield "plan", "maple-grove", "--format", "html"
    yield "plan", "--all"
    yield "plan", "--all", "--format", "markdown"
    yield "status", "--verbose"
    yield "status", "--format", "json"
    yield "letters", "maple-grove", "--out", str(folder / "letters")
    yield "init", "another", "--exports", "schools/maple-grove/2026-27"
    yield "comment", "plan.md"
    yield "diff-config", "HEAD", "--all"
    yield "report", "maple-grove", "--format", "html"
    yield "show", "next.plan", "--full"
    yield "show", "next.plan", "--out-markdown", "plan.md", "--out-html", "plan.html"
    yield "report", "next.plan"
    yield "findings", "next.plan"
    yield "findings", "next.plan", "--format", "json"
    yield "explain", "shared-email"
    yield "explain", "maple-grove", "S1093"
    yield "explain", "maple-grove", "P1137"
    yield "explain", "maple-grove", "grade:5"
    yield "explain", "maple-grove", OLD
    yield "history", "maple-grove"
    yield "undo", "maple-grove", "1"
    yield "undo", "maple-grove", "1", "--format", "markdown"
    yield "match", "maple-grove", "--out", str(folder / "crosswalk.csv")
    yield "apply", "next.plan", "--auto-approve", "--full", "--verbose"
    yield "audit", "maple-grove"
    yield "forget", "maple-grove", "S1093"
    yield "unlock", "maple-grove"
    yield "plan", "nowhere"
    yield "explain", "maple-grove", "nobody"
    yield "explain", "maple-grove", "nobody@example.org"


def test_no_command_tells_a_name_or_an_address_unless_asked(second_year, secrets, reconcile):
    word = re.compile("|".join(sorted(map(re.escape, secrets), key=len, reverse=True)))
    leaks = {}
    for command in ((one,) if isinstance(one, str) else one for one in commands(second_year)):
        _, shown, log = reconcile(*command)
        if (
            found := set(word.findall(shown))
            | set(word.findall(log))
            | set(re.findall(r"\S+@\S+\.\S+", shown + log))
        ):
            leaks[command] = sorted(found)[:5]
    for file in ("plan.md", "plan.html"):
        text = Path(file).read_text(encoding="utf-8")
        if found := set(word.findall(text)) | set(re.findall(r"[\w.]+@[\w.]+\.\w+", text)):
            leaks[(file,)] = sorted(found)[:5]
    assert leaks == {}


def test_what_is_searched_for_would_be_found(second_year, secrets, reconcile):
    _, shown, _ = reconcile("plan", "maple-grove", "--full", "--show-names")
    assert len([secret for secret in secrets if secret in shown]) > 100
    assert second_year


@pytest.mark.parametrize("view", ["text", "markdown", "html", "json", "csv"])
def test_under_pseudonyms_no_host_id_no_name_and_no_address_is_told(
    second_year, secrets, reconcile, monkeypatch, view
):
    monkeypatch.setenv("RECONCILE_PSEUDONYM_KEY", KEY)
    code, shown, log = reconcile(
        "plan", "maple-grove", "--full", "--pseudonyms", "--format", view, "--out", "next.plan"
    )
    assert code == 0, log
    ids = host_ids_of(open_plan("next.plan"))
    words = set(re.findall(r"[^\s,;:()'\"|\[\]{}<>]+", shown))
    assert ids & words == set()
    assert [secret for secret in secrets if re.search(rf"\b{re.escape(secret)}\b", shown)] == []
    assert "@example.org" not in shown
    assert pseudonym(KEY.encode(), "maple-grove", "S1012") in shown
    assert second_year


def test_protected_host_ids_are_neither_told_under_pseudonyms_nor_with_their_addresses(
    second_year, reconcile, monkeypatch
):
    monkeypatch.setenv("RECONCILE_PSEUDONYM_KEY", KEY)
    with Path("schools/maple-grove.yaml").open("a", encoding="utf-8") as file:
        file.write(f"protected: {{host_ids: [S1001, {OLD}]}}\n")
    for view in ("text", "markdown", "html", "json"):
        shown = reconcile("plan", "maple-grove", "--pseudonyms", "--format", view)[1]
        assert "not shown, as it names Host IDs" in shown
        assert "S1001" not in shown
        assert OLD not in shown
    for view in ("text", "markdown", "html"):
        shown = reconcile("plan", "maple-grove", "--format", view)[1]
        assert "S1001" in shown
        assert OLD not in shown
    assert second_year


def test_a_pseudonym_is_one_persons_in_every_plan_and_the_key_tells_whose(
    second_year, reconcile, monkeypatch, tmp_path
):
    alias = pseudonym(KEY.encode(), "maple-grove", "S1012")
    monkeypatch.setenv("RECONCILE_PSEUDONYM_KEY", KEY)
    assert reconcile("whois", "maple-grove", alias) == (0, f"{alias}  S1012\n", "")
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n")
    monkeypatch.delenv("RECONCILE_PSEUDONYM_KEY")
    nobody = "xaaaaaaaaaaaa"
    told = reconcile("whois", "maple-grove", alias, nobody, "--pseudonym-key-file", str(key_file))
    assert told[:2] == (1, f"{alias}  S1012\n")
    assert told[2].startswith(f"{nobody}: nobody of maple-grove; it may be of another school or key")
    assert pseudonym(b"another key of this length", "maple-grove", "S1012") != alias
    assert pseudonym(KEY.encode(), "elm-grove", "S1012") != alias
    assert second_year


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(("key", "state"), [("", "missing"), ("too short", "too short")])
def test_a_key_that_can_be_guessed_is_refused(reconcile, monkeypatch, key, state):
    monkeypatch.setenv("RECONCILE_PSEUDONYM_KEY", key)
    monkeypatch.delenv("RECONCILE_PSEUDONYM_KEY_FILE", raising=False)
    code, shown, log = reconcile("plan", "maple-grove", "--pseudonyms")
    assert (code, shown) == (1, "")
    assert log.startswith(f"the key for pseudonyms is {state}: set RECONCILE_PSEUDONYM_KEY to a secret")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "options",
    [
        ("plan", "maple-grove", "--out", "x", "--out-html", "./x"),
        ("show", "x", "--out-csv", "x", "--out-json", "x"),
    ],
)
def test_one_file_is_not_named_twice(reconcile, options):
    code, shown, log = reconcile(*options)
    assert (code, shown) == (2, "")
    assert "x is named by --out" in " ".join(log.split())
    assert not Path("x").exists()


def test_names_and_pseudonyms_are_not_shown_together(reconcile):
    code, _, log = reconcile("plan", "maple-grove", "--pseudonyms", "--show-names")
    assert code == 2
    assert "not together with --show-names" in log


# -- encrypted plans ------------------------------------------------------------------------------------


@pytest.fixture
def key(tmp_path):
    """An age key: its file, and the recipient that it opens things for."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# made for a test\n{identity}\n")
    return file, str(identity.to_public())


@pytest.mark.usefixtures("demo")
def test_an_encrypted_plan_is_opened_by_its_key_alone(reconcile, key, monkeypatch, tmp_path):
    file, recipient = key
    code, planned, log = reconcile("plan", "maple-grove", "--out", "p.plan", "--encrypt-to", recipient)
    assert (code, log) == (0, "Saved to p.plan; 'reconcile apply p.plan' applies it.\n")
    sealed = Path("p.plan").read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1")
    assert b"plan.json" not in sealed
    assert stat.S_IMODE(Path("p.plan").stat().st_mode) == 0o600

    named = "p.plan: the plan is encrypted; name the file of the key in RECONCILE_IDENTITY\n"
    assert reconcile("apply", "p.plan", "--auto-approve") == (1, "", named)
    assert reconcile("show", "p.plan", "--identity", str(file)) == (0, planned, "")
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    code, _, log = reconcile("--identity", str(other), "show", "p.plan")
    assert code == 1
    assert log.startswith(f"p.plan: cannot be opened with {other}: No matching keys found; ")
    monkeypatch.setenv("RECONCILE_IDENTITY", str(file))
    assert reconcile("apply", "p.plan", "--auto-approve")[0] == 0
    Path("p.plan").write_bytes(sealed[:-20])
    assert "it may be for another key, or damaged" in reconcile("show", "p.plan")[2]


@pytest.mark.usefixtures("demo")
def test_recipients_may_stand_in_a_file_or_the_environment(reconcile, key, monkeypatch, tmp_path):
    file, recipient = key
    recipients = tmp_path / "recipients"
    recipients.write_text(f"# the desk\n{pyrage.x25519.Identity.generate().to_public()}\n{recipient}\n")
    monkeypatch.setenv("RECONCILE_ENCRYPT_TO", str(recipients))
    assert reconcile("plan", "maple-grove", "--out", "p.plan")[0] == 0
    assert reconcile("show", "p.plan", "--identity", str(file))[0] == 0


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("recipient", "told"),
    [
        (
            "age1wrong",
            "age1wrong: not a recipient: invalid Bech32 encoding; 'age-keygen -y KEYFILE' prints one",
        ),
        (
            "nowhere",
            "nowhere: cannot be read: No such file or directory; a recipient is age1...",
        ),
    ],
)
def test_a_wrong_recipient_is_told_before_anything_is_planned(reconcile, recipient, told):
    code, shown, log = reconcile("plan", "maple-grove", "--out", "p.plan", "--encrypt-to", recipient)
    assert (code, shown, log[: len(told)]) == (1, "", told)
    assert not Path("p.plan").exists()


@pytest.mark.usefixtures("demo")
def test_a_file_that_is_no_key_is_not_told(reconcile, key, tmp_path):
    _, recipient = key
    reconcile("plan", "maple-grove", "--out", "p.plan", "--encrypt-to", recipient)
    wrong = tmp_path / "wrong"
    wrong.write_text("AGE-SECRET-KEY-1WRONG")
    code, _, log = reconcile("show", "p.plan", "--identity", str(wrong))
    assert (code, log) == (1, f"{wrong}: not an age or SSH key; 'age-keygen -o FILE' makes one\n")


@pytest.mark.usefixtures("demo")
def test_views_in_files_are_their_owners_alone(reconcile):
    files = {view: f"plan.{view}" for view in ("text", "json", "markdown", "html", "csv")}
    options = [word for view, file in files.items() for word in (f"--out-{view}", file)]
    code, shown, log = reconcile("plan", "maple-grove", *options)
    assert code == 0
    assert log == "".join(f"Wrote {file}.\n" for file in files.values())
    assert Path("plan.text").read_text() == shown
    assert json.loads(Path("plan.json").read_text())["school"] == "maple-grove"
    assert {stat.S_IMODE(Path(file).stat().st_mode) for file in files.values()} == {0o600}


@pytest.mark.usefixtures("demo")
def test_quiet_says_only_what_has_to_be_known(reconcile):
    code, shown, log = reconcile("plan", "maple-grove", "--quiet", "--out", "p.plan")
    assert (code, log) == (0, "")
    assert [line.split()[0] for line in shown.splitlines() if line][2:] == [
        *("users", "groups", "memberships", "relationships")
    ]
    assert reconcile("apply", "p.plan", "--auto-approve")[0] == 0
    assert reconcile("-q", "plan", "maple-grove") == (0, "", "")
    assert reconcile("plan", "nowhere", "-q")[0] == 1


@pytest.mark.usefixtures("demo")
def test_verbose_tells_the_steps_with_their_times(reconcile, monkeypatch):
    monkeypatch.setenv("RECONCILE_VERBOSE", "1")
    _, _, log = reconcile("plan", "maple-grove")
    steps = ["Starting", "Reading the directory", "Reading the exports and working out the plan"]
    assert re.sub(r"(?m)^ +[0-9.]+ s  ", "", log).splitlines() == steps
