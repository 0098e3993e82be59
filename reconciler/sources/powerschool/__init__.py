"""PowerSchool's REST API -> `Tables`, as its exports give them."""

from reconciler.sources.powerschool.source import PowerSchoolSource

__all__ = ["PowerSchoolSource"]
