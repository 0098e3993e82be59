"""Files on other machines, by SFTP and by HTTPS: each whole, as it was, or not at all."""

from reconciler.remote.fetch import Fetched, fetch

__all__ = ["Fetched", "fetch"]
