"""Tables in files: bytes (encoding, layout) -> rows (parse, strict) -> our fields (columns)."""

from reconciler.tabular.read import read_tables, read_whole

__all__ = ["read_tables", "read_whole"]
