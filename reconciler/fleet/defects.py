"""What is said of a school at which something of ours went wrong."""

from __future__ import annotations


def defect(error: BaseException) -> str:
    """What is said of an error that is ours; not its text, which may hold somebody's values."""
    return (
        f"a defect in reconcile ({type(error).__name__}): plan this school alone, with --debug, and report it"
    )
