"""A first school file, from exports that nobody has described yet."""

from reconciler.beginning.draft import Draft, Table
from reconciler.beginning.look import look_at
from reconciler.beginning.text import school_text, see_that_it_is_new, write_school

__all__ = ["Draft", "Table", "look_at", "school_text", "see_that_it_is_new", "write_school"]
