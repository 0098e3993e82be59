"""One comment that is ours, found by a mark that nobody sees, and written anew where it differs."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError
from reconciler.http import LostAnswerError, RefusedError

if TYPE_CHECKING:
    from reconciler.comments.places import Comment, Place
    from reconciler.http import Client

_KEY = re.compile(r"[A-Za-z0-9._-]+")
_FORBIDDEN = 403


class Kept(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class NoRoomError(ReconcileError):
    """The text is longer than a comment may be."""


def keep_comment(place: Place, client: Client, text: str, key: str) -> Kept:
    """See that the pull request has one comment of ours with this text; `key` tells several of ours apart.

    Raises:
        NoRoomError: the text is longer than a comment may be.
        ReconcileError: the API cannot be reached, stays busy or refuses it.
    """
    if not _KEY.fullmatch(key):
        raise ReconcileError(f"--key {key}: letters, digits, '.', '_' and '-' make a key")
    mark = f"<!-- reconcile: {key} -->"
    body = f"{mark}\n{text}"
    if len(body) > place.limit:
        raise NoRoomError(
            f"the comment has {len(body):,} characters, and may have {place.limit:,};"
            " 'reconcile plan --out-markdown FILE' writes one that fits"
        )
    for comment in _ours(place, client, mark):
        if comment.body.replace("\r\n", "\n").rstrip() == body.rstrip():
            return Kept.UNCHANGED
        try:
            place.update(client, comment.id, body)
        except RefusedError as error:
            if error.status != _FORBIDDEN:
                raise
            continue  # somebody else copied our mark: theirs is not ours to write
        return Kept.UPDATED
    try:
        place.create(client, body)
    except LostAnswerError:
        if not any(comment.body.rstrip() == body.rstrip() for comment in _ours(place, client, mark)):
            place.create(client, body)
    return Kept.CREATED


def _ours(place: Place, client: Client, mark: str) -> list[Comment]:
    return [comment for comment in place.comments(client) if comment.body.startswith(mark)]
