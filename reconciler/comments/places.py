"""Where a comment goes: a pull request of GitHub or a merge request of GitLab, as CI describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.http import Client

PAGE = 100
"""Comments asked for at once: the most that either API gives."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that stands there."""

    id: int
    body: str


class Place(Protocol):
    """A pull request whose comments can be read and written."""

    @property
    def limit(self) -> int:
        """Characters that a comment may have."""

    def comments(self, client: Client) -> Iterator[Comment]:
        """Every comment, from the first."""

    def create(self, client: Client, body: str) -> None:
        """Write a new comment."""

    def update(self, client: Client, comment: int, body: str) -> None:
        """Write a comment anew."""


@dataclass(frozen=True, slots=True)
class GitHub:
    """A pull request of GitHub (https://docs.github.com/en/rest/issues/comments)."""

    repository: str
    number: int
    limit: int = 65_536

    def comments(self, client: Client) -> Iterator[Comment]:
        """Every comment, page by page."""
        page = 1
        while page:
            path = f"/repos/{self.repository}/issues/{self.number}/comments"
            answer = client.ask("GET", path, {"per_page": PAGE, "page": page})
            yield from (Comment(int(one["id"]), str(one["body"] or "")) for one in answer.json())
            # The address of the next page is not followed: it might be another host's.
            page = page + 1 if 'rel="next"' in answer.headers.get("Link", "") else 0

    def create(self, client: Client, body: str) -> None:
        """Write a new comment."""
        client.ask("POST", f"/repos/{self.repository}/issues/{self.number}/comments", body={"body": body})

    def update(self, client: Client, comment: int, body: str) -> None:
        """Write a comment anew."""
        client.ask("PATCH", f"/repos/{self.repository}/issues/comments/{comment}", body={"body": body})


@dataclass(frozen=True, slots=True)
class GitLab:
    """A merge request of GitLab (https://docs.gitlab.com/api/notes/)."""

    project: str
    number: int
    limit: int = 1_000_000

    def comments(self, client: Client) -> Iterator[Comment]:
        """Every note that a person or a token wrote, page by page."""
        page = "1"
        while page:
            answer = client.ask("GET", self._notes(), {"sort": "asc", "per_page": PAGE, "page": page})
            yield from (
                Comment(int(one["id"]), str(one["body"] or ""))
                for one in answer.json()
                if not one.get("system")
            )
            page = answer.headers.get("X-Next-Page", "")

    def create(self, client: Client, body: str) -> None:
        """Write a new note."""
        client.ask("POST", self._notes(), body={"body": body})

    def update(self, client: Client, comment: int, body: str) -> None:
        """Write a note anew."""
        client.ask("PUT", f"{self._notes()}/{comment}", body={"body": body})

    def _notes(self) -> str:
        return f"/projects/{quote(self.project, safe='')}/merge_requests/{self.number}/notes"


def find_place(env: Mapping[str, str]) -> tuple[GitHub | GitLab, str, dict[str, str]] | str:
    """The pull request of a CI job, the API's address, headers with the token; or why there is none."""
    if env.get("CI_MERGE_REQUEST_IID"):
        token = env.get("GITLAB_TOKEN", "")
        if not token:
            return "there is no GITLAB_TOKEN"
        if not env["CI_MERGE_REQUEST_IID"].isdecimal():
            return "CI_MERGE_REQUEST_IID is no number"
        place = GitLab(env.get("CI_PROJECT_ID", ""), int(env["CI_MERGE_REQUEST_IID"]))
        return place, env.get("CI_API_V4_URL", "https://gitlab.com/api/v4"), {"PRIVATE-TOKEN": token}
    number = _pull_request(env.get("GITHUB_EVENT_PATH", ""))
    if not number:
        return "this is no pull request"
    token = env.get("GITHUB_TOKEN", "")
    if not token:
        return "there is no GITHUB_TOKEN"
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    place_there = GitHub(env.get("GITHUB_REPOSITORY", ""), number)
    return place_there, env.get("GITHUB_API_URL", "https://api.github.com"), headers


def _pull_request(event_path: str) -> int:
    """The number of the pull request in the file that describes the event; 0 where there is none.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    try:
        event = json.loads(Path(event_path).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
