"""The page of a plan in a real browser: Chromium, without a network.

The browser is the system's. Where there is none these tests are skipped, unless RECONCILE_BROWSER=1 says that
there has to be one.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect, sync_playwright

from reconciler.views import plan_html
from tests.support.plans import finding, group_size, make_header, make_plan, membership, person, user
from tests.views.golden_plan import FOLDER, golden_plan

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DEMANDED = os.environ.get("RECONCILE_BROWSER") == "1"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}

pytestmark = pytest.mark.skipif(
    not (CHROMIUM or DEMANDED), reason="no Chromium on this machine (Debian's package chromium)"
)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page from disk, off line; at the end, nothing may have been asked for, or gone wrong."""
    wrong = []
    contexts = []

    def opened(text, **look):
        file = tmp_path / "plan.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(offline=True, **look)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on(
            "console",
            lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda request: wrong.append(request.url) if request.url != file.as_uri() else None
        )
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def large():
    """100,000 changes: a membership each, in 40 groups; a finding for every tenth."""
    return make_plan(
        users=[user(at, "create", f"S{at}", reason="new in the SIS") for at in range(50_000)],
        memberships=[membership(50_000 + at, "add", f"S{at}", f"Grade {at % 40}") for at in range(50_000)],
        findings=[
            finding("no-email", f"S{at}", file="students.txt", line=at + 2) for at in range(0, 50_000, 10)
        ],
        people=[person(f"S{at}", f"Given{at}", "Family") for at in range(50_000)],
        header=make_header(groups=tuple(group_size(f"Grade {at}", 0, 1250) for at in range(40))),
    )


@pytest.fixture(scope="module")
def large_page():
    return plan_html(large(), show_names=True)


def rows(page, name="changes"):
    return page.locator(f".rows.of-{name} .row")


def status(page, name="change"):
    return page.locator(f"#{name}-list [role=status]")


def expect_status(page, text, name="change"):
    expect(status(page, name)).to_have_text(text)


def choose(page, label, value, name="change"):
    page.locator(f"#{name}-list").get_by_label(label, exact=True).select_option(value, timeout=5000)


def test_a_plan_of_100_000_changes_draws_only_what_is_seen(opened, large_page):
    page = opened(large_page)
    expect_status(page, "100,000 changes")
    assert rows(page).count() < 60
    shown = page.locator(".rows.of-changes")
    shown.evaluate("rows => { rows.scrollTop = rows.scrollHeight }")
    rows(page).filter(has_text="S49999 Given49999").first.wait_for()
    assert rows(page).count() < 60


def test_search_finds_by_name_id_group_reason_and_place(opened, large_page):
    page = opened(large_page)
    for words, found in (
        ("given123", "222 of 100,000 changes"),
        ("S49999", "2 of 100,000 changes"),
        ("new in", "50,000 of 100,000 changes"),
        ("students.txt", "0 of 100,000 changes"),
        ("given777 grade", "11 of 100,000 changes"),
        ("nobody at all", "0 of 100,000 changes"),
    ):
        page.locator("#changes-search").fill(words)
        expect_status(page, found)


def test_filters_narrow_by_action_type_group_and_finding(opened, large_page):
    page = opened(large_page)
    choose(page, "action", "create")
    expect_status(page, "50,000 of 100,000 changes")
    choose(page, "finding", "no-email")
    expect_status(page, "5,000 of 100,000 changes")
    choose(page, "action", "")
    choose(page, "group", "Academics/Grade 10")
    expect_status(page, "1,250 of 100,000 changes")
    choose(page, "member type", "staff")
    expect_status(page, "0 of 100,000 changes")
    page.locator("#change-list").get_by_role("button", name="Clear").click()
    expect_status(page, "100,000 changes")
    choose(page, "level", "info", "finding")
    expect_status(page, "5,000 findings", "finding")


def test_the_keyboard_alone_is_enough(opened, large_page):
    page = opened(large_page)
    page.keyboard.press("/")
    page.keyboard.type("given4999")
    expect_status(page, "22 of 100,000 changes")
    page.locator(".rows.of-changes").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    dialog.get_by_role("heading", name="S49999 Given49999 Family").wait_for()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("() => document.activeElement.textContent") == "S49999 Given49999 Family"
    page.keyboard.press("Home")
    assert "Given4999 " in page.evaluate("() => document.activeElement.textContent")


def test_a_change_is_shown_whole_with_what_else_is_about_that_person(opened):
    page = opened(plan_html(golden_plan(), show_names=True))
    rows(page).filter(has_text="~ update user").locator("button").first.click()
    told = page.locator("dialog").inner_text()
    assert re.search(r"T1 Grace Hopper.*staff, from users.csv:3.*differs from the SIS", told, re.DOTALL)
    assert re.search(r"email\s+old@example.org\s+t1@example.org", told)
    page.get_by_role("button", name="Close").click()
    rows(page).filter(has_text="- deactivate user").locator("button").first.click()
    told = page.locator("dialog").inner_text()
    assert re.search(r"active\s+yes\s+no", told)
    assert "- remove membership Academics/Grade 12" in told
    assert "parent of S98 Emmy Noether" in told


def test_what_is_taken_away_stands_first(opened):
    page = opened(plan_html(golden_plan()))
    actions = [row.split("\n")[0] for row in rows(page).all_inner_texts()]
    assert actions[:4] == ["- deactivate user"] * 2 + ["- remove membership", "- remove relationship"]


def test_a_finding_leads_to_the_person_and_what_to_do(opened):
    page = opened(plan_html(golden_plan(), show_names=True))
    rows(page, "findings").filter(has_text="no-email").locator("button").click()
    told = page.locator("dialog").inner_text()
    assert "+ create user" in told
    assert "What to do: " in told


def test_a_group_opens_to_those_who_join_and_leave_and_leads_to_the_changes(opened):
    page = opened(plan_html(golden_plan(), show_names=True))
    group = page.locator("details[data-group='grade:1']")
    group.locator("summary").click()
    assert re.search(r"\+ S1 .*\n\+ P1 Anne Byron", group.locator("ul").inner_text())
    group.get_by_role("button", name="Show among the changes").click()
    expect_status(page, "3 of 13 changes")


def test_families_who_share_an_address_stand_together_with_what_to_do(opened):
    page = opened(plan_html(golden_plan(), show_names=True))
    family = page.locator(".family").filter(has_text="twins@example.org")
    assert family.inner_text() == "twins@example.org: P3 Cy Twin persons.csv:4, P4 Di Twin persons.csv:5"
    assert "Ask the family" in page.locator("section", has=page.locator("#blocked")).inner_text()


def test_names_that_are_markup_or_script_are_text(opened):
    evil = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    plan = make_plan(
        users=[user(1, "create", "S1", after_first_name=evil, reason=evil)],
        findings=[finding("shared-email", "S1", detail=evil, file=evil, line=1)],
        people=[person("S1", evil, "{{ 7 * 7 }}", "a@example.org")],
        header=make_header(school_name=evil, groups=(group_size(evil, 0, 1),)),
    )
    page = opened(plan_html(plan, show_names=True))
    assert page.title().startswith("Changes: </script>")
    rows(page).locator("button").first.click()
    assert evil in page.locator("dialog").inner_text()
    assert "{{ 7 * 7 }}" in page.locator("dialog").inner_text()
    assert page.locator("img").count() == 0


def test_the_page_lets_nothing_else_run_or_load(opened):
    text = plan_html(golden_plan())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert {
        link[:1] for link in re.findall(r"""(?:src|href)=["']?([^"' >]+)""", text.split("<script")[0])
    } == {"#"}
    opened(text)


def test_print_shows_all_that_is_listed_as_tables(opened):
    page = opened(plan_html(golden_plan(), show_names=True))
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    printed = page.locator("#change-list .print-only")
    assert printed.locator("tbody tr").count() == 13
    assert printed.is_visible()
    assert not page.locator(".rows.of-changes").is_visible()
    assert not page.locator("nav").is_visible()
    assert len(page.pdf()) > 10_000


def test_a_long_list_is_printed_in_part_and_says_so(opened, large_page):
    page = opened(large_page)
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    printed = page.locator("#change-list .print-only")
    assert printed.locator("tbody tr").count() == 2000
    assert "... and 98,000 more, not printed." in printed.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(opened, scheme, screen):
    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    page = opened(
        plan_html(golden_plan(), show_names=True), color_scheme=scheme, viewport=screen, bypass_csp=True
    )
    page.evaluate(axe)
    assert violations(page) == []
    rows(page).locator("button").first.click()
    assert violations(page) == []


def test_axe_finds_nothing_in_the_import_summary(opened):
    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    text = (FOLDER / "report-names.html").read_text(encoding="utf-8")
    page = opened(text, viewport=PHONE, bypass_csp=True)
    page.evaluate(axe)
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def violations(page):
    found = page.evaluate("() => axe.run()")["violations"]
    return [(one["id"], one["impact"], [node["html"] for node in one["nodes"]]) for one in found]


def test_a_phone_needs_no_sideways_scrolling(opened):
    page = opened(plan_html(golden_plan(), show_names=True), viewport=PHONE)
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    row = rows(page).first.bounding_box()
    assert row
    assert row["width"] <= PHONE["width"]
    assert rows(page).first.locator("button").is_visible()
