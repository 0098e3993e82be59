"""One comment on a pull request, kept up to date: on GitHub, or on GitLab, whose word is merge request."""

from reconciler.comments.keep import Kept, NoRoomError, keep_comment
from reconciler.comments.places import GitHub, GitLab, Place, find_place

__all__ = ["GitHub", "GitLab", "Kept", "NoRoomError", "Place", "find_place", "keep_comment"]
