"""File exports -> `Tables`: bytes (encoding, layout) -> rows (parse, strict) -> our fields (columns)."""

from reconciler.sources.files.source import FileSource, read_whole

__all__ = ["FileSource", "read_whole"]
