"""One comment on a pull request, against a server that answers as the two APIs do, also when it is unwell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler import http
from tests.support.comments_api import TOKEN, serving


@pytest.fixture
def api():
    with serving() as server:
        yield server


@pytest.fixture
def slept(monkeypatch):
    """Seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr(http.SystemClock, "sleep", lambda _self, seconds: waited.append(seconds))
    return waited


@pytest.fixture(params=["github", "gitlab"])
def job(request, api, tmp_path, monkeypatch, slept):
    """A CI job for a pull request, in a folder with the plan's Markdown."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "GITHUB_EVENT_PATH",
        "GITHUB_TOKEN",
        "CI_MERGE_REQUEST_IID",
        "GITLAB_TOKEN",
        "GITHUB_STEP_SUMMARY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    if request.param == "github":
        Path("event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
        said = {
            "GITHUB_EVENT_PATH": "event.json",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "schools/schools",
            "GITHUB_API_URL": api.url,
            "GITHUB_STEP_SUMMARY": "summary.md",
        }
    else:
        said = {
            "CI_MERGE_REQUEST_IID": "7",
            "GITLAB_TOKEN": TOKEN,
            "CI_PROJECT_ID": "a/b",
            "CI_API_V4_URL": api.url,
        }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    Path("plan.md").write_text("### Changes\n\nS1 | é\n")
    assert slept == []
    return request.param


MARK = "<!-- reconcile: plan -->\n"
BODY = MARK + "### Changes\n\nS1 | é\n"


def test_the_first_run_writes_a_comment_and_the_next_ones_keep_it(api, job, reconcile):
    for number in range(5):
        api.add(f"a remark {number}")
    assert reconcile("comment", "plan.md") == (0, "Comment created.\n", "")
    assert reconcile("comment", "plan.md") == (0, "Comment unchanged.\n", "")
    Path("plan.md").write_text("### No changes\n")
    assert reconcile("comment", "plan.md") == (0, "Comment updated.\n", "")
    assert reconcile("comment", "plan.md", "--key", "nightly") == (0, "Comment created.\n", "")
    assert list(api.bodies.values())[5:] == [
        MARK + "### No changes\n",
        "<!-- reconcile: nightly -->\n### No changes\n",
    ]
    assert job


def test_each_api_is_asked_as_it_wants_to_be(api, job, reconcile):
    reconcile("comment", "plan.md")
    Path("plan.md").write_text("new")
    reconcile("comment", "plan.md")
    asked = {(method, path) for method, path, _ in api.asked}
    if job == "github":
        listed, one = "/repos/schools/schools/issues/7/comments", "/repos/schools/schools/issues/comments/1"
        assert asked == {("GET", listed), ("POST", listed), ("PATCH", one)}
        assert {headers["X-GitHub-Api-Version"] for _, _, headers in api.asked} == {"2022-11-28"}
    else:
        listed = "/projects/a%2Fb/merge_requests/7/notes"
        assert asked == {("GET", listed), ("POST", listed), ("PUT", f"{listed}/1")}


def test_a_strangers_copy_of_our_mark_is_left_alone(api, job, reconcile):
    api.add(MARK + "ha", stranger=True)
    assert reconcile("comment", "plan.md") == (0, "Comment created.\n", "")
    assert api.bodies == {1: MARK + "ha", 2: BODY}
    assert job


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_busy_api_is_asked_again_when_it_says(api, job, reconcile, slept, status, method):
    api.faults = [(method, status)] * 2
    assert reconcile("comment", "plan.md") == (0, "Comment created.\n", "")
    assert [round(seconds) for seconds in slept if seconds > 1][:2] == [3, 3]
    assert list(api.bodies.values()) == [BODY]
    assert job


def test_an_api_that_stays_busy_is_an_error(api, job, reconcile):
    api.faults = [("GET", 503)] * 5
    code, shown, log = reconcile("comment", "plan.md")
    assert (code, shown) == (1, "")
    assert log.endswith(": GET was answered with 503; try again later\n")
    assert job


@pytest.mark.parametrize("fault", ["drop", 502, 500])
def test_a_comment_whose_answer_got_lost_is_looked_up_and_not_written_twice(api, job, reconcile, fault):
    api.faults = [("POST", fault)]
    assert reconcile("comment", "plan.md") == (0, "Comment created.\n", "")
    assert list(api.bodies.values()) == [BODY]
    assert [method for method, *_ in api.asked].count("POST") == (1 if fault == "drop" else 2)
    assert job


def test_dropped_connections_are_tried_again(api, job, reconcile):
    api.faults = [("GET", "drop"), ("GET", "drop")]
    assert reconcile("comment", "plan.md") == (0, "Comment created.\n", "")
    assert job


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, 1, "the token is wrong or has expired"),
        (404, 1, "there is no such thing, or the token may not see it"),
        (422, 1, "it does not take this"),
        (302, 1, "it redirects: see the address"),
        (403, 0, "No comment was written: "),
    ],
)
def test_a_refusal_is_told_without_the_token(api, job, reconcile, status, code, told):
    api.faults = [("GET", status)]
    left, shown, log = reconcile("comment", "plan.md")
    assert (left, shown) == (code, "")
    assert told in log
    assert TOKEN not in log
    assert "/elsewhere" not in {path for _, path, _ in api.asked}
    assert job


def test_a_server_that_is_not_there_is_an_error(api, job, reconcile, monkeypatch):
    api.server_close()
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CI_API_V4_URL", "http://127.0.0.1:9")
    code, shown, log = reconcile("comment", "plan.md")
    assert (code, shown) == (1, "")
    assert log.endswith(": cannot be reached; check the address and the network, and run it again\n")
    assert job


@pytest.mark.parametrize("job", ["github"], indirect=True)
def test_a_comment_that_is_too_long_is_refused_before_anything_is_sent(api, job, reconcile):
    Path("plan.md").write_text("x" * 65_536)
    code, _, log = reconcile("comment", "plan.md")
    assert code == 1
    assert log.startswith("the comment has 65,561 characters, and may have 65,536;")
    assert api.asked == []
    assert job


@pytest.mark.parametrize("job", ["github"], indirect=True)
@pytest.mark.parametrize(
    ("gone", "why"),
    [("GITHUB_TOKEN", "there is no GITHUB_TOKEN"), ("GITHUB_EVENT_PATH", "this is no pull request")],
)
def test_without_a_token_or_a_pull_request_the_summary_alone_has_it(
    api, job, reconcile, monkeypatch, gone, why
):
    monkeypatch.delenv(gone)
    assert reconcile("comment", "plan.md") == (0, "", f"No comment was written: {why}.\n")
    assert Path("summary.md").read_text() == Path("plan.md").read_text() + "\n"
    assert api.asked == []
    assert job


def test_a_file_that_is_not_there_says_how_to_make_it(reconcile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, log = reconcile("comment", "plan.md")
    assert code == 1
    assert log.startswith(
        "plan.md: cannot be read: No such file or directory; 'reconcile plan --out-markdown"
    )


def test_a_summary_that_cannot_be_written_stops_no_comment(api, job, reconcile, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nowhere/summary.md")
    code, shown, said = reconcile("comment", "plan.md")
    assert (code, shown) == (0, "Comment created.\n")
    assert said == (
        "The job's summary cannot be written (No such file or directory): see GITHUB_STEP_SUMMARY.\n"
    )
    assert list(api.bodies.values()) == [BODY]
    assert job


def test_a_merge_request_without_a_number_is_told(reconcile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("plan.md").write_text("x")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "!7")
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    said = "No comment was written: CI_MERGE_REQUEST_IID is no number.\n"
    assert reconcile("comment", "plan.md") == (0, "", said)
