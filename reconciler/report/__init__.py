"""Plan and outcomes -> Report: every figure of the import summary. Pure."""

from reconciler.report.build import build_report

__all__ = ["build_report"]
